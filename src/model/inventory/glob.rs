//! Matching names with shell globs (`cache*`, `db?`, `web[0-3]`, `web[!a]`) and with regular expressions.

use regex::Regex;

/// What a pattern's name part matches.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Exactly this name.
    Exact(String),
    Regex(Regex),
}

impl Matcher {
    /// A glob, which matches whole names, capital and small letters apart.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the regular expression crate.
    pub fn glob(text: &str) -> Result<Self, String> {
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::Exact(text.to_owned()));
        }
        compile(&translate(text))
    }

    /// A regular expression, which matches from the beginning of a name, but not necessarily to its end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn regex(text: &str) -> Result<Self, String> {
        compile(&format!("^(?:{text})"))
    }

    pub fn is_match(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

fn compile(text: &str) -> Result<Matcher, String> {
    Regex::new(text).map(Matcher::Regex).map_err(|error| {
        // The crate draws a picture of several lines; the last one says what is wrong.
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        last.trim().trim_start_matches("error: ").to_owned()
    })
}

/// A glob as a regular expression. A `[` without its `]` is an ordinary character.
fn translate(glob: &str) -> String {
    let letters: Vec<char> = glob.chars().collect();
    let mut out = String::from("(?s)^");
    let mut index = 0;
    while index < letters.len() {
        match letters[index] {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                if let Some(end) = class_end(&letters, index) {
                    push_class(&mut out, &letters[index + 1..end]);
                    index = end;
                } else {
                    out.push_str(r"\[");
                }
            }
            letter => out.push_str(&regex::escape(&letter.to_string())),
        }
        index += 1;
    }
    out.push('$');
    out
}

/// The `]` that closes a class; one that comes first is a member of it.
fn class_end(letters: &[char], open: usize) -> Option<usize> {
    let mut index = open + 1;
    if letters.get(index) == Some(&'!') {
        index += 1;
    }
    if letters.get(index) == Some(&']') {
        index += 1;
    }
    (index..letters.len()).find(|index| letters[*index] == ']')
}

fn push_class(out: &mut String, members: &[char]) {
    let (negated, members) = match members {
        ['!', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut class = String::new();
    let mut index = 0;
    while index < members.len() {
        if index + 2 < members.len() && members[index + 1] == '-' {
            let (first, last) = (members[index], members[index + 2]);
            // A range that runs backwards holds nothing.
            if first <= last {
                push_member(&mut class, first);
                class.push('-');
                push_member(&mut class, last);
            }
            index += 3;
        } else {
            push_member(&mut class, members[index]);
            index += 1;
        }
    }
    match (class.is_empty(), negated) {
        (false, false) => {
            out.push('[');
            out.push_str(&class);
            out.push(']');
        }
        (false, true) => {
            out.push_str("[^");
            out.push_str(&class);
            out.push(']');
        }
        (true, false) => out.push_str(r"[^\s\S]"),
        (true, true) => out.push('.'),
    }
}

fn push_member(class: &mut String, letter: char) {
    class.push_str(&regex::escape(&letter.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, name: &str) -> bool {
        Matcher::glob(glob).unwrap().is_match(name)
    }

    #[test]
    fn globs_match_whole_names() {
        for (glob, name, expected) in [
            ("cache*", "cache01", true),
            ("cache*", "mycache01", false),
            ("cache?", "cache1", true),
            ("cache?", "cache01", false),
            ("c[0-3]", "c2", true),
            ("c[0-3]", "c4", false),
            ("c[!0-3]", "c4", true),
            ("c[!0-3]", "c2", false),
            ("c[01:50]", "c:", true),
            ("c[]x]", "c]", true),
            ("c[x", "c[x", true),
            ("c[z-a]", "cz", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "aXexampleXcom", false),
            ("Cache*", "cache01", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn regular_expressions_match_from_the_beginning() {
        let matcher = Matcher::regex("cache|web").unwrap();
        assert!(matcher.is_match("web01"));
        assert!(!matcher.is_match("myweb"));
        assert!(Matcher::regex("(").is_err());
    }
}
