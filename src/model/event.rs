//! What happens during a run. Views and the journal are made of these, and of nothing else.
//!
//! To add an event: add a variant here, emit it in `engine`, render it in `view::terminal`, describe it in
//! `docs/events.md`. A new field needs a default, so that older records still read; a changed meaning needs a new
//! [`VERSION`].

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind, Difference};
use super::fingerprint::Fingerprint;
use super::impact::Impact;
use super::replication::Shard;
use super::value::Unknown;

/// The version of the event format; the first event of every stream tells it.
pub const VERSION: u32 = 1;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    RunStarted(RunStarted),
    PlayStarted {
        play: usize,
        name: String,
        hosts: Vec<String>,
    },
    /// The servers of a play's hosts are known: before its first wave, in plays that ask for it.
    TopologyFound {
        play: usize,
        /// Those with more than one server.
        shards: Vec<Shard>,
        /// Hosts in the order in which they are changed.
        order: Vec<String>,
        warnings: Vec<String>,
    },
    /// A replica has taken over from a primary.
    FailedOver(FailedOver),
    /// In a plan: the waves in which an apply would go over the hosts, where there is more than one or a gate.
    WavesPlanned {
        play: usize,
        waves: Vec<Vec<String>>,
        /// What is asked behind each wave, in words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gates: Vec<String>,
    },
    WaveStarted {
        play: usize,
        /// Counted from 1.
        number: usize,
        of: usize,
        hosts: Vec<String>,
    },
    /// A host answered for the first time.
    HostReached {
        host: String,
    },
    /// A task is settled on a host: predicted in a plan, done in an apply.
    TaskEnded(Box<TaskReport>),
    HostEnded(HostReport),
    /// What stands behind a wave is asked.
    GateStarted {
        play: usize,
        /// Both counted from 1.
        wave: usize,
        gate: usize,
        hosts: Vec<String>,
    },
    GateEnded(GateEnded),
    /// What was done is taken back, because the run was stopped and the playbook wants that.
    RollbackStarted {
        play: usize,
        /// Whose changes are taken back.
        hosts: Vec<String>,
    },
    /// Something about a host that a person should know, and that ends nothing.
    HostNoted {
        host: String,
        message: String,
    },
    /// No further wave or play begins, and why.
    Stopped {
        reason: String,
    },
    RunEnded(RunEnded),
}

/// How a replica took over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedOver {
    /// The old primary's host.
    pub host: String,
    /// `ADDRESS:PORT` of the new primary.
    pub to: String,
    /// From the last write that the old primary took to the first that the new one could take.
    pub stall_milliseconds: u64,
    /// What did not go as it should: sentences without a full stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What came of a gate: the run goes on where there are no failures and no refusal, or where its budget allows the
/// failures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateEnded {
    pub play: usize,
    /// Both counted from 1.
    pub wave: usize,
    pub gate: usize,
    /// How often hosts were looked at.
    pub looks: usize,
    pub seconds: u64,
    /// Hosts on which it does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<HostFailure>,
    /// Why the run may not go on, whatever its budget allows: the command's word, or a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Why something does not hold on a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostFailure {
    pub host: String,
    pub failure: ShownFailure,
}

/// What kind of run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is changed.
    Plan,
    Apply,
    /// Only post-checks; nothing is changed.
    Verify,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    pub version: u32,
    /// Names the run in the journal.
    pub run: String,
    /// RFC 3339, UTC.
    pub time: String,
    pub mode: Mode,
    pub playbook: String,
    pub inventories: Vec<String>,
    pub hosts: usize,
    /// The version of the program.
    pub program: String,
    #[serde(default)]
    pub user: String,
    /// The run that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<String>,
    /// Why freeze windows do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_freeze: Option<String>,
}

/// Which task; the same on all hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    /// The play, counted from 0.
    pub play: usize,
    /// Its place in the play, in the order of a walk through it: section, item, item of a block, ...
    pub path: Vec<usize>,
}

/// A task's outcome on one host (for a loop: on one item of it).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    pub host: String,
    pub task: TaskId,
    pub name: String,
    pub module: String,
    /// `file:line:column`.
    pub at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The item of a loop, as its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    pub kind: TaskKind,
    pub status: TaskStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ShownChange>,
    /// A line for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<crate::model::event::ShownFailure>,
    /// Handlers that it notified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notified: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<ShownCheck>,
    /// It failed, and `ignore_errors` or `rescue` made that good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
    /// On whose behalf it ran elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_to: Option<String>,
    /// How long its steps took on the host.
    #[serde(default)]
    pub milliseconds: u64,
    /// In a plan that is saved or held against a saved one: the fingerprint of its changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Fingerprint>,
}

impl TaskReport {
    /// A report of which nothing more is to be told. `at`: `file:line:column`.
    pub fn new(
        host: &str,
        task: TaskId,
        name: &str,
        module: &str,
        at: String,
        status: TaskStatus,
    ) -> Self {
        Self {
            host: host.to_owned(),
            task,
            name: name.to_owned(),
            module: module.to_owned(),
            at,
            role: None,
            item: None,
            kind: TaskKind::Task,
            status,
            changes: Vec::new(),
            message: None,
            failure: None,
            notified: Vec::new(),
            checks: Vec::new(),
            ignored: false,
            delegated_to: None,
            milliseconds: 0,
            decided: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    Task,
    Handler,
    PostCheck,
}

/// How a task came out on a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// As it should be.
    Ok,
    /// Changed, or in a plan: would be changed.
    Changed,
    /// Its condition does not hold.
    Skipped,
    Failed,
    /// In a plan: known only after something has been applied; the text completes "known after ...".
    Unknown(String),
}

impl TaskStatus {
    pub fn unknown(unknown: &Unknown) -> Self {
        Self::Unknown(unknown.reason.to_string())
    }
}

/// A change as it is shown and recorded in events: without its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownChange {
    pub kind: ChangeKind,
    pub resource: String,
    pub difference: Difference,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What it does to those who use the server meanwhile.
    #[serde(default, skip_serializing_if = "Impact::is_live")]
    pub impact: Impact,
}

impl From<&Change> for ShownChange {
    fn from(change: &Change) -> Self {
        Self {
            kind: change.kind,
            resource: change.resource.clone(),
            difference: change.difference.clone(),
            notes: change.notes.clone(),
            impact: Impact::of(change),
        }
    }
}

/// Why something failed, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShownFailure {
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
}

/// One thing that a post-check found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShownCheck {
    pub name: String,
    /// `passed`, `warned`, `failed` or `not_applicable`.
    pub status: String,
    pub expected: String,
    pub found: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// How a play ended on a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostReport {
    pub host: String,
    pub play: usize,
    pub status: HostStatus,
    pub counts: Counts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ShownFailure>,
    /// Handlers that were earned and could not be run; a note on the host makes the next run do so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_handlers: Vec<String>,
    pub connections: u32,
    pub round_trips: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostStatus {
    Done,
    Failed,
    Unreachable,
    /// The run was stopped before or while it ran.
    Interrupted,
    /// Nothing was done on it, because somebody else keeps it or it is not as it was planned from.
    Refused,
}

/// How many tasks came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub ok: usize,
    pub changed: usize,
    pub skipped: usize,
    pub failed: usize,
    pub ignored: usize,
    pub unknown: usize,
}

impl Counts {
    /// Counts one report.
    pub fn add(&mut self, report: &TaskReport) {
        match &report.status {
            TaskStatus::Ok => self.ok += 1,
            TaskStatus::Changed => self.changed += 1,
            TaskStatus::Skipped => self.skipped += 1,
            TaskStatus::Failed if report.ignored => self.ignored += 1,
            TaskStatus::Failed => self.failed += 1,
            TaskStatus::Unknown(_) => self.unknown += 1,
        }
    }

    /// Adds another host's or play's.
    pub fn merge(&mut self, other: &Self) {
        self.ok += other.ok;
        self.changed += other.changed;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.unknown += other.unknown;
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnded {
    pub run: String,
    pub time: String,
    pub counts: Counts,
    pub hosts: usize,
    pub failed: Vec<String>,
    pub unreachable: Vec<String>,
    pub interrupted: Vec<String>,
    /// Hosts on which nothing was done, because somebody else keeps them or they are not as they were planned from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Hosts that no wave came to.
    pub not_reached: Vec<String>,
    /// Hosts with changes, made or to be made.
    pub changed: Vec<String>,
    /// The failover during which writes waited longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_stall: Option<FailedOver>,
    /// Hosts of which all that was done was taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rolled_back: Vec<String>,
    /// Whether all was taken back that the playbook wanted taken back; not there where nothing was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<bool>,
}
