//! What the client reports (`examples/churn`), as far as it is used here. The whole reports are kept as files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What INFO said at a moment. Memory in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub process_id: u64,
    pub used_memory: u64,
    pub allocator_allocated: u64,
    pub allocator_active: u64,
    pub maxmemory: u64,
    pub evicted_keys: u64,
}

/// Waiting times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Waits {
    pub median_ms: f64,
    pub p999_ms: f64,
    pub worst_ms: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub size: u64,
    pub sets_per_second: f64,
    pub batches: Waits,
    pub probes: Waits,
    pub end: Option<Sample>,
}

/// Of `churn shift`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    pub server: String,
    pub ended: String,
    pub seconds: f64,
    pub sets: u64,
    pub errors: BTreeMap<String, u64>,
    pub batches: Waits,
    pub probes: Waits,
    pub lateness: Waits,
    pub phases: Vec<Phase>,
    pub samples: Vec<Sample>,
}

/// Of `churn steady`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    pub server: String,
    pub reads: u64,
    pub writes: u64,
    pub misses: u64,
    pub errors: BTreeMap<String, u64>,
    pub longest_away_ms: f64,
    pub latencies: Waits,
    pub samples: Vec<Sample>,
}

/// Of `churn fill`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    pub keys: u64,
    pub errors: u64,
}

/// Of `churn check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub keys: u64,
    pub present: u64,
    pub missing: u64,
    pub wrong: u64,
}

/// Below this much data the allocator's share of waste says nothing. Bytes.
const LEAST_DATA: u64 = 32 << 20;

/// The most that the allocator held for each byte that it had given out. Valkey's own figure is a constant where the
/// build cannot defragment, so it is computed.
pub fn worst_fragmentation(samples: &[Sample]) -> Option<f64> {
    let large = samples
        .iter()
        .filter(|sample| sample.allocator_allocated >= LEAST_DATA);
    large
        .map(|sample| ratio(sample.allocator_active, sample.allocator_allocated))
        .max_by(f64::total_cmp)
}

/// Whether one process answered all the time.
pub fn is_one_process(samples: &[Sample]) -> bool {
    samples
        .windows(2)
        .all(|pair| pair[0].process_id == pair[1].process_id)
}

#[allow(clippy::cast_precision_loss, reason = "a ratio for a person")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragmentation_of_little_data_is_passed_over() {
        let sample = |allocated: u64, active: u64| Sample {
            allocator_allocated: allocated,
            allocator_active: active,
            ..Sample::default()
        };
        let samples = [sample(1 << 20, 9 << 20), sample(64 << 20, 96 << 20)];
        assert_eq!(worst_fragmentation(&samples), Some(1.5));
        assert_eq!(worst_fragmentation(&samples[..1]), None);
    }

    #[test]
    fn a_restart_is_seen() {
        let of = |process_id| Sample {
            process_id,
            ..Sample::default()
        };
        assert!(is_one_process(&[of(7), of(7)]));
        assert!(!is_one_process(&[of(7), of(7), of(9)]));
    }
}
