//! The costs as a table, and whether they are what they should be.

use std::fmt::Write;

use anyhow::{Result, bail};

use crate::experiment::{machine, today};
use crate::run::Cost;

/// Seconds that the largest fleet may take, and bytes that it may need.
const MOST_TIME: f64 = 300.0;
const MOST_MEMORY: u64 = 1 << 30;

/// How much more a host of a large fleet may cost than one of a small.
const MOST_GROWTH: f64 = 1.10;

pub fn line(cost: &Cost) -> String {
    format!(
        "{} hosts, {}: {:.1} s, {:.1} s of CPU, {} MiB",
        cost.hosts,
        cost.phase.name(),
        cost.time,
        cost.cpu,
        cost.memory >> 20
    )
}

pub fn page(costs: &[Cost]) -> String {
    let mut text = String::from(
        "| hosts | what | time, s | CPU per host, ms | memory, MiB | output, KiB | different scripts |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for cost in costs {
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {:.2} | {} | {} | {} |",
            cost.hosts,
            cost.phase.name(),
            cost.time,
            each(cost) * 1000.0,
            cost.memory >> 20,
            cost.output.div_ceil(1024),
            cost.scripts,
        );
    }
    let _ = writeln!(text, "\nOn {} ({}).", machine::description(), today());
    text
}

/// # Errors
/// What is more than it should be.
pub fn judge(costs: &[Cost]) -> Result<()> {
    let mut wrong = Vec::new();
    for cost in costs {
        if cost.time > MOST_TIME {
            wrong.push(format!("{}: more than {MOST_TIME} s", line(cost)));
        }
        if cost.memory > MOST_MEMORY {
            wrong.push(format!(
                "{}: more than {} MiB",
                line(cost),
                MOST_MEMORY >> 20
            ));
        }
        let least = costs.iter().filter(|other| other.phase == cost.phase);
        if let Some(least) = least.min_by_key(|other| other.hosts)
            && each(cost) > each(least) * MOST_GROWTH
        {
            wrong.push(format!(
                "{}: a host costs {:.2} times what one of {} does",
                line(cost),
                each(cost) / each(least),
                least.hosts
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!(wrong.join("\n"))
}

/// Seconds of CPU that a host costs.
fn each(cost: &Cost) -> f64 {
    let hosts = u32::try_from(cost.hosts).unwrap_or(u32::MAX);
    cost.cpu / f64::from(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Phase;

    fn cost(hosts: usize, cpu: f64) -> Cost {
        Cost {
            hosts,
            phase: Phase::Plan,
            time: cpu,
            cpu,
            memory: 1 << 20,
            output: 2000,
            scripts: 3,
        }
    }

    #[test]
    fn a_cost_that_grows_with_the_fleet_is_too_much() {
        assert!(judge(&[cost(1000, 1.0), cost(10_000, 10.9)]).is_ok());
        let error = judge(&[cost(1000, 1.0), cost(10_000, 12.0)]).unwrap_err();
        assert!(error.to_string().contains("1.20 times"), "{error}");
        assert!(judge(&[cost(100_000, 301.0)]).is_err());
        let large = Cost {
            memory: MOST_MEMORY + 1,
            ..cost(1000, 1.0)
        };
        assert!(judge(&[large]).is_err());
    }

    #[test]
    fn the_page_has_a_row_for_each_run() {
        let page = page(&[cost(1000, 2.0)]);
        assert!(
            page.contains("| 1000 | plan | 2.0 | 2.00 | 1 | 2 | 3 |"),
            "{page}"
        );
    }
}
