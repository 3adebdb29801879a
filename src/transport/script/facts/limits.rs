//! Limits of control groups: memory and processor time.

use super::record::Records;
use crate::model::facts::{Facts, MemoryLimit};

/// Version 1 has no word for "no limit": it shows the largest multiple of a page that fits 63 bits. No machine has
/// an exbibyte, so anything above is taken for that.
const UNLIMITED: u64 = 1 << 60;

/// Comes after the servers, whose units it needs to know.
pub(super) fn read(records: &Records, facts: &mut Facts) {
    let lines: Vec<(&str, &str)> = records
        .get("limits")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.rsplit_once(':'))
        .collect();
    facts.memory.limits = memory_limits(&lines, facts);
    facts.memory.limits.extend(limits_of_stopped_units(records));
    facts.processor_quota = processor_quota(&lines);
}

fn memory_limits(lines: &[(&str, &str)], facts: &Facts) -> Vec<MemoryLimit> {
    let mut limits: Vec<MemoryLimit> = Vec::new();
    // A sum over everything above, also above what can be seen from inside a container: one place is enough.
    let mut highest: Option<(&str, u64)> = None;
    for (path, value) in lines {
        let Some((directory, file)) = path.rsplit_once('/') else {
            continue;
        };
        match file {
            "memory.max" | "memory.high" | "memory.limit_in_bytes" => {
                if let Some(bytes) = finite(value) {
                    limits.push(MemoryLimit {
                        path: (*path).to_owned(),
                        bytes,
                        unit: unit_of(directory, facts),
                    });
                }
            }
            "memory.stat" => {
                let bytes = value
                    .strip_prefix("hierarchical_memory_limit ")
                    .and_then(finite);
                if let Some(bytes) = bytes
                    && highest.is_none_or(|(known, _)| path.len() < known.len())
                {
                    highest = Some((path, bytes));
                }
            }
            _ => {}
        }
    }
    if let Some((path, bytes)) = highest
        && limits.iter().all(|limit| limit.bytes > bytes)
    {
        limits.push(MemoryLimit {
            path: path.to_owned(),
            bytes,
            unit: String::new(),
        });
    }
    limits
}

fn finite(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < UNLIMITED)
}

/// The server's unit whose own group a directory is.
fn unit_of(directory: &str, facts: &Facts) -> String {
    let name = directory.rsplit('/').next().unwrap_or_default();
    let known = facts
        .redis_instances
        .iter()
        .any(|instance| instance.unit == name);
    if known {
        name.to_owned()
    } else {
        String::new()
    }
}

/// A unit that does not run has no control group yet; its limits are among its properties.
fn limits_of_stopped_units(records: &Records) -> Vec<MemoryLimit> {
    let mut limits = Vec::new();
    for unit in super::servers::units(records) {
        if unit.active == "active" {
            continue;
        }
        for name in ["MemoryMax", "MemoryHigh", "MemoryLimit"] {
            if let Some(bytes) = unit.property(name).and_then(finite) {
                limits.push(MemoryLimit {
                    path: format!("{} {name}", unit.name),
                    bytes,
                    unit: unit.name.to_owned(),
                });
            }
        }
    }
    limits
}

/// The smallest share of processor time above the servers, in processors.
fn processor_quota(lines: &[(&str, &str)]) -> Option<f64> {
    let period_of = |directory: &str| {
        lines
            .iter()
            .find(|(path, _)| path.strip_suffix("/cpu.cfs_period_us") == Some(directory))
            .and_then(|(_, value)| value.trim().parse::<f64>().ok())
    };
    lines
        .iter()
        .filter_map(|(path, value)| {
            let (directory, file) = path.rsplit_once('/')?;
            let (quota, period) = match file {
                "cpu.max" => {
                    let (quota, period) = value.split_once(' ')?;
                    (
                        quota.parse::<f64>().ok()?,
                        period.trim().parse::<f64>().ok()?,
                    )
                }
                "cpu.cfs_quota_us" => (value.trim().parse::<f64>().ok()?, period_of(directory)?),
                _ => return None,
            };
            (quota > 0.0 && period > 0.0).then_some(quota / period)
        })
        .min_by(f64::total_cmp)
}
