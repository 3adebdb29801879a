//! How long clients waited.

use std::time::Duration;

use serde::Serialize;

/// Waiting times, in microseconds, each with the phase it fell into.
#[derive(Default)]
pub struct Latencies(Vec<(usize, u32)>);

/// Waiting times in milliseconds.
#[derive(Serialize)]
pub struct Summary {
    pub count: usize,
    pub median_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub worst_ms: f64,
    /// How many were longer than 10 and than 100 ms.
    pub above_10_ms: usize,
    pub above_100_ms: usize,
}

impl Latencies {
    pub fn add(&mut self, phase: usize, waited: Duration) {
        self.0
            .push((phase, u32::try_from(waited.as_micros()).unwrap_or(u32::MAX)));
    }

    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn summary(&self) -> Summary {
        summary(self.0.iter().map(|(_, waited)| *waited).collect())
    }

    pub fn summary_of(&self, phase: usize) -> Summary {
        let of_phase = self.0.iter().filter(|(of, _)| *of == phase);
        summary(of_phase.map(|(_, waited)| *waited).collect())
    }
}

fn summary(mut waited: Vec<u32>) -> Summary {
    waited.sort_unstable();
    // The share is given in thousandths: at 999, one in a thousand waited longer.
    let at = |thousandths: usize| {
        let place = (waited.len() * thousandths / 1000).min(waited.len().saturating_sub(1));
        waited.get(place).map_or(0.0, |found| milliseconds(*found))
    };
    let above = |limit: u32| waited.len() - waited.partition_point(|one| *one <= limit);
    Summary {
        count: waited.len(),
        median_ms: at(500),
        p99_ms: at(990),
        p999_ms: at(999),
        worst_ms: at(1000),
        above_10_ms: above(10_000),
        above_100_ms: above(100_000),
    }
}

fn milliseconds(microseconds: u32) -> f64 {
    f64::from(microseconds) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_keeps_the_worst_and_tells_phases_apart() {
        let mut latencies = Latencies::default();
        for milliseconds in 1..=1000 {
            latencies.add(0, Duration::from_millis(milliseconds));
        }
        latencies.add(1, Duration::from_secs(2));
        let first = latencies.summary_of(0);
        assert_eq!((first.count, first.above_100_ms), (1000, 900));
        assert!((first.median_ms - 501.0).abs() < 0.01);
        assert!((first.worst_ms - 1000.0).abs() < 0.01);
        assert!((latencies.summary().worst_ms - 2000.0).abs() < 0.01);
    }

    #[test]
    fn nothing_measured_is_no_time() {
        let none = Latencies::default().summary();
        assert_eq!(none.count, 0);
        assert!(none.worst_ms < f64::EPSILON);
    }
}
