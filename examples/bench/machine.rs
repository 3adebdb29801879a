//! The machine that the figures come from.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use crate::experiment;

/// Seconds of CPU that everybody on this machine has used, at any priority.
pub fn busy() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("/proc/stat")?;
    let ticks = line
        .split_whitespace()
        .skip(1)
        .take(8)
        .map(str::parse::<u32>);
    let ticks = ticks.collect::<Result<Vec<_>, _>>().context("/proc/stat")?;
    // Without idle and waiting for disks. The kernel tells all of it in hundredths.
    let busy = ticks
        .iter()
        .enumerate()
        .filter(|(place, _)| !matches!(place, 3 | 4));
    Ok(busy.map(|(_, ticks)| f64::from(*ticks)).sum::<f64>() / 100.0)
}

pub fn cores() -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    f64::from(u32::try_from(cores).unwrap_or(1))
}

/// One line: processor, cores, memory, kernel, OpenSSH.
pub fn description() -> String {
    let ssh = Command::new("ssh").arg("-V").output();
    let ssh = ssh.map(|said| String::from_utf8_lossy(&said.stderr).trim().to_owned());
    format!(
        "{}, {}",
        experiment::machine::description(),
        ssh.unwrap_or_default()
    )
}
