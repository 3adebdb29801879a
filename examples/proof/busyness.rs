//! How busy the machine is that the figures come from.

use std::fs;

/// Mean number of processes that ran or wanted to, over the last minute.
pub fn of_last_minute() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .unwrap_or("unknown")
        .to_owned()
}
