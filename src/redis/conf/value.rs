//! What a value means, whatever way it is written: `1gb` and `1073741824`, `YES` and `yes` are the same.

use std::collections::BTreeSet;

use super::argument::{Argument, split};
use super::limits::Limit;
use crate::redis::catalogue::{self, Kind};
use crate::redis::units;

/// The letters of `notify-keyspace-events` that `A` stands for (notify.c of Redis 7.0).
const ALL_EVENTS: &str = "g$lshzxetd";

/// The meaning of a directive's arguments. What cannot be read as its kind is compared word by word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Bool(bool),
    Integer(i128),
    /// Bytes.
    Memory(u64),
    /// Per cent of `maxmemory`.
    Percent(u64),
    Octal(u32),
    /// One of a few words, in lower case.
    Word(String),
    /// Several of a few words, in lower case.
    Flags(BTreeSet<String>),
    /// Letters of `notify-keyspace-events`.
    Letters(BTreeSet<char>),
    /// Points of `save`: seconds and changes.
    Points(BTreeSet<(u64, u64)>),
    Limit(Limit),
    Words(Vec<Argument>),
}

impl Value {
    /// Reads the arguments of a directive of this name.
    #[must_use]
    pub fn read(name: &str, arguments: &[Argument]) -> Self {
        let kind = catalogue::lookup(name).map_or(Kind::Text, |directive| directive.kind);
        let spread = spread(kind, arguments);
        let words = spread.as_deref().unwrap_or(arguments);
        Self::read_kind(name, kind, words).unwrap_or_else(|| Self::Words(plain_words(name, words)))
    }

    fn read_kind(name: &str, kind: Kind, words: &[Argument]) -> Option<Self> {
        if kind.takes_one_argument() && words.len() != 1 {
            return None;
        }
        let only = || words.first().and_then(Argument::as_text);
        match kind {
            Kind::Bool => yes_or_no(only()?).map(Self::Bool),
            Kind::Integer => integer(only()?).map(Self::Integer),
            Kind::Memory => units::parse(only()?)
                .ok()
                .map(|memory| Self::Memory(memory.bytes)),
            Kind::MemoryOrPercent => memory_or_percent(only()?),
            Kind::Octal => u32::from_str_radix(only()?, 8).ok().map(Self::Octal),
            Kind::Enum => Some(Self::Word(enumerated(name, only()?))),
            Kind::Flags => words
                .iter()
                .map(|word| word.as_text().map(str::to_ascii_lowercase))
                .collect::<Option<_>>()
                .map(Self::Flags),
            Kind::KeyspaceEvents => Some(Self::Letters(events(only()?))),
            Kind::Save => points(words).map(Self::Points),
            Kind::Text | Kind::Words | Kind::BufferLimits | Kind::Repeated => None,
        }
    }

    /// The value as a person reads it. It may hold a secret.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Bool(true) => "yes".to_owned(),
            Self::Bool(false) => "no".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Memory(bytes) => units::human_exact(*bytes),
            Self::Percent(percent) => format!("{percent}%"),
            Self::Octal(mode) => format!("{mode:o}"),
            Self::Word(word) => word.clone(),
            Self::Flags(words) => words
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            Self::Letters(letters) if letters.is_empty() => "none".to_owned(),
            Self::Letters(letters) => letters.iter().collect(),
            Self::Points(points) if points.is_empty() => "never".to_owned(),
            Self::Points(points) => {
                let point =
                    |(seconds, changes): &(u64, u64)| format!("{seconds} s if {changes} changed");
                format!(
                    "after {}",
                    points
                        .iter()
                        .rev()
                        .map(point)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
            Self::Limit(limit) => limit.to_string(),
            Self::Words(words) if words.is_empty() => "none".to_owned(),
            Self::Words(words) => words
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

/// `yes` and `no` as Redis reads them.
#[must_use]
pub fn yes_or_no(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("yes") {
        Some(true)
    } else if text.eq_ignore_ascii_case("no") {
        Some(false)
    } else {
        None
    }
}

/// A decimal number as `string2ll` of Redis reads it: no `+`, no leading zeros, no spaces, at most 64 bits.
#[must_use]
pub fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well_formed = match digits.as_bytes() {
        [b'0'] => !text.starts_with('-'),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let number: i128 = if well_formed {
        text.parse().ok()?
    } else {
        return None;
    };
    (i128::from(i64::MIN)..=i128::from(u64::MAX))
        .contains(&number)
        .then_some(number)
}

/// Since Redis 7.0 a directive with several arguments may be given them as one, in quotes; CONFIG GET always does.
fn spread(kind: Kind, arguments: &[Argument]) -> Option<Vec<Argument>> {
    match arguments {
        [only] if !kind.takes_one_argument() && kind != Kind::Repeated && !only.is_empty() => {
            split(only.as_bytes()).ok()
        }
        _ => None,
    }
}

/// The words of a list. One empty word is an empty list, and `replicaof no one` means none.
fn plain_words(name: &str, words: &[Argument]) -> Vec<Argument> {
    match words {
        [only] if only.is_empty() => Vec::new(),
        [no, one] if catalogue::canonical(name) == "replicaof" && no.is("no") && one.is("one") => {
            Vec::new()
        }
        words => words.to_vec(),
    }
}

fn memory_or_percent(text: &str) -> Option<Value> {
    match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(Value::Percent),
        None => units::parse(text)
            .ok()
            .map(|memory| Value::Memory(memory.bytes)),
    }
}

/// A word of an enumeration. `oom-score-adj yes` is an older way to say `relative`.
fn enumerated(name: &str, text: &str) -> String {
    let word = text.to_ascii_lowercase();
    if word == "yes" && catalogue::canonical(name) == "oom-score-adj" {
        "relative".to_owned()
    } else {
        word
    }
}

fn events(text: &str) -> BTreeSet<char> {
    let mut letters: BTreeSet<char> = text.chars().collect();
    if ALL_EVENTS.chars().all(|letter| letters.contains(&letter)) {
        letters.insert('A');
    }
    if letters.contains(&'A') {
        letters.retain(|letter| !ALL_EVENTS.contains(*letter));
    }
    letters
}

/// The points of one `save` line; an empty word means none.
pub(super) fn points(words: &[Argument]) -> Option<BTreeSet<(u64, u64)>> {
    if let [only] = words
        && only.is_empty()
    {
        return Some(BTreeSet::new());
    }
    let number = |word: &Argument| word.as_text()?.parse::<u64>().ok();
    let (pairs, rest) = words.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[seconds, changes]| Some((number(seconds)?, number(changes)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::*;

    fn value(line: &str) -> Value {
        let document = Document::parse(line);
        let (_, directive) = document.directives().next().unwrap();
        Value::read(&directive.name, &directive.arguments)
    }

    #[test]
    fn the_same_meaning_is_the_same_value() {
        for (one, other) in [
            ("maxmemory 1gb", "maxmemory 1073741824"),
            ("maxmemory 1G", "maxmemory 1000m\t"),
            ("activedefrag YES", "activedefrag yes"),
            (
                "maxmemory-policy AllKeys-LFU",
                "maxmemory-policy allkeys-lfu",
            ),
            ("oom-score-adj yes", "oom-score-adj relative"),
            (
                "notify-keyspace-events KEA",
                "notify-keyspace-events 'Eg$lshzxetdK'",
            ),
            ("save 3600 1 300 100", "save \"300 100 3600 1\""),
            (
                "shutdown-on-sigterm nosave now",
                "shutdown-on-sigterm \"now nosave\"",
            ),
            ("replicaof no one", "slaveof \"\""),
            ("bind 10.0.0.1 ::1", "bind \"10.0.0.1 ::1\""),
            ("unixsocketperm 0770", "unixsocketperm 770"),
            ("maxmemory-clients 5%", "maxmemory-clients '5%'"),
        ] {
            assert_eq!(value(one), value(other), "{one} / {other}");
        }
    }

    #[test]
    fn another_meaning_is_another_value() {
        for (one, other) in [
            ("maxmemory 1g", "maxmemory 1gb"),
            ("bind a b", "bind b a"),
            ("dir /A", "dir /a"),
            ("maxmemory-clients 5%", "maxmemory-clients 5"),
            ("save \"\"", "save 60 1"),
            ("timeout 5", "timeout 05"),
        ] {
            assert_ne!(value(one), value(other), "{one} / {other}");
        }
    }

    #[test]
    fn integers_are_as_strict_as_in_redis() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-5", Some(-5)),
            ("05", None),
            ("+5", None),
            ("-0", None),
            ("", None),
            (" 5", None),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
        assert_eq!(integer("99999999999999999999999"), None);
    }

    #[test]
    fn people_read_values_with_units() {
        for (line, shown) in [
            ("maxmemory 6gb", "6 GiB (6442450944)"),
            ("maxmemory 0", "0"),
            ("save \"\"", "never"),
            (
                "save 60 10000 3600 1",
                "after 3600 s if 1 changed, 60 s if 10000 changed",
            ),
            ("replicaof no one", "none"),
            ("requirepass \"a b\"", "\"a b\""),
            ("unixsocketperm 0700", "700"),
        ] {
            assert_eq!(value(line).shown(), shown);
        }
    }
}
