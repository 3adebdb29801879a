//! YAML text to [`Node`] trees: every value and key with its place, scalars as Ansible reads them.
//!
//! Booleans are what people write (`yes`, `no`, `on`, `off`, `true`, `false`); a number with a leading zero
//! stays a string, because a mode `0644` must stay one; aliases have a budget; a key may stand only once.

mod mistakes;

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::source::{At, Source};
use crate::model::value::Value;

/// Scalars, lists and mappings in one document.
const MAX_NODES: usize = 20_000_000;

/// Parses one document; an empty text is a null.
///
/// # Errors
/// Invalid YAML, a duplicate key, several documents, or an alias bomb, each with its place.
pub fn parse(source: &Arc<Source>) -> Result<Node> {
    let mut options = serde_saphyr::Options::default();
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.with_snippet = false;
    // A tag that is not obeyed must not be dropped: `!vault` would leave its ciphertext as the value.
    options.reject_unsupported_tags = true;
    if let Some(budget) = &mut options.budget {
        // An inventory of 100,000 hosts is one honest document; what aliases multiply stays limited.
        budget.max_nodes = MAX_NODES;
        budget.max_events = 4 * MAX_NODES;
    }
    let raw: Spanned<Raw> =
        match serde_saphyr::from_str_with_options::<Option<Spanned<Raw>>>(&source.text, options) {
            Ok(Some(raw)) => raw,
            Ok(None) => return Ok(Node::scalar(Value::Null, &At::start(source))),
            Err(error) => return Err(diagnose(source, &error).into()),
        };
    Ok(raw_to_node(source, raw))
}

fn diagnose(source: &Arc<Source>, error: &serde_saphyr::Error) -> Diagnostic {
    let inner = error.without_snippet();
    let at = inner
        .location()
        .map_or_else(|| At::start(source), |location| at(source, location));
    let mut text = inner.to_string();
    // The place is said by the diagnostic itself.
    for marker in [" at line ", " (line ", "line "] {
        if let Some(position) = text.rfind(marker)
            && position > 0
            && text[position..].chars().any(|c| c.is_ascii_digit())
            && text[position..].len() < 40
        {
            text.truncate(position);
        }
    }
    // Advice to programmers, which the library adds.
    if let Some(position) = text.find(", set DuplicateKeyPolicy") {
        text.truncate(position);
    }
    let message = text.trim().trim_end_matches([':', ',', '.']);
    mistakes::diagnose(source, message, at)
}

fn at(source: &Arc<Source>, location: Location) -> At {
    let number = |n: u64| usize::try_from(n).unwrap_or(1);
    At::new(
        source,
        number(location.line()),
        number(location.column()),
        number(location.span().len()),
    )
}

/// A tree as the parser gives it, before places are tied to the source.
#[derive(Debug)]
enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Key>, Spanned<Raw>)>),
}

/// A mapping's key: a scalar of any kind, kept as its text.
#[derive(Debug)]
struct Key(String);

fn raw_to_node(source: &Arc<Source>, raw: Spanned<Raw>) -> Node {
    let mut place = at(source, raw.referenced);
    let content = match raw.value {
        // The parser takes a bare `y` or `n` for a boolean, too; people and Ansible mean the letter.
        Raw::Scalar(Value::Bool(_)) if raw.defined.span().len() == 1 => {
            Content::Scalar(letter(&at(source, raw.defined)))
        }
        Raw::Scalar(value) => {
            // A block scalar spans lines; its underline is its first character.
            if matches!(&value, Value::String(text) if text.contains('\n')) {
                place.length = 1;
            }
            Content::Scalar(value)
        }
        Raw::List(list) => {
            place.length = 1;
            Content::List(
                list.into_iter()
                    .map(|item| raw_to_node(source, item))
                    .collect(),
            )
        }
        Raw::Map(entries) => {
            place.length = 1;
            Content::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        key_at: at(source, key.referenced),
                        key: key.value.0,
                        value: raw_to_node(source, value),
                    })
                    .collect(),
            )
        }
    };
    Node { at: place, content }
}

/// The one character that stands at a place.
fn letter(place: &At) -> Value {
    place
        .source
        .line(place.line)
        .and_then(|line| line.chars().nth(place.column - 1))
        .map_or(Value::Null, |letter| Value::String(letter.to_string()))
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Float(value)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::String(text)))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = sequence.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
        Ok(Key(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Node> {
        parse(&Source::new("test.yml", text))
    }

    #[test]
    fn scalars_are_read_as_people_write_them() {
        let node = parse_text(
            "a: yes\nb: \"yes\"\nc: 0644\nd: 12\ne: ~\nf: 1.5\ng: off\n1: x\nh: |\n  two\n  lines\n",
        )
        .unwrap();
        let value = node.to_value();
        assert_eq!(value.get("a"), Some(&Value::Bool(true)));
        assert_eq!(value.get("b"), Some(&"yes".into()));
        assert_eq!(value.get("c"), Some(&"0644".into()));
        assert_eq!(value.get("d"), Some(&Value::Int(12)));
        assert_eq!(value.get("e"), Some(&Value::Null));
        assert_eq!(value.get("f"), Some(&Value::Float(1.5)));
        assert_eq!(value.get("g"), Some(&Value::Bool(false)));
        assert_eq!(value.get("1"), Some(&"x".into()));
        assert_eq!(value.get("h"), Some(&"two\nlines\n".into()));
    }

    #[test]
    fn a_single_letter_stays_a_letter() {
        let value = parse_text("a: y\nb: N\nc: [n, yes]\nd: &d n\ne: *d\n")
            .unwrap()
            .to_value();
        assert_eq!(value.get("a"), Some(&"y".into()));
        assert_eq!(value.get("b"), Some(&"N".into()));
        assert_eq!(
            value.get("c"),
            Some(&Value::List(vec!["n".into(), Value::Bool(true)]))
        );
        assert_eq!(value.get("e"), Some(&"n".into()));
    }

    #[test]
    fn tags_that_are_not_obeyed_are_refused() {
        let error = parse_text("a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  31\n").unwrap_err();
        assert!(
            error.summary().contains("ansible-vault"),
            "{}",
            error.summary()
        );
        assert!(!error.diagnostics[0].help.is_empty());
        assert!(parse_text("a: !!str 12\n").is_ok());
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let node = parse_text("- name: x\n  copy:\n    dest: /tmp/a\n").unwrap();
        let task = &node.as_list().unwrap()[0];
        let copy = task.entry("copy").unwrap();
        assert_eq!((copy.key_at.line, copy.key_at.column), (2, 3));
        let dest = copy.value.entry("dest").unwrap();
        assert_eq!(
            (
                dest.value.at.line,
                dest.value.at.column,
                dest.value.at.length
            ),
            (3, 11, 6)
        );
    }

    #[test]
    fn anchors_and_merge_keys_work() {
        let node = parse_text("base: &b {x: 1, y: 2}\nother:\n  <<: *b\n  y: 3\n").unwrap();
        let other = node.to_value().get("other").cloned().unwrap();
        assert_eq!(other.get("x"), Some(&Value::Int(1)));
        assert_eq!(other.get("y"), Some(&Value::Int(3)));
    }

    #[test]
    fn empty_text_is_null_and_mistakes_have_places() {
        assert!(parse_text("").unwrap().is_null());
        assert!(parse_text("---\n").unwrap().is_null());
        let error = parse_text("a: 1\na: 2\n").unwrap_err();
        assert!(
            error.summary().starts_with("test.yml:2:1: "),
            "{}",
            error.summary()
        );
        let error = parse_text("a: {{ b }}\n").unwrap_err();
        assert!(!error.diagnostics[0].help.is_empty(), "{}", error.summary());
    }
}
