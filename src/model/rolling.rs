//! How a play goes over its hosts: in which waves, and how much may go wrong, as its keywords say it.

use serde::{Deserialize, Serialize};

use super::node::Node;
use super::playbook::Item;
use super::source::At;

/// The keywords of a play that are about its hosts as a whole.
#[derive(Clone, Debug, Default)]
pub struct Rolling {
    /// The sizes of the waves; the last one repeats. None: one wave.
    pub serial: Vec<Batch>,
    pub order: Order,
    /// Variables of which no two hosts of a wave may have the same value.
    pub spread_by: Vec<Named>,
    /// A pattern of hosts that come first, in waves of their own.
    pub canary: Option<Node>,
    pub limits: Limits,
    pub on_failure: OnFailure,
    /// What stands behind each wave, one after another.
    pub gates: Vec<Gate>,
}

/// What has to hold before the next wave begins.
#[derive(Clone, Debug)]
pub struct Gate {
    pub at: At,
    /// Whether the play's post-checks are asked again.
    pub post_checks: bool,
    /// The check that compares servers with what they were before the wave.
    pub redis: Option<Item>,
    /// How often more all of it is tried until it holds, and seconds between two tries.
    pub retries: u64,
    pub delay: u64,
    /// Seconds for which it has to go on holding, and seconds between two looks.
    pub soak: u64,
    pub every: u64,
    pub command: Option<GateCommand>,
    /// What a person is asked.
    pub pause: Option<String>,
}

/// A program of the user's on this machine; it lets the run pass by ending with 0.
#[derive(Clone, Debug)]
pub struct GateCommand {
    pub argv: Vec<String>,
    /// Seconds.
    pub time_limit: u64,
}

/// How many hosts may fail, be unreachable or fail their post-checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Percent of a wave.
    pub max_fail_percentage: Option<f64>,
    /// Of the whole run.
    pub max_fail: Option<Batch>,
    pub any_errors_fatal: bool,
}

/// What is done when the budget is spent, or a gate lets nobody pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    #[default]
    Stop,
    /// What was done to the hosts of the wave is taken back.
    RollbackWave,
    /// What was done to all hosts of the run is taken back.
    RollbackRun,
}

/// A number of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Batch {
    Hosts(usize),
    Percent(f64),
}

/// In which order hosts are cut into waves.
#[derive(Clone, Debug, Default)]
pub enum Order {
    #[default]
    Inventory,
    ReverseInventory,
    Sorted,
    ReverseSorted,
    /// The same all day, so that an apply does what a plan said.
    Shuffle,
    /// By the values of variables; hosts with the same values keep the inventory's order.
    By(Vec<Named>),
}

/// The name of a variable, and where it was written.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub at: At,
}

/// At most so many hosts of a wave carry out a task at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    pub hosts: usize,
    /// Tasks that have it from the same place share it.
    pub at: At,
}
