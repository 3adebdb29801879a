//! What follows from `maxmemory`.

use serde::{Deserialize, Serialize};

use super::solve::{Factors, scale};
use crate::redis::units::{GIB, MIB};

/// Settings of one instance that depend on its memory. All are bytes unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub maxmemory: u64,
    /// `active-defrag-ignore-bytes`: 5% of `maxmemory`, from 32 to 512 MiB. With Redis' default of 100 MiB small
    /// datasets are never defragmented.
    pub active_defrag_ignore_bytes: u64,
    /// `repl-backlog-size`: 1% of `maxmemory`, from 16 to 512 MiB. It counts as used memory.
    pub repl_backlog_size: u64,
    /// The hard limit of `client-output-buffer-limit replica`: 10% of `maxmemory`, from 64 MiB to 2 GiB.
    pub replica_output_hard: u64,
    /// Its soft limit, a quarter of the hard one, as in Redis' own default.
    pub replica_output_soft: u64,
    /// Seconds above the soft limit, as in Redis' own default.
    pub replica_output_seconds: u64,
    /// `client-query-buffer-limit`: 1% of `maxmemory`, from 64 to 256 MiB. Redis' default is 1 GiB for each client.
    pub client_query_buffer_limit: u64,
    /// `maxmemory-clients` in per cent of `maxmemory`.
    pub maxmemory_clients_percent: u64,
    /// The least `MemoryHigh=` that does not throttle the server: with a smaller one the kernel throttles and swaps
    /// instead of letting Redis evict.
    pub memory_high: u64,
    /// The least `MemoryMax=` that does not kill the server during a fork.
    pub memory_max: u64,
    /// What a guard never lowers the live `maxmemory` below: a fifth of it. Measured, a build that cannot defragment
    /// needs no less than 0.3 of it under churn of the worst kind.
    pub guard_floor: u64,
}

impl Settings {
    pub(super) fn of(maxmemory: u64, factors: &Factors) -> Self {
        let share = |thousandths: u64, least: u64, most: u64| {
            scale(maxmemory, thousandths).clamp(least, most)
        };
        let hard = share(100, 64 * MIB, 2 * GIB);
        let buffers = Factors::replica_buffer(maxmemory).saturating_mul(factors.replica_buffers);
        let resident = |factor: u64, slack: u64| {
            scale(maxmemory, factor)
                .saturating_add(buffers)
                .saturating_add(slack)
        };
        Self {
            maxmemory,
            active_defrag_ignore_bytes: share(50, 32 * MIB, 512 * MIB),
            repl_backlog_size: share(10, 16 * MIB, 512 * MIB),
            replica_output_hard: hard,
            replica_output_soft: hard / 4,
            replica_output_seconds: 60,
            client_query_buffer_limit: share(10, 64 * MIB, 256 * MIB),
            maxmemory_clients_percent: 5,
            guard_floor: maxmemory / 5,
            memory_high: resident(factors.fragmentation, 64 * MIB),
            memory_max: resident(factors.fragmentation + factors.copy_on_write, 128 * MIB),
        }
    }

    /// The words after `client-output-buffer-limit replica`.
    #[must_use]
    pub fn replica_output_limit(&self) -> String {
        format!(
            "{} {} {}",
            self.replica_output_hard, self.replica_output_soft, self.replica_output_seconds
        )
    }
}
