//! One directive of the catalogue, read from a line of its data file.

use super::releases::Releases;
use crate::redis::version::Server;

/// How the value of a directive is read and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A decimal number without sign `+`, leading zeros or unit.
    Integer,
    /// Bytes with a unit, see [`crate::redis::units`].
    Memory,
    /// Bytes with a unit, or a percentage of `maxmemory`.
    MemoryOrPercent,
    /// File permissions.
    Octal,
    /// One of a few words.
    Enum,
    /// Any number of a few words; their order does not matter.
    Flags,
    /// Any text, one argument.
    Text,
    /// Several arguments whose order matters.
    Words,
    /// The points of `save`, which add up over lines.
    Save,
    /// `client-output-buffer-limit`, one value for each class of clients.
    BufferLimits,
    /// `notify-keyspace-events`: letters, whose order does not matter.
    KeyspaceEvents,
    /// A line for each thing: `include`, `loadmodule`, `rename-command`, `user`, `sentinel`.
    Repeated,
}

impl Kind {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "bool" => Self::Bool,
            "integer" => Self::Integer,
            "memory" => Self::Memory,
            "memory-or-percent" => Self::MemoryOrPercent,
            "octal" => Self::Octal,
            "enum" => Self::Enum,
            "flags" => Self::Flags,
            "text" => Self::Text,
            "words" => Self::Words,
            "save" => Self::Save,
            "buffer-limits" => Self::BufferLimits,
            "keyspace-events" => Self::KeyspaceEvents,
            "repeated" => Self::Repeated,
            _ => return None,
        })
    }

    /// Whether a line of it must have exactly one argument.
    #[must_use]
    pub fn takes_one_argument(self) -> bool {
        !matches!(
            self,
            Self::Flags | Self::Words | Self::Save | Self::BufferLimits | Self::Repeated
        )
    }
}

/// Something that holds in some releases only, or in all.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Restricted<T> {
    value: T,
    /// Nothing: wherever no other entry says otherwise.
    releases: Option<Releases>,
}

impl<T> Restricted<T> {
    fn parse(word: &'static str, read: impl Fn(&'static str) -> Option<T>) -> Option<Self> {
        Some(match word.split_once('@') {
            Some((value, releases)) => Self {
                value: read(value)?,
                releases: Some(Releases::parse(releases)?),
            },
            None => Self {
                value: read(word)?,
                releases: None,
            },
        })
    }
}

/// What the catalogue knows of one directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Its newest name.
    pub name: &'static str,
    /// What it was called before.
    pub older_name: Option<&'static str>,
    pub kind: Kind,
    /// Releases that take `name`.
    pub accepted_by: Releases,
    /// Releases that take `older_name`.
    pub older_accepted_by: Releases,
    /// Releases in which CONFIG SET can change it.
    pub runtime_in: Releases,
    /// Releases that accept it and do nothing.
    pub ignored_by: Releases,
    /// Whether its value must not be shown.
    pub secret: bool,
    minimum: Vec<Restricted<i128>>,
    maximum: Vec<Restricted<i128>>,
    values: Vec<Restricted<&'static str>>,
    defaults: Vec<Restricted<&'static str>>,
}

impl Directive {
    /// Reads a line of the data file; nothing where the line is malformed.
    pub(super) fn from_row(row: &'static str) -> Option<Self> {
        let mut cells = row.split(',');
        let mut cell = || cells.next();
        let number = |text: &'static str| text.parse().ok();
        Some(Self {
            name: cell()?,
            older_name: Some(cell()?).filter(|name| !name.is_empty()),
            kind: Kind::from_word(cell()?)?,
            accepted_by: Releases::parse(cell()?)?,
            older_accepted_by: Releases::parse(cell()?)?,
            runtime_in: Releases::parse(cell()?)?,
            ignored_by: Releases::parse(cell()?)?,
            minimum: restricted(cell()?, number)?,
            maximum: restricted(cell()?, number)?,
            values: restricted(cell()?, Some)?,
            defaults: restricted(cell()?, Some)?,
            secret: match cell()? {
                "secret" => true,
                "" => false,
                _ => return None,
            },
        })
    }

    /// Its names, the newest first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.older_name)
    }

    /// The releases that take the directive under `name`, one of its two.
    #[must_use]
    pub fn releases_accepting(&self, name: &str) -> &Releases {
        if self.older_name == Some(name) {
            &self.older_accepted_by
        } else {
            &self.accepted_by
        }
    }

    /// The smallest value that the server takes; for a memory value in bytes.
    #[must_use]
    pub fn minimum(&self, server: Option<&Server>) -> Option<i128> {
        for_server(&self.minimum, server).copied()
    }

    /// The largest value that the server takes; for a memory value in bytes.
    #[must_use]
    pub fn maximum(&self, server: Option<&Server>) -> Option<i128> {
        for_server(&self.maximum, server).copied()
    }

    /// What holds on this server when the directive is absent from its configuration. Nothing where that is not
    /// known. Without a server: only a default that is the same in all releases.
    #[must_use]
    pub fn default(&self, server: Option<&Server>) -> Option<String> {
        let value = match (server, self.defaults.as_slice()) {
            (None, [only]) => only.value,
            (None, _) => return None,
            (Some(server), defaults) => for_server(defaults, Some(server)).copied()?,
        };
        // In the data file a space is written as an underscore, an empty text as two quotes.
        Some(if value == "\"\"" {
            String::new()
        } else {
            value.replace('_', " ")
        })
    }

    /// The words that the server takes; empty where any will do.
    #[must_use]
    pub fn values(&self, server: Option<&Server>) -> Vec<&'static str> {
        let taken = |value: &&Restricted<&'static str>| match (&value.releases, server) {
            (Some(releases), Some(server)) => releases.contains(server),
            _ => true,
        };
        self.values
            .iter()
            .filter(taken)
            .map(|value| value.value)
            .collect()
    }

    /// The releases that know the word `value`, where not all do.
    #[must_use]
    pub fn releases_with_value(&self, value: &str) -> Option<&Releases> {
        self.values
            .iter()
            .find(|known| known.value.eq_ignore_ascii_case(value))?
            .releases
            .as_ref()
    }
}

/// Reads a cell whose entries stand between spaces.
fn restricted<T>(
    cell: &'static str,
    read: impl Fn(&'static str) -> Option<T>,
) -> Option<Vec<Restricted<T>>> {
    cell.split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| Restricted::parse(word, &read))
        .collect()
}

/// The entry for a server: one restricted to its release, else the one for all others.
fn for_server<'a, T>(entries: &'a [Restricted<T>], server: Option<&Server>) -> Option<&'a T> {
    let special = server.and_then(|server| {
        entries.iter().find(|entry| {
            entry
                .releases
                .as_ref()
                .is_some_and(|releases| releases.contains(server))
        })
    });
    special
        .or_else(|| entries.iter().find(|entry| entry.releases.is_none()))
        .map(|entry| &entry.value)
}

#[cfg(test)]
mod tests {
    use super::super::lookup;
    use super::*;

    #[test]
    fn bounds_and_defaults_depend_on_the_server() {
        let samples = lookup("maxmemory-samples").unwrap();
        assert_eq!(
            samples.maximum(Some(&Server::redis(7, 0, 15))),
            Some(2_147_483_647)
        );
        assert_eq!(samples.maximum(Some(&Server::redis(8, 0, 2))), Some(64));
        let lazy = lookup("lazyfree-lazy-eviction").unwrap();
        assert_eq!(
            lazy.default(Some(&Server::redis(8, 0, 2))),
            Some("no".to_owned())
        );
        assert_eq!(
            lazy.default(Some(&Server::valkey(8, 0, 0))),
            Some("yes".to_owned())
        );
        assert_eq!(lazy.default(None), None);
        assert_eq!(
            lookup("maxmemory").unwrap().default(None),
            Some("0".to_owned())
        );
        assert_eq!(
            lookup("requirepass").unwrap().default(None),
            Some(String::new())
        );
        assert_eq!(
            lookup("oom-score-adj-values").unwrap().default(None),
            Some("0 200 800".to_owned())
        );
        let save = lookup("save").unwrap();
        assert_eq!(
            save.default(Some(&Server::redis(6, 0, 20))),
            Some(String::new())
        );
        assert_eq!(
            save.default(Some(&Server::redis(7, 0, 15))),
            Some("3600 1 300 100 60 10000".to_owned())
        );
    }

    #[test]
    fn words_belong_to_releases() {
        let policy = lookup("maxmemory-policy").unwrap();
        assert!(
            !policy
                .values(Some(&Server::redis(8, 0, 2)))
                .contains(&"allkeys-lrm")
        );
        assert!(
            policy
                .values(Some(&Server::redis(8, 6, 0)))
                .contains(&"allkeys-lrm")
        );
        assert!(
            !policy
                .values(Some(&Server::valkey(9, 1, 0)))
                .contains(&"allkeys-lrm")
        );
        assert_eq!(
            policy
                .releases_with_value("allkeys-lrm")
                .unwrap()
                .to_string(),
            "Redis 8.6 and later"
        );
        assert_eq!(policy.releases_with_value("allkeys-lfu"), None);
    }
}
