//! What a line of a configuration is about: two lines with the same identity set the same thing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::argument::Argument;
use super::document::Directive;
use crate::redis::catalogue;

/// Settings of a Sentinel that exist once, not once for each primary it watches (sentinel.c of Redis 7.0).
const SENTINEL_ONCE: [&str; 10] = [
    "announce-hostnames",
    "announce-ip",
    "announce-port",
    "current-epoch",
    "deny-scripts-reconfig",
    "loglevel",
    "myid",
    "resolve-hostnames",
    "sentinel-pass",
    "sentinel-user",
];

/// Lines that a Sentinel writes about others: several for each primary, told apart by all their words.
const SENTINEL_MANY: [&str; 3] = ["known-replica", "known-sentinel", "known-slave"];

/// Settings of a Sentinel that must not be shown.
const SENTINEL_SECRETS: [&str; 4] = ["auth-pass", "auth-user", "sentinel-pass", "sentinel-user"];

/// The thing that a directive sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// The newest name of the directive, so that `slave-lazy-flush` and `replica-lazy-flush` are one.
    pub name: String,
    /// Which of several: the class of `client-output-buffer-limit`, the command of `rename-command`, the name of a
    /// `user`, the path of `include` and `loadmodule`.
    pub part: Option<String>,
}

impl Identity {
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        Self {
            name: catalogue::canonical(name),
            part: None,
        }
    }

    pub(super) fn with_part(name: &str, part: String) -> Self {
        Self {
            name: catalogue::canonical(name),
            part: Some(part),
        }
    }

    /// The identity of a directive that sets one thing; `client-output-buffer-limit` may set several, see
    /// [`super::limits`].
    #[must_use]
    pub fn of(directive: &Directive) -> Self {
        let first = directive.arguments.first();
        let text = |argument: &Argument| {
            argument
                .as_text()
                .map_or_else(|| argument.to_string(), str::to_owned)
        };
        let part = match directive.name.as_str() {
            "rename-command" => first.map(Argument::lower),
            "user" | "include" | "loadmodule" => first.map(text),
            "sentinel" => first.map(|_| sentinel_part(&directive.arguments)),
            _ => None,
        };
        Self {
            name: catalogue::canonical(&directive.name),
            part,
        }
    }

    /// Whether its value must not be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        if self.name == "sentinel" {
            let setting = self.part.as_deref().and_then(|part| part.split(' ').next());
            return setting.is_none_or(|setting| SENTINEL_SECRETS.contains(&setting));
        }
        catalogue::is_secret(&self.name)
    }
}

/// The words of a Sentinel's line that say what it sets: `monitor cache`, `myid`, `known-replica cache 10.0.0.1 6379`.
fn sentinel_part(arguments: &[Argument]) -> String {
    let setting = arguments.first().map(Argument::lower).unwrap_or_default();
    let words = match setting.as_str() {
        once if SENTINEL_ONCE.contains(&once) => 1,
        many if SENTINEL_MANY.contains(&many) => arguments.len(),
        "rename-command" => 3,
        _ => 2,
    };
    let rest = arguments
        .iter()
        .skip(1)
        .take(words - 1)
        .map(|argument| format!(" {argument}"));
    std::iter::once(setting).chain(rest).collect()
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        self.part
            .as_ref()
            .map_or(Ok(()), |part| write!(formatter, " {part}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::*;

    fn identity(line: &str) -> Identity {
        let document = Document::parse(line);
        let (_, directive) = document.directives().next().unwrap();
        Identity::of(directive)
    }

    #[test]
    fn lines_about_the_same_thing_have_the_same_identity() {
        for (one, other) in [
            ("slave-lazy-flush no", "REPLICA-LAZY-FLUSH yes"),
            ("rename-command CONFIG x", "rename-command config \"\""),
            ("user a on", "user a off"),
            (
                "sentinel monitor m 10.0.0.1 6379 2",
                "sentinel MONITOR m 10.0.0.2 6379 2",
            ),
            ("sentinel myid 1", "sentinel myid 2"),
            ("masterauth a", "primaryauth b"),
        ] {
            assert_eq!(identity(one), identity(other));
        }
        for (one, other) in [
            ("user a on", "user A on"),
            ("include a", "include b"),
            (
                "sentinel known-replica m 10.0.0.1 1",
                "sentinel known-replica m 10.0.0.2 1",
            ),
            (
                "sentinel rename-command m CONFIG a",
                "sentinel rename-command m SLAVEOF b",
            ),
            ("sentinel parallel-syncs a 1", "sentinel parallel-syncs b 1"),
        ] {
            assert_ne!(identity(one), identity(other));
        }
    }

    #[test]
    fn only_the_secrets_of_a_sentinel_are_secret() {
        assert!(identity("sentinel auth-pass m x").is_secret());
        assert!(identity("sentinel sentinel-pass x").is_secret());
        assert!(!identity("sentinel monitor m 10.0.0.1 6379 2").is_secret());
        assert!(identity("user a on >x").is_secret());
        assert!(!identity("save 60 1").is_secret());
    }
}
