//! `client-output-buffer-limit`: one value for each class of clients, several of which may stand in one line.

use std::fmt;

use super::argument::{Argument, split};
use super::document::Directive;
use crate::redis::units;

/// The directive's name.
pub const NAME: &str = "client-output-buffer-limit";

/// How much may wait to be sent to one client before Redis closes its connection; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Bytes at which the connection is closed at once.
    pub hard: u64,
    /// Bytes at which it is closed after `seconds` above them.
    pub soft: u64,
    pub seconds: u64,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if (self.hard, self.soft) == (0, 0) {
            return formatter.write_str("no limit");
        }
        write!(
            formatter,
            "{} at once, {} for {} s",
            units::human_exact(self.hard),
            units::human_exact(self.soft),
            self.seconds
        )
    }
}

/// A class of clients and the three words of its limit, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `normal`, `replica` or `pubsub`; `slave`, the older word, is `replica` here.
    pub class: String,
    pub words: [Argument; 4],
}

impl Group {
    /// What the words mean; nothing where Redis would not accept them.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        let bytes = |word: &Argument| {
            units::parse(word.as_text()?)
                .ok()
                .map(|memory| memory.bytes)
        };
        let [_, hard, soft, seconds] = &self.words;
        Some(Limit {
            hard: bytes(hard)?,
            soft: bytes(soft)?,
            seconds: seconds.as_text()?.parse().ok()?,
        })
    }
}

/// The groups of a line, or nothing where its words do not come in fours.
#[must_use]
pub fn groups(arguments: &[Argument]) -> Option<Vec<Group>> {
    let spread = match arguments {
        [only] => split(only.as_bytes()).ok()?,
        several => several.to_vec(),
    };
    let (fours, rest) = spread.as_chunks::<4>();
    if !rest.is_empty() || fours.is_empty() {
        return None;
    }
    let group = |words: &[Argument; 4]| {
        let class = words[0].lower();
        Group {
            class: if class == "slave" {
                "replica".to_owned()
            } else {
                class
            },
            words: words.clone(),
        }
    };
    Some(fours.iter().map(group).collect())
}

/// The line that says these groups.
#[must_use]
pub fn directive(groups: &[Group]) -> Directive {
    Directive::new(NAME, groups.iter().flat_map(|group| group.words.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Argument> {
        text.split(' ').map(Argument::from).collect()
    }

    #[test]
    fn groups_are_read_from_one_argument_or_many() {
        let text = "normal 0 0 0 slave 256mb 64mb 60";
        let many = groups(&words(text)).unwrap();
        assert_eq!(groups(&[Argument::from(text)]).unwrap(), many);
        assert_eq!(many[1].class, "replica");
        assert_eq!(
            many[1].limit(),
            Some(Limit {
                hard: 256 * units::MIB,
                soft: 64 * units::MIB,
                seconds: 60
            })
        );
        assert_eq!(directive(&many).to_line(), format!("{NAME} {text}"));
        assert_eq!(groups(&words("normal 0 0")), None);
        assert_eq!(groups(&[]), None);
    }

    #[test]
    fn limits_read_well() {
        assert_eq!(
            Limit {
                hard: 0,
                soft: 0,
                seconds: 0
            }
            .to_string(),
            "no limit"
        );
        let limit = groups(&words("replica 256mb 64mb 60")).unwrap()[0]
            .limit()
            .unwrap();
        assert_eq!(
            limit.to_string(),
            "256 MiB (268435456) at once, 64 MiB (67108864) for 60 s"
        );
    }
}
