//! The formula itself, in whole bytes.

use super::inputs::{Inputs, MemoryLimit};
use super::{Amount, Step};
use crate::redis::units::{GIB, MIB, human};

/// The least and the most that is reserved for one buffer for replicas, in bytes.
const REPLICA_BUFFER: (u64, u64) = (64 * MIB, 2 * GIB);

/// The least and the most that is kept for the operating system, in bytes.
const SYSTEM_RESERVE: (u64, u64) = (192 * MIB, 2 * GIB);

/// What each byte of `maxmemory` costs beside itself. Factors are in thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Factors {
    pub fragmentation: u64,
    pub copy_on_write: u64,
    /// How many buffers for replicas each instance may fill.
    pub replica_buffers: u64,
    largest_share: u64,
    /// This instance's part of what is left for Redis; nothing: all have the same.
    share: Option<u64>,
    instances: u64,
    fragmentation_words: &'static str,
    copy_on_write_words: &'static str,
}

impl Factors {
    pub fn of(inputs: &Inputs) -> Result<Self, String> {
        let overrides = &inputs.overrides;
        let (fragmentation, fragmentation_words) =
            match (overrides.fragmentation_factor, inputs.defragmentation) {
                (Some(factor), _) => (thousandths(factor)?, "set by hand"),
                (None, true) => (1200, "fragmentation with defragmentation at work"),
                (None, false) => (1400, "fragmentation that nothing repairs"),
            };
        let (copy_on_write, copy_on_write_words) = match (
            overrides.copy_on_write_share,
            inputs.forks(),
            inputs.write_heavy,
        ) {
            (Some(share), ..) => (thousandths(share)?, "set by hand"),
            (None, false, _) => (
                0,
                "nothing makes the server fork: no persistence, no replicas",
            ),
            (None, true, false) => (
                250,
                "pages that are written while a fork saves or synchronizes are copied",
            ),
            (None, true, true) => (
                500,
                "many pages are written while a fork saves or synchronizes, and copied",
            ),
        };
        let largest_share = overrides.largest_share.map_or(Ok(750), thousandths)?;
        Ok(Self {
            fragmentation,
            copy_on_write,
            replica_buffers: inputs.replica_buffers(),
            largest_share,
            share: overrides.share.map(thousandths).transpose()?,
            instances: u64::from(inputs.instances),
            fragmentation_words,
            copy_on_write_words,
        })
    }

    /// One instance's part of what all may have, in bytes.
    pub fn part(&self, bytes: u64) -> u64 {
        match self.share {
            Some(share) => scale(bytes, share),
            None => bytes / self.instances,
        }
    }

    /// Whose buffers are counted: all instances', or with shares one instance's out of its own part.
    fn sharing(&self) -> u64 {
        if self.share.is_some() {
            1
        } else {
            self.instances
        }
    }

    /// Bytes for one buffer for replicas.
    pub fn replica_buffer(maxmemory: u64) -> u64 {
        (maxmemory / 10).clamp(REPLICA_BUFFER.0, REPLICA_BUFFER.1)
    }

    /// Bytes that one instance may come to need.
    pub fn needed(&self, maxmemory: u64) -> u64 {
        let data = scale(maxmemory, self.fragmentation + self.copy_on_write);
        data.saturating_add(Self::replica_buffer(maxmemory).saturating_mul(self.replica_buffers))
    }

    /// The largest `maxmemory` whose need fits into `room` bytes. The buffer for replicas depends on the result: its
    /// least size is tried first, then the share that grows with it, then its most.
    fn largest(&self, room: u64) -> u64 {
        let per_byte = self.fragmentation + self.copy_on_write;
        let fixed = |buffer: u64| {
            divide(
                room.saturating_sub(buffer.saturating_mul(self.replica_buffers)),
                per_byte,
            )
        };
        let (least, most) = REPLICA_BUFFER;
        let with_least = fixed(least);
        let with_share = divide(room, per_byte + 100 * self.replica_buffers);
        if with_least / 10 <= least {
            with_least
        } else if with_share / 10 <= most {
            with_share
        } else {
            fixed(most)
        }
    }
}

/// What one limit leaves for Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Budget {
    limit: MemoryLimit,
    system: u64,
    page_tables: u64,
    /// Bytes left for all instances, with everything they cost.
    pub room: u64,
    by_need: u64,
    cap: u64,
    /// Bytes for each instance, whole MiB.
    pub maxmemory: u64,
}

impl Budget {
    /// The budget of the limit that leaves the least.
    pub fn tightest(inputs: &Inputs, factors: &Factors) -> Self {
        let ram = Self::of(inputs.all_limits().swap_remove(0), inputs, factors);
        let others = inputs
            .all_limits()
            .into_iter()
            .skip(1)
            .map(|limit| Self::of(limit, inputs, factors));
        others.fold(ram, |tightest, budget| {
            if budget.maxmemory < tightest.maxmemory {
                budget
            } else {
                tightest
            }
        })
    }

    fn of(limit: MemoryLimit, inputs: &Inputs, factors: &Factors) -> Self {
        let memory = limit.bytes;
        let usual = scale(memory, 60).clamp(SYSTEM_RESERVE.0, SYSTEM_RESERVE.1);
        let system = inputs.overrides.system_reserve.unwrap_or(usual);
        let page_tables = scale(memory, if inputs.forks() { 4 } else { 2 });
        let room = memory
            .saturating_sub(system)
            .saturating_sub(page_tables)
            .saturating_sub(limit.other_resident_bytes);
        let by_need = factors.largest(factors.part(room));
        let cap = factors.part(scale(memory, factors.largest_share));
        let maxmemory = by_need.min(cap) / MIB * MIB;
        Self {
            limit,
            system,
            page_tables,
            room,
            by_need,
            cap,
            maxmemory,
        }
    }

    /// How it came about, in words.
    pub fn steps(&self, inputs: &Inputs, factors: &Factors) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut step = |label: &str, formula: String, amount| {
            steps.push(Step {
                label: label.to_owned(),
                formula,
                amount,
            });
        };
        let bytes = Amount::Bytes;
        step(
            "memory that counts",
            self.memory_words(inputs),
            bytes(self.limit.bytes),
        );
        let system_words = if inputs.overrides.system_reserve.is_some() {
            "set by hand".to_owned()
        } else {
            format!(
                "6% of it, at least {} and at most {}",
                human(SYSTEM_RESERVE.0),
                human(SYSTEM_RESERVE.1)
            )
        };
        step("kept for the system", system_words, bytes(self.system));
        let page_table_words = if inputs.forks() {
            "0.2% of it, and as much again for a fork"
        } else {
            "0.2% of it"
        };
        step(
            "page tables",
            page_table_words.to_owned(),
            bytes(self.page_tables),
        );
        step(
            "other processes",
            "what they have resident now".to_owned(),
            bytes(self.limit.other_resident_bytes),
        );
        step(
            "left for Redis",
            "the first less the three after it".to_owned(),
            bytes(self.room),
        );
        let buffers = factors.replica_buffers * factors.sharing();
        if buffers > 0 {
            let (least, most) = REPLICA_BUFFER;
            let size = format!(
                "10% of maxmemory, at least {} and at most {}",
                human(least),
                human(most)
            );
            let words = if buffers == 1 {
                size
            } else {
                format!("{buffers} times {size}")
            };
            step(
                "buffers for replicas",
                words,
                bytes(buffers * Factors::replica_buffer(self.maxmemory)),
            );
        }
        step(
            "fragmentation",
            factors.fragmentation_words.to_owned(),
            Amount::Thousandths(factors.fragmentation),
        );
        step(
            "copies of a fork",
            factors.copy_on_write_words.to_owned(),
            Amount::Thousandths(factors.copy_on_write),
        );
        let whose = factors.share.map_or_else(
            || "what is left for Redis".to_owned(),
            |share| {
                format!(
                    "this instance's {} of what is left for Redis",
                    percent(share)
                )
            },
        );
        let minus_buffers = if buffers > 0 {
            format!("{whose} less the buffers")
        } else {
            whose
        };
        let share = match (factors.share, inputs.instances) {
            (Some(share), _) => format!(", of which this instance has {}", percent(share)),
            (None, 1) => String::new(),
            (None, instances) => format!(", shared by {instances} instances"),
        };
        let divided = if factors.share.is_some() { "" } else { &share };
        let divisor = Amount::Thousandths(factors.fragmentation + factors.copy_on_write);
        step(
            "by need",
            format!("{minus_buffers}, divided by {divisor}{divided}"),
            bytes(self.by_need),
        );
        step(
            "by share",
            format!(
                "{} of the memory that counts{share}",
                percent(factors.largest_share)
            ),
            bytes(self.cap),
        );
        step(
            "maxmemory",
            "the smaller of the two, in whole MiB".to_owned(),
            bytes(self.maxmemory),
        );
        steps
    }

    fn memory_words(&self, inputs: &Inputs) -> String {
        let limits = inputs.all_limits();
        if let [only] = limits.as_slice() {
            return only.source.clone();
        }
        let all: Vec<String> = limits
            .iter()
            .map(|limit| format!("{} {}", limit.source, human(limit.bytes)))
            .collect();
        format!("{}, the tightest of: {}", self.limit.source, all.join(", "))
    }
}

/// `bytes` times a factor in thousandths, rounded down.
pub(super) fn scale(bytes: u64, thousandths: u64) -> u64 {
    u64::try_from(u128::from(bytes) * u128::from(thousandths) / 1000).unwrap_or(u64::MAX)
}

/// `bytes` divided by a factor in thousandths, rounded down.
fn divide(bytes: u64, thousandths: u64) -> u64 {
    u64::try_from(u128::from(bytes) * 1000 / u128::from(thousandths.max(1))).unwrap_or(u64::MAX)
}

fn percent(thousandths: u64) -> String {
    if thousandths.is_multiple_of(10) {
        format!("{}%", thousandths / 10)
    } else {
        format!("{}.{}%", thousandths / 10, thousandths % 10)
    }
}

/// A factor in thousandths.
fn thousandths(factor: f64) -> Result<u64, String> {
    // By way of text, which refuses what a cast would silently bend: negative, infinite and no numbers.
    format!("{:.0}", factor * 1000.0)
        .parse()
        .map_err(|_| format!("{factor} is no factor"))
}
