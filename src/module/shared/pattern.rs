//! Patterns for lines, as people write them for Python.

use regex::bytes::{Captures, Regex};

use crate::module::{Failure, Stop};

/// A pattern that is looked for in lines.
#[derive(Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Reads a pattern; `name`: of the parameter, for the message.
    ///
    /// # Errors
    /// When it is none, or uses what the engine for regular expressions leaves out to stay fast: looking around
    /// and referring back.
    pub fn new(name: &str, text: &str) -> Result<Self, Stop> {
        // Python's end of the text has another letter.
        Regex::new(&text.replace("\\Z", "\\z"))
            .map(Self)
            .map_err(|error| {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches("error: ");
                let failure = Failure::new(format!(
                    "`{name}: {text}` is no pattern that can be used: {reason}"
                ));
                let around = ["(?=", "(?!", "(?<=", "(?<!", "(?P="];
                if around.iter().any(|part| text.contains(part)) {
                    failure
                        .help("looking around and referring back inside a pattern are not supported; match the whole line, with groups")
                        .into()
                } else {
                    failure
                        .help("put a backslash before a character that is meant as it is")
                        .into()
                }
            })
    }

    /// Looks for it anywhere in a line. As in Python, `$` means the end with and without the line's newline.
    pub fn find<'line>(&self, line: &'line [u8]) -> Option<Captures<'line>> {
        let without = line.strip_suffix(b"\n").unwrap_or(line);
        self.0.captures(without).or_else(|| self.0.captures(line))
    }

    /// Whether it is anywhere in a line.
    pub fn is_in(&self, line: &[u8]) -> bool {
        self.find(line).is_some()
    }
}

/// A text in which `\1` and `\g<name>` stand for what groups matched, as Python expands it.
///
/// # Errors
/// When it names a group that the pattern does not have.
pub fn expand(text: &str, captures: &Captures<'_>) -> Result<Vec<u8>, Stop> {
    let mut expanded = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find('\\') {
        expanded.extend_from_slice(&rest.as_bytes()[..place]);
        rest = &rest[place + 1..];
        let Some(letter) = rest.chars().next() else {
            expanded.push(b'\\');
            break;
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if letter == 'g'
            && let Some(end) = rest.find('>').filter(|_| rest.starts_with("g<"))
        {
            expanded.extend_from_slice(group(&rest[2..end], captures)?);
            rest = &rest[end + 1..];
        } else if digits > 0 {
            let digits = digits.min(2);
            expanded.extend_from_slice(group(&rest[..digits], captures)?);
            rest = &rest[digits..];
        } else {
            match letter {
                'n' => expanded.push(b'\n'),
                't' => expanded.push(b'\t'),
                'r' => expanded.push(b'\r'),
                '\\' => expanded.push(b'\\'),
                other => {
                    expanded.push(b'\\');
                    expanded.extend_from_slice(other.to_string().as_bytes());
                }
            }
            rest = &rest[letter.len_utf8()..];
        }
    }
    expanded.extend_from_slice(rest.as_bytes());
    Ok(expanded)
}

/// What a group matched; nothing where it took no part.
fn group<'line>(name: &str, captures: &Captures<'line>) -> Result<&'line [u8], Stop> {
    let found = match name.parse::<usize>() {
        Ok(number) if number < captures.len() => captures.get(number),
        Ok(_) => return Err(no_group(name)),
        Err(_) => captures.name(name),
    };
    Ok(found.map_or(&[], |found| found.as_bytes()))
}

fn no_group(name: &str) -> Stop {
    Failure::new(format!("the pattern has no group {name}"))
        .help("`\\1` stands for what the first parentheses of `regexp` matched")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(pattern: &str, line: &str, text: &str) -> String {
        let pattern = Pattern::new("regexp", pattern).unwrap();
        let captures = pattern.find(line.as_bytes()).unwrap();
        String::from_utf8(expand(text, &captures).unwrap()).unwrap()
    }

    #[test]
    fn the_end_is_before_the_newline_and_after() {
        let is_in = |pattern, line: &str| {
            Pattern::new("regexp", pattern)
                .unwrap()
                .is_in(line.as_bytes())
        };
        assert!(is_in("foo$", "foo\n"));
        assert!(is_in("foo$", "foo"));
        assert!(is_in(r"foo\s+$", "foo\n"));
        assert!(is_in(r"foo\n", "foo\n"));
        assert!(is_in(r"foo\Z", "foo"));
        assert!(!is_in("^$", "foo\n"));
        assert!(is_in("^$", "\n"));
        assert!(!is_in("foo$", "foo\r\n"));
    }

    #[test]
    fn groups_are_expanded_as_python_does() {
        assert_eq!(expanded("^(a+)(b)?", "aac", r"\1-\2-"), "aa--");
        assert_eq!(expanded("(?P<x>a)", "a", r"\g<x>\g<1>0\t\\1"), "aa0\t\\1");
        assert_eq!(expanded("a", "a", r"end\"), "end\\");
        assert_eq!(expanded("a", "a", r"\d"), r"\d");
        let pattern = Pattern::new("regexp", "a").unwrap();
        let captures = pattern.find(b"a").unwrap();
        assert!(expand(r"\1", &captures).is_err());
    }

    #[test]
    fn what_is_left_out_is_refused_in_words() {
        let Err(Stop::Failed(failure)) = Pattern::new("regexp", "^(?!#)x") else {
            panic!("it was accepted");
        };
        assert!(
            failure.message.contains("look-around"),
            "{}",
            failure.message
        );
        assert!(failure.help[0].contains("looking around"));
        assert!(Pattern::new("regexp", "a(").is_err());
    }
}
