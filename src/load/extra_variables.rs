//! `--extra-vars`: `key=value` words, `{...}` as YAML or JSON, `@file`.

use std::path::Path;
use std::sync::Arc;

use super::variables;
use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::variables::{Variable, Variables};
use crate::model::source::{At, Source};

/// The variables of all `--extra-vars` together; a later one wins.
///
/// Values in `key=value` words are strings; in YAML, JSON and files they are what they are there.
///
/// # Errors
/// A file that cannot be read, invalid YAML, a word without `=`, an open quote.
pub fn read(arguments: &[String]) -> Result<Variables> {
    let mut all = Variables::new();
    for argument in arguments {
        all.extend(read_one(argument)?);
    }
    Ok(all)
}

fn read_one(argument: &str) -> Result<Variables> {
    let source = Source::new("--extra-vars", argument);
    match argument.chars().next() {
        None => Ok(Variables::new()),
        Some('@') => variables::read(Path::new(&argument[1..])),
        Some('/' | '.') => Err(
            Diagnostic::error("the name of a file needs an `@` before it")
                .at(&At::new(&source, 1, 1, argument.chars().count()))
                .help(format!("write `--extra-vars @{argument}`"))
                .into(),
        ),
        Some('{' | '[') => variables::from_node(&variables::document(&source)?),
        Some(_) => words(&source),
    }
}

fn words(source: &Arc<Source>) -> Result<Variables> {
    let mut found = Variables::new();
    for word in split(source)? {
        let text = unescape(&word.text);
        let Some((name, value)) = cut(&text) else {
            return Err(Diagnostic::error(format!("`{}` is not `key=value`", word.text))
                .at(&word.at)
                .help("quote a value that holds spaces: `key='two words'`; or pass YAML: `{key: value}`")
                .into());
        };
        if !is_name(name.trim()) {
            return Err(Diagnostic::error(format!(
                "`{}` is not a name that a variable can have",
                name.trim()
            ))
            .at(&word.at)
            .help("names consist of letters, digits and `_`, and do not begin with a digit")
            .into());
        }
        found.set(
            name.trim(),
            Variable {
                value: unquote(value.trim()).into(),
                at: word.at,
            },
        );
    }
    Ok(found)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && word
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}

struct Word {
    text: String,
    at: At,
}

/// Splits at spaces and line ends that stand neither in quotes nor in `{{ }}`, `{% %}` or `{# #}`. Quotes stay.
fn split(source: &Arc<Source>) -> Result<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();
    let mut quote: Option<(char, At)> = None;
    let (mut depth, mut inside, mut previous) = (0_usize, false, ' ');
    for (line, text) in source.text.split('\n').enumerate() {
        for (column, letter) in text.chars().chain(['\n']).enumerate() {
            let at = At::new(source, line + 1, column + 1, 1);
            let free = quote.is_none() && depth == 0;
            if free && letter.is_whitespace() {
                inside = false;
            } else if inside {
                if let Some(word) = words.last_mut() {
                    word.text.push(letter);
                    word.at.length += usize::from(word.at.line == line + 1);
                }
            } else {
                inside = true;
                words.push(Word {
                    text: letter.to_string(),
                    at: at.clone(),
                });
            }
            match &quote {
                Some((open, _)) if *open == letter && previous != '\\' => quote = None,
                None if matches!(letter, '\'' | '"') && previous != '\\' => {
                    quote = Some((letter, at));
                }
                None => match (previous, letter) {
                    ('{', '{' | '%' | '#') => depth += 1,
                    ('}' | '%' | '#', '}') => depth = depth.saturating_sub(1),
                    _ => {}
                },
                Some(_) => {}
            }
            previous = letter;
        }
    }
    let open = match (quote, depth) {
        (Some((_, at)), _) => Some(("this quote is not closed", at)),
        (None, 1..) => words
            .last()
            .map(|word| ("this template is not closed", word.at.clone())),
        (None, 0) => None,
    };
    match open {
        Some((problem, at)) => Err(Diagnostic::error(problem).at(&at).into()),
        None => Ok(words),
    }
}

/// A word before and after its first `=` that is not the first character and has no backslash before it.
fn cut(word: &str) -> Option<(&str, &str)> {
    let bytes = word.as_bytes();
    let position =
        (1..bytes.len()).find(|index| bytes[*index] == b'=' && bytes[index - 1] != b'\\')?;
    Some((&word[..position], &word[position + 1..]))
}

fn unquote(text: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
            && !inner.ends_with('\\')
        {
            return inner;
        }
    }
    text
}

/// Reads `\n`, `\t`, `\"`, `\x41`, `\u00e9` and the like; other backslashes stay.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        if let Some((letter, length)) = escaped(rest) {
            out.push(letter);
            rest = &rest[length..];
        } else {
            out.push('\\');
        }
    }
    out.push_str(rest);
    out
}

/// The character that the text after a backslash means, and how many bytes it takes.
fn escaped(rest: &str) -> Option<(char, usize)> {
    let letter = rest.chars().next()?;
    let simple = match letter {
        '\\' | '\'' | '"' => Some(letter),
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\x0b'),
        _ => None,
    };
    if let Some(simple) = simple {
        return Some((simple, 1));
    }
    let digits = match letter {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let text = rest.get(1..=digits)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(text, 16).ok()?;
    Some((char::from_u32(code)?, digits + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::{Map, Value};

    fn parsed(arguments: &[&str]) -> Map {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        read(&arguments).unwrap().to_map()
    }

    #[test]
    fn words_are_strings() {
        let map = parsed(&["a=1 b='two words' c=\"x y\" d={{ e + 1 }} f=g=h i= j=a\\nb"]);
        for (name, expected) in [
            ("a", "1"),
            ("b", "two words"),
            ("c", "x y"),
            ("d", "{{ e + 1 }}"),
            ("f", "g=h"),
            ("i", ""),
            ("j", "a\nb"),
        ] {
            assert_eq!(map.get(name), Some(&expected.into()), "{name}");
        }
    }

    #[test]
    fn yaml_and_json_keep_their_types_and_the_last_wins() {
        let map = parsed(&["{a: 1, b: [x]}", "{\"a\": true}", ""]);
        assert_eq!(map.get("a"), Some(&Value::Bool(true)));
        assert_eq!(map.get("b"), Some(&Value::List(vec!["x".into()])));
    }

    #[test]
    fn mistakes_have_places() {
        for (argument, line, column) in [
            ("a=1 b", 1, 5),
            ("./vars.yml", 1, 1),
            ("a='x", 1, 3),
            ("a={{ x", 1, 1),
            ("[a]", 1, 1),
            ("=x", 1, 1),
        ] {
            let error = read(&[argument.to_owned()]).unwrap_err();
            let at = error.diagnostics[0].at.clone().unwrap();
            assert_eq!((at.line, at.column), (line, column), "{argument}: {error}");
        }
        assert!(read(&["@/nonexistent/x.yml".to_owned()]).is_err());
    }

    #[test]
    fn a_multi_line_value_stays_whole() {
        let map = parsed(&["a='x\ny' b=1"]);
        assert_eq!(map.get("a"), Some(&"x\ny".into()));
        assert_eq!(map.get("b"), Some(&"1".into()));
    }
}
