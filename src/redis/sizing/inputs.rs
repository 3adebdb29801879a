//! What a sizing is made from.

use serde::{Deserialize, Serialize};

use crate::redis::units::human;

/// A limit below the host's RAM, usually of a control group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryLimit {
    /// Where it stands, for a person: `memory.max of system.slice/redis-server.service`.
    pub source: String,
    /// Bytes.
    pub bytes: u64,
    /// Bytes that other processes under the same limit have resident.
    #[serde(default)]
    pub other_resident_bytes: u64,
}

/// Values that a person sets instead of the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Bytes for each instance, in place of the computed ones.
    pub maxmemory: Option<u64>,
    /// What fragmentation costs: resident bytes for each byte that Redis counts, 1 or more.
    pub fragmentation_factor: Option<f64>,
    /// What a fork may copy, as a share of the data: 0 to 1.
    pub copy_on_write_share: Option<f64>,
    /// Bytes kept for the operating system.
    pub system_reserve: Option<u64>,
    /// The largest share of the memory that all instances together may be given: above 0, at most 1.
    pub largest_share: Option<f64>,
    /// The part of what is left for Redis that this instance has, where several are not to have the same: above 0, at
    /// most 1. In its place the number of instances counts.
    pub share: Option<f64>,
}

/// What is known of a host and of the servers on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The host's RAM in bytes (`MemTotal`). INFO's `total_system_memory` ignores limits, as this does.
    pub ram_bytes: u64,
    /// Limits that hold for the server's unit, those of all its ancestors included: cgroup v2 `memory.max` and
    /// `memory.high`, v1 `memory.limit_in_bytes`; a NUMA node's memory if the server is pinned to one.
    #[serde(default)]
    pub limits: Vec<MemoryLimit>,
    /// Bytes that everything but Redis has resident on the host.
    #[serde(default)]
    pub other_resident_bytes: u64,
    /// How many servers share the host.
    #[serde(default = "one")]
    pub instances: u32,
    /// Whether the server writes snapshots or an append-only file.
    #[serde(default)]
    pub persistence: bool,
    /// How many replicas each server has, or may get.
    #[serde(default)]
    pub replicas: u32,
    /// Whether replicas share one buffer, see [`crate::redis::version::Server::shares_replica_buffers`].
    #[serde(default = "yes")]
    pub replica_buffers_shared: bool,
    /// Whether so much is written that a fork may copy half of the data.
    #[serde(default)]
    pub write_heavy: bool,
    /// Whether active defragmentation works here and is going to be enabled.
    #[serde(default)]
    pub defragmentation: bool,
    #[serde(default)]
    pub overrides: Overrides,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

impl Inputs {
    /// One server on a host, without persistence, replicas or defragmentation.
    #[must_use]
    pub fn of_ram(ram_bytes: u64) -> Self {
        Self {
            ram_bytes,
            limits: Vec::new(),
            other_resident_bytes: 0,
            instances: 1,
            persistence: false,
            replicas: 0,
            replica_buffers_shared: true,
            write_heavy: false,
            defragmentation: false,
            overrides: Overrides::default(),
        }
    }

    /// The RAM and all limits.
    pub(super) fn all_limits(&self) -> Vec<MemoryLimit> {
        let ram = MemoryLimit {
            source: "RAM of the host".to_owned(),
            bytes: self.ram_bytes,
            other_resident_bytes: self.other_resident_bytes,
        };
        // A control group without a limit shows a huge one; nothing above the RAM limits anything.
        let real = self
            .limits
            .iter()
            .filter(|limit| limit.bytes < self.ram_bytes)
            .cloned();
        std::iter::once(ram).chain(real).collect()
    }

    /// The memory that counts, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.all_limits()
            .iter()
            .map(|limit| limit.bytes)
            .min()
            .unwrap_or_default()
    }

    /// Whether a server ever forks: to write to disk, or to give a replica its first copy.
    pub(super) fn forks(&self) -> bool {
        self.persistence || self.replicas > 0
    }

    /// How many output buffers for replicas each server may fill.
    pub(super) fn replica_buffers(&self) -> u64 {
        u64::from(if self.replica_buffers_shared {
            self.replicas.min(1)
        } else {
            self.replicas
        })
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.ram_bytes == 0 {
            return Err("the host's RAM is not known".to_owned());
        }
        if self.instances == 0 {
            return Err("there is no instance to size".to_owned());
        }
        if self.overrides.maxmemory == Some(0) {
            return Err("maxmemory 0 means no limit, which is no size".to_owned());
        }
        let in_range = |value: Option<f64>, least: f64, most: f64| {
            value.is_none_or(|value| (least..=most).contains(&value))
        };
        let Overrides {
            fragmentation_factor,
            copy_on_write_share,
            largest_share,
            system_reserve,
            share,
            ..
        } = self.overrides;
        if !in_range(share, 0.01, 1.0) {
            return Err("an instance's share must be from 0.01 to 1".to_owned());
        }
        if !in_range(fragmentation_factor, 1.0, 10.0) {
            return Err("the factor for fragmentation must be from 1 to 10".to_owned());
        }
        if !in_range(copy_on_write_share, 0.0, 1.0) {
            return Err("the share that a fork copies must be from 0 to 1".to_owned());
        }
        if !in_range(largest_share, 0.01, 1.0) {
            return Err("the largest share of the memory must be from 0.01 to 1".to_owned());
        }
        match system_reserve {
            Some(reserve) if reserve >= self.memory() => Err(format!(
                "{} kept for the system leave nothing of {}",
                human(reserve),
                human(self.memory())
            )),
            _ => Ok(()),
        }
    }
}
