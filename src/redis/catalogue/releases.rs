//! Sets of releases, as the catalogue's data writes them: `redis-6.2+ valkey-7.2..8.0`.

use std::fmt;

use crate::redis::version::{Flavour, Server, Version};

/// The newest releases that the catalogue was held against. What is open-ended (`redis-6.2+`) is taken to go on in
/// later ones, but a directive unknown here may exist there.
pub const NEWEST_READ: [Server; 2] = [Server::redis(8, 6, 3), Server::valkey(9, 1, 2)];

/// Redis 8.2 and 8.4: between two lines that were looked at. What 8.0 lacks and 8.6 has may have come with either.
const UNREAD: [(u32, u32); 2] = [(8, 1), (8, 5)];

/// Whether `server` belongs to a release line that is newer than what the catalogue was made from.
#[must_use]
pub fn is_newer_than_catalogue(server: &Server) -> bool {
    NEWEST_READ
        .iter()
        .any(|read| read.flavour == server.flavour && server.version.line() > read.version.line())
}

/// Whether `server` belongs to a release line that was not looked at, between older and newer ones that were.
#[must_use]
pub fn is_unread(server: &Server) -> bool {
    let [first, last] = UNREAD;
    server.flavour == Flavour::Redis && (first..=last).contains(&server.version.line())
}

/// A stretch of releases of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    flavour: Flavour,
    first: Version,
    /// The last release line in it, as major and minor number; nothing where it goes on.
    last: Option<(u32, u32)>,
}

impl Range {
    /// Reads `redis-6.2` (that line alone), `redis-6.0.7+` (from there on) or `valkey-7.2..8.0` (both included).
    fn parse(text: &str) -> Option<Self> {
        let (flavour, versions) = match text.split_once('-')? {
            ("redis", versions) => (Flavour::Redis, versions),
            ("valkey", versions) => (Flavour::Valkey, versions),
            _ => return None,
        };
        let (first, last) = if let Some(first) = versions.strip_suffix('+') {
            (first, None)
        } else if let Some((first, last)) = versions.split_once("..") {
            (first, Some(last))
        } else {
            (versions, Some(versions))
        };
        let last = match last {
            None => None,
            Some(last) => Some(last.parse::<Version>().ok()?.line()),
        };
        Some(Self {
            flavour,
            first: first.parse().ok()?,
            last,
        })
    }

    fn contains(&self, server: &Server) -> bool {
        self.flavour == server.flavour
            && server.version >= self.first
            && self.last.is_none_or(|last| server.version.line() <= last)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version {
            major,
            minor,
            patch,
        } = self.first;
        write!(formatter, "{} {major}.{minor}", self.flavour)?;
        if patch > 0 {
            write!(formatter, ".{patch}")?;
        }
        match self.last {
            None => formatter.write_str(" and later"),
            Some(last) if last == (major, minor) => Ok(()),
            Some((major, minor)) => write!(formatter, " to {major}.{minor}"),
        }
    }
}

/// A set of releases of Redis and Valkey.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Releases(Vec<Range>);

impl Releases {
    /// Reads ranges between spaces or slashes. Nothing where one of them cannot be read.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words = text.split([' ', '/']).filter(|word| !word.is_empty());
        words
            .map(Range::parse)
            .collect::<Option<Vec<_>>>()
            .map(Self)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn contains(&self, server: &Server) -> bool {
        self.0.iter().any(|range| range.contains(server))
    }

    /// The first version of a product in it.
    #[must_use]
    pub fn first(&self, flavour: Flavour) -> Option<Version> {
        self.0
            .iter()
            .filter(|range| range.flavour == flavour)
            .map(|range| range.first)
            .min()
    }
}

/// A text that names no releases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no releases; expected something like `redis-6.2+ valkey-7.2..8.0`")]
pub struct NoReleases(String);

impl std::str::FromStr for Releases {
    type Err = NoReleases;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| NoReleases(text.to_owned()))
    }
}

/// For a person: `Redis 6.2 and later, Valkey 7.2 to 8.0`.
impl fmt::Display for Releases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.write_str("no release");
        }
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{range}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_what_they_say() {
        let releases = Releases::parse("redis-6.0.7..7.0 valkey-8.0+").unwrap();
        for (server, expected) in [
            (Server::redis(6, 0, 6), false),
            (Server::redis(6, 0, 7), true),
            (Server::redis(7, 0, 15), true),
            (Server::redis(7, 2, 0), false),
            (Server::valkey(7, 2, 5), false),
            (Server::valkey(9, 9, 0), true),
        ] {
            assert_eq!(releases.contains(&server), expected, "{server}");
        }
        assert_eq!(
            releases.to_string(),
            "Redis 6.0.7 to 7.0, Valkey 8.0 and later"
        );
        assert!(
            Releases::parse("redis-6.2")
                .unwrap()
                .contains(&Server::redis(6, 2, 16))
        );
        assert_eq!(Releases::parse("keydb-6.2"), None);
        assert!(Releases::parse("").unwrap().is_empty());
    }
}
