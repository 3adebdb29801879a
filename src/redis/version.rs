//! Which server it is, Redis or Valkey, and which version.
//!
//! Valkey reports a `redis_version` of 7.2.4 for the sake of old clients, so the product must be known before a
//! version means anything. Offline it is the first word of `--version`; live it is `server_name` or
//! `valkey_version` in INFO.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The two servers that this program looks after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    Redis,
    Valkey,
}

impl fmt::Display for Flavour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
        })
    }
}

/// A version; what follows the third number (`-rc1`) is left out. Missing numbers are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Major and minor number: what a release line is named by.
    #[must_use]
    pub fn line(&self) -> (u32, u32) {
        (self.major, self.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version; expected something like 7.0.15")]
pub struct NotAVersion(String);

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotAVersion(text.to_owned());
        let mut numbers = [0_u32; 3];
        let core = text.split(['-', '+', '~']).next().unwrap_or_default();
        let parts: Vec<&str> = core.split('.').collect();
        if !(2..=3).contains(&parts.len()) {
            return Err(refuse());
        }
        for (slot, part) in numbers.iter_mut().zip(parts) {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(refuse());
            }
            *slot = part.parse().map_err(|_| refuse())?;
        }
        Ok(Self::new(numbers[0], numbers[1], numbers[2]))
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

/// A product and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    pub flavour: Flavour,
    pub version: Version,
}

impl Server {
    #[must_use]
    pub const fn new(flavour: Flavour, version: Version) -> Self {
        Self { flavour, version }
    }

    /// Redis at a version.
    #[must_use]
    pub const fn redis(major: u32, minor: u32, patch: u32) -> Self {
        Self::new(Flavour::Redis, Version::new(major, minor, patch))
    }

    /// Valkey at a version.
    #[must_use]
    pub const fn valkey(major: u32, minor: u32, patch: u32) -> Self {
        Self::new(Flavour::Valkey, Version::new(major, minor, patch))
    }

    /// Whether CONFIG SET takes several pairs at once, all or nothing (Redis 7.0; every Valkey).
    #[must_use]
    pub fn sets_many_at_once(&self) -> bool {
        self.flavour == Flavour::Valkey || self.version >= Version::new(7, 0, 0)
    }

    /// Whether replicas share one output buffer, the replication backlog's (Redis 7.0; every Valkey).
    #[must_use]
    pub fn shares_replica_buffers(&self) -> bool {
        self.sets_many_at_once()
    }

    /// Whether an unknown directive is queued for a module and noticed only in the log (Redis 8.0 and later).
    #[must_use]
    pub fn queues_unknown_directives(&self) -> bool {
        self.flavour == Flavour::Redis && self.version >= Version::new(8, 0, 0)
    }

    /// The server behind INFO's fields, given a way to read one. Valkey wins wherever it shows, because its
    /// `redis_version` is only a compatibility claim.
    #[must_use]
    pub fn from_info<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let named_valkey =
            field("server_name").is_some_and(|name| name.eq_ignore_ascii_case("valkey"));
        if let Some(text) = field("valkey_version") {
            return text
                .parse()
                .ok()
                .map(|version| Self::new(Flavour::Valkey, version));
        }
        if named_valkey {
            return None;
        }
        field("redis_version")?
            .parse()
            .ok()
            .map(|version| Self::new(Flavour::Redis, version))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.flavour, self.version)
    }
}

/// What `redis-server --version` or `valkey-server --version` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    pub server: Server,
    /// The allocator it was built with, as printed: `jemalloc-5.3.0`, `libc`.
    pub allocator: Option<String>,
    /// 32 or 64.
    pub bits: Option<u32>,
}

impl Build {
    /// Reads `Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0`. Valkey 7.2 leaves
    /// its name out: `Server v=7.2.7 ...`.
    #[must_use]
    pub fn from_version_line(text: &str) -> Option<Self> {
        text.lines().find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let flavour = match (words.next()?, words.next()?) {
                ("Redis", "server") => Flavour::Redis,
                ("Valkey", "server") => Flavour::Valkey,
                ("Server", version) if version.starts_with("v=") => Flavour::Valkey,
                _ => return None,
            };
            let field = |name: &str| {
                line.split_ascii_whitespace()
                    .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            };
            Some(Self {
                server: Server::new(flavour, field("v")?.parse().ok()?),
                allocator: field("malloc").map(str::to_owned),
                bits: field("bits").and_then(|bits| bits.parse().ok()),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_line_names_product_version_and_allocator() {
        let line = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0\n";
        let build = Build::from_version_line(line).unwrap();
        assert_eq!(build.server, Server::redis(7, 0, 15));
        assert_eq!(build.allocator.as_deref(), Some("jemalloc-5.3.0"));
        assert_eq!(build.bits, Some(64));
        let build = Build::from_version_line(
            "Valkey server v=8.1.1 sha=00000000:0 malloc=libc bits=64 build=1",
        )
        .unwrap();
        assert_eq!(build.server.to_string(), "Valkey 8.1.1");
        let build = Build::from_version_line(
            "Server v=7.2.7 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=80f89e7e9f5b6a40",
        )
        .unwrap();
        assert_eq!(build.server, Server::valkey(7, 2, 7));
        assert_eq!(
            Build::from_version_line("redis-server: command not found"),
            None
        );
    }

    #[test]
    fn valkey_is_not_taken_for_the_redis_it_claims_to_be() {
        let fields = [
            ("redis_version", "7.2.4"),
            ("server_name", "valkey"),
            ("valkey_version", "8.1.1"),
        ];
        let server = Server::from_info(|name| {
            fields
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        });
        assert_eq!(server, Some(Server::valkey(8, 1, 1)));
        let server = Server::from_info(|name| (name == "redis_version").then_some("6.2.16"));
        assert_eq!(server, Some(Server::redis(6, 2, 16)));
        assert_eq!(
            Server::from_info(|name| (name == "server_name").then_some("valkey")),
            None
        );
        assert_eq!(Server::from_info(|_| None), None);
    }

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("7.0.15") > version("7.0.9"));
        assert!(version("8.0.0-rc1") < version("8.0.2"));
        assert_eq!(version("7.0"), Version::new(7, 0, 0));
        for text in ["", "7", "7.x.1", "7.0.1.2", "seven", "7.-1"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
