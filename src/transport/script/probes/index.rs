//! The package manager and the age of its index.

use crate::model::probe::{Observation, PackageIndex, PackageManager};
use crate::transport::script::frames::Frame;

/// The host's clock comes first, then a time for each stamp that is there. All in seconds since 1970.
pub(super) fn parse(frames: &[Frame<'_>]) -> Observation {
    let Some(frame) = frames.iter().find(|frame| frame.label == "index") else {
        return Observation::Failed(String::from("the host said nothing of its package index"));
    };
    let manager = match frame.words.first() {
        Some(&"apt") => Some(PackageManager::Apt),
        Some(&"dnf") => Some(PackageManager::Dnf),
        _ => None,
    };
    let text = String::from_utf8_lossy(frame.body);
    let mut times = text
        .split_whitespace()
        .filter_map(|time| time.parse::<u64>().ok());
    let now = times.next();
    let age = now
        .zip(times.max())
        .map(|(now, newest)| now.saturating_sub(newest));
    Observation::PackageIndex(PackageIndex { manager, age })
}
