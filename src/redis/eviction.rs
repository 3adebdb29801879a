//! How a limit of memory is lowered below what a server uses: slowly, because every evicted key is a request that
//! reaches whatever stands behind the cache.

use super::info::Info;
use super::version::{Server, Version};
use crate::model::step::Pace;
use crate::redis::units::MIB;

/// One step on Redis before 6.2, which evicts within CONFIG SET and answers nobody meanwhile (redis#2716). Bytes.
const MOST_AT_A_STRETCH: u64 = 32 * MIB;

/// Arithmetic of a shell has 63 bits.
const NO_LIMIT: u64 = 1 << 60;

/// A cache of any size can lose this many keys a second unnoticed.
const FEWEST_EVICTIONS: u64 = 1000;

/// Per cent of the used memory that one step takes by default.
pub const USUAL_STEP: u64 = 2;

/// What somebody says about how fast it goes; what is `None` follows from the server.
#[derive(Debug, Clone, Copy)]
pub struct Haste {
    /// Per cent of the used memory that one step may take.
    pub step: u64,
    pub evictions_per_second: Option<u64>,
    /// Seconds after which it is stopped.
    pub within: Option<u64>,
}

impl Default for Haste {
    fn default() -> Self {
        Self {
            step: USUAL_STEP,
            evictions_per_second: None,
            within: None,
        }
    }
}

/// Bytes of a server that count against its limit.
#[must_use]
pub fn counted_memory(info: &Info) -> u64 {
    let used = info.bytes("used_memory").unwrap_or(0);
    let uncounted = info.bytes("mem_not_counted_for_evict").unwrap_or(0);
    used.saturating_sub(uncounted)
}

/// Bytes that one evicted key gives back, about. Tables do not shrink with their keys, so it is near a key's share of
/// the data alone; where that is a little less, more evictions are announced than will be.
#[must_use]
pub fn average_key(info: &Info) -> u64 {
    let used = counted_memory(info);
    let data = info.bytes("used_memory_dataset").unwrap_or(used);
    (data.min(used) / info.keys().total.max(1)).max(1)
}

/// How the limit is lowered to `to` bytes. Evictions are counted in keys, steps in bytes.
#[must_use]
pub fn pace(info: &Info, server: Option<Server>, to: u64, haste: Haste) -> Pace {
    let used = counted_memory(info);
    let rate = haste
        .evictions_per_second
        .unwrap_or_else(|| FEWEST_EVICTIONS.max(info.keys().total / 100));
    let at_a_stretch = match server {
        Some(server) if server.version >= Version::new(6, 2, 0) => NO_LIMIT,
        _ => MOST_AT_A_STRETCH,
    };
    let most_bytes = rate
        .saturating_mul(average_key(info))
        .clamp(1, at_a_stretch);
    let step = (used / 100).saturating_mul(haste.step).clamp(1, most_bytes);
    // Each step takes a second at least, and later ones are smaller than the first.
    let usual = 2 * (used.saturating_sub(to) / step + 1);
    Pace {
        to,
        percent: haste.step,
        most_bytes,
        evictions_per_second: rate,
        time_limit: haste.within.unwrap_or(60 + 4 * usual),
    }
}
