//! Servers that hold the same data: where they are, who follows whom, and how one takes over from another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A host's name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    pub address: String,
    pub port: u16,
}

impl Endpoint {
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self {
            address: address.into().to_ascii_lowercase(),
            port,
        }
    }

    /// Of `10.0.0.2:6379`, `[::1]:6379` or `::1:6379`: the port stands behind the last colon.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, port) = text.rsplit_once(':')?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        (!address.is_empty()).then_some(())?;
        Some(Self::new(address, port.parse().ok()?))
    }

    /// Whether it means the machine of whoever says it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.address == "localhost"
            || self
                .address
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.contains(':') {
            write!(formatter, "[{}]:{}", self.address, self.port)
        } else {
            write!(formatter, "{}:{}", self.address, self.port)
        }
    }
}

/// Who sees to it that there is a primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// Nobody: `replicaof` alone.
    #[default]
    Nobody,
    Sentinel,
    Cluster,
}

impl Keeper {
    /// As facts have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        }
    }
}

/// Servers that hold the same data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Its primary's name, or its address where it is outside of the inventory.
    pub name: String,
    pub keeper: Keeper,
    /// The primary first, then its replicas, then those that follow them.
    pub seats: Vec<Seat>,
    /// Servers that hold the same data on hosts that were not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<Endpoint>,
}

/// A server in its shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub host: String,
    pub port: u16,
    /// 0: the primary, 1: a replica of it, 2: a replica of that one, ...
    pub depth: usize,
    /// Whom it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Endpoint>,
    /// Of a replica: whether its link to its primary is up.
    #[serde(default)]
    pub link_up: bool,
    /// Whether its data are there again after a restart.
    pub keeps_data: bool,
    /// Of a primary: the host that takes over before it restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// How a replica takes over from its primary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub keeper: Keeper,
    /// Who takes over: all names under which the primary may know it.
    pub to: Vec<Endpoint>,
    /// Further replicas, which follow the new primary afterwards. A Sentinel and a cluster see to them by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Endpoint>,
    /// Sentinels that watch the primary, and what they call it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentinels: Vec<Endpoint>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sentinel_name: String,
    /// Seconds that clients may have to wait with their writes; then everything stays as it was.
    pub pause: u64,
    /// Seconds to wait for a replica to have all data before, and for the old primary to follow afterwards.
    pub time_limit: u64,
}
