//! A host before it has a wave.

use serde::{Deserialize, Serialize};

/// What planning waves has to know of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub name: String,
    /// Hosts of a lower stage come first, and no wave has hosts of two stages: canaries are a stage of their own.
    pub stage: usize,
    /// Values of variables by which hosts are ordered.
    pub by: Vec<String>,
    /// Values of variables of which no two hosts of a wave may have the same; the same variables for all hosts, in the
    /// same order. Hosts that share one keep their order.
    pub spread: Vec<String>,
}

impl Candidate {
    /// A host that nothing is known of but its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}
