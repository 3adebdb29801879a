//! Patterns that select hosts: `cache`, `cache:&eu:!cache07`, `web*,db[0]`, `~cache\d+`.
//!
//! This file reads them; [`super::select`] says which hosts they mean.

use super::address;
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::node::Node;
use crate::model::source::At;

/// What one part does to the hosts selected so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Adds hosts.
    Add,
    /// `&`: keeps only these hosts.
    Keep,
    /// `!`: removes these hosts.
    Remove,
}

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub operation: Operation,
    /// The part without `&` or `!`.
    pub text: String,
    /// Its place, where the pattern stands in a file.
    pub at: Option<At>,
}

/// A whole pattern: its parts in the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns {
    parts: Vec<Part>,
}

impl Patterns {
    /// Reads a pattern that was not written in a file.
    ///
    /// # Errors
    /// An empty pattern, or a `[` without its `]`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text, None)
    }

    /// Reads a pattern that stands at a place.
    ///
    /// # Errors
    /// An empty pattern, or a `[` without its `]`.
    pub fn parse_at(text: &str, at: &At) -> Result<Self> {
        Self::read(text, Some(at))
    }

    /// Joins several patterns into one, as a list of patterns in a play is meant.
    ///
    /// # Errors
    /// No pattern at all.
    pub fn join(patterns: impl IntoIterator<Item = Self>) -> Result<Self> {
        let parts: Vec<Part> = patterns
            .into_iter()
            .flat_map(|pattern| pattern.parts)
            .collect();
        if parts.is_empty() {
            return Err(empty(None));
        }
        Ok(Self { parts })
    }

    /// Reads a pattern of one part, in which commas and colons do not separate.
    ///
    /// # Errors
    /// An `&` or `!` without a name.
    pub fn single(text: &str, at: &At) -> Result<Self> {
        Ok(Self {
            parts: vec![part(text, Some(at.clone()))?],
        })
    }

    /// Reads what a playbook's `hosts` holds: one pattern, or a list of them.
    ///
    /// # Errors
    /// Anything else, an empty pattern, or a `[` without its `]`.
    pub fn from_node(node: &Node) -> Result<Self> {
        let one = |node: &Node| match node.as_str() {
            Some(text) => Self::parse_at(text, &node.at),
            None => Err(Diagnostic::error(format!(
                "a pattern is a string, and this is {}",
                node.kind()
            ))
            .at(&node.at)
            .into()),
        };
        match node.as_list() {
            None => one(node),
            Some([]) => Err(empty(Some(&node.at))),
            Some(list) => Self::join(list.iter().map(one).collect::<Result<Vec<Self>>>()?),
        }
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn into_parts(self) -> Vec<Part> {
        self.parts
    }

    fn read(text: &str, at: Option<&At>) -> Result<Self> {
        let mut parts = Vec::new();
        for (offset, piece) in split(text, at)? {
            let at = at.map(|at| inside(at, text, offset, piece));
            parts.push(part(piece, at)?);
        }
        if parts.is_empty() {
            return Err(empty(at));
        }
        Ok(Self { parts })
    }
}

impl From<Part> for Patterns {
    fn from(part: Part) -> Self {
        Self { parts: vec![part] }
    }
}

fn part(text: &str, at: Option<At>) -> Result<Part> {
    let (operation, name) = match text.chars().next() {
        Some('&') => (Operation::Keep, &text[1..]),
        Some('!') => (Operation::Remove, &text[1..]),
        _ => (Operation::Add, text),
    };
    if name.is_empty() {
        let mut diagnostic =
            Diagnostic::error(format!("`{text}` in a pattern needs a name after it"));
        diagnostic.at = at;
        return Err(diagnostic.into());
    }
    Ok(Part {
        operation,
        text: name.to_owned(),
        at,
    })
}

fn empty(at: Option<&At>) -> Error {
    let mut diagnostic = Diagnostic::error("the pattern selects nothing, because it is empty")
        .help("`all` selects every host");
    diagnostic.at = at.cloned();
    diagnostic.into()
}

/// The pieces of a pattern with their offsets in bytes. Commas separate; where there is none, colons do, unless
/// they belong to an address or a range.
fn split<'a>(text: &'a str, at: Option<&At>) -> Result<Vec<(usize, &'a str)>> {
    if text.contains(',') {
        return Ok(pieces(text, |letter, _| letter == ',')
            .into_iter()
            .filter_map(|(offset, piece)| {
                let start = piece.len() - piece.trim_start().len();
                let piece = piece.trim();
                (!piece.is_empty()).then_some((offset + start, piece))
            })
            .collect());
    }
    if address::parse(text.trim()).is_some() {
        let start = text.len() - text.trim_start().len();
        return Ok(vec![(start, text.trim())]);
    }
    if let Some(offset) = unbalanced(text) {
        let mut diagnostic = Diagnostic::error(format!("`{text}` has a bracket without its pair"));
        diagnostic.at = at.map(|at| inside(at, text, offset, "["));
        diagnostic = diagnostic
            .help("close it: `cache[0]` is the first host of a group, `cache[0:3]` the first four");
        return Err(diagnostic.into());
    }
    Ok(pieces(text, |letter, inside| {
        !inside && (letter == ':' || letter.is_whitespace())
    })
    .into_iter()
    .filter(|(_, piece)| !piece.is_empty())
    .collect())
}

/// Cuts at separators; the function hears whether a character stands inside brackets.
fn pieces(text: &str, separates: impl Fn(char, bool) -> bool) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (offset, letter) in text.char_indices() {
        if separates(letter, inside) {
            found.push((start, &text[start..offset]));
            start = offset + letter.len_utf8();
        }
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ => {}
        }
    }
    found.push((start, &text[start..]));
    found
}

/// The offset of a bracket that has no pair.
fn unbalanced(text: &str) -> Option<usize> {
    let mut open = None;
    for (offset, letter) in text.char_indices() {
        match letter {
            '[' if open.is_none() => open = Some(offset),
            ']' if open.is_none() => return Some(offset),
            ']' => open = None,
            _ => {}
        }
    }
    open
}

/// The place of a piece of a text that stands at a place; the whole place where the text spans lines.
fn inside(at: &At, text: &str, offset: usize, piece: &str) -> At {
    let line = at.source.line(at.line).unwrap_or_default();
    let quoted = line
        .chars()
        .nth(at.column - 1)
        .is_some_and(|letter| letter == '"' || letter == '\'');
    let start = at.column - 1 + usize::from(quoted);
    let written: String = line
        .chars()
        .skip(start)
        .take(text.chars().count())
        .collect();
    if written != text {
        return at.clone();
    }
    let before = text[..offset].chars().count();
    At::new(
        &at.source,
        at.line,
        start + before + 1,
        piece.chars().count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;

    fn texts(pattern: &str) -> Vec<String> {
        Patterns::parse(pattern)
            .unwrap()
            .parts
            .iter()
            .map(|part| {
                let sign = match part.operation {
                    Operation::Add => "",
                    Operation::Keep => "&",
                    Operation::Remove => "!",
                };
                format!("{sign}{}", part.text)
            })
            .collect()
    }

    #[test]
    fn patterns_are_split_as_ansible_splits_them() {
        for (pattern, expected) in [
            ("cache", vec!["cache"]),
            ("cache:&eu:!cache07", vec!["cache", "&eu", "!cache07"]),
            ("a,b[1], c[2:3] , d", vec!["a", "b[1]", "c[2:3]", "d"]),
            ("cache[1:3]", vec!["cache[1:3]"]),
            ("cache[0]:web[-1]", vec!["cache[0]", "web[-1]"]),
            ("2001:db8::1", vec!["2001:db8::1"]),
            ("cache:2222", vec!["cache:2222"]),
            ("a b", vec!["a", "b"]),
            ("web::db", vec!["web", "db"]),
            (",a,,b,", vec!["a", "b"]),
            ("~web[a:c]+.*:&eu", vec!["~web[a:c]+.*", "&eu"]),
        ] {
            assert_eq!(texts(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn mistakes_are_refused() {
        for pattern in ["", "  ", ",", "a:!", "a:&", "cache[0", "cache]"] {
            assert!(Patterns::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn parts_know_their_places() {
        let source = Source::new("site.yml", "- hosts: \"cache:&eu\"\n");
        let at = At::new(&source, 1, 10, 11);
        let patterns = Patterns::parse_at("cache:&eu", &at).unwrap();
        let at = patterns.parts[1].at.clone().unwrap();
        assert_eq!((at.column, at.length), (17, 3));
    }
}
