//! What is kept on a host: the last run that changed it, and notes of what it is still owed.
//!
//! All of it is below `/var/lib/cachesmith`, and is written in the script that makes the changes, before the first of
//! them. Where root cannot note what a change will owe, the change is not made: a full disk would end the run behind it,
//! and no later run would know of the restart. A session that is not root's writes nothing.

use sha2::{Digest, Sha256};

use crate::model::step::{Action, Outcome, Step, StepStatus};
use crate::module::Failure;

/// Notes of handlers and restarts that a host is owed, one file for each play; gone when none is.
const OWED: &str = "/var/lib/cachesmith/pending";

/// Names a play, or the rollback of a run, on a host: no name can be a bad file name.
pub(super) fn key(name: &str) -> String {
    Sha256::digest(name.as_bytes())
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Where what is owed under a key is noted.
pub(super) fn path(key: &str) -> String {
    format!("{OWED}/{key}")
}

/// The run that changes a host, as the host keeps it.
#[derive(Clone, Debug, Default)]
pub struct RunOnHost {
    pub run: String,
    /// Who started it: `user@machine`.
    pub by: String,
    /// `apply redis-cache`, `rollback of RUN`.
    pub what: String,
}

/// Puts down the run, at once, and what is owed under a key where anything is. `None`: the run is put down already.
pub(super) fn write(run: Option<&RunOnHost>, key: &str, owed: &[String]) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(RunOnHost { run, by, what }) = run.cloned() {
        steps.push(Step::new(Action::RecordRun { run, by, what }));
    }
    if !owed.is_empty() {
        steps.push(Step::new(Action::KeepNote {
            path: path(key),
            lines: owed.to_vec(),
            by_root_alone: true,
        }));
    }
    steps
}

/// What ended a script before its first change: what is owed could not be put down. `before`: the steps of notes that
/// stood first in it.
pub(super) fn failure(before: &[Step], outcomes: &[Outcome]) -> Option<Failure> {
    let mut noted = before.iter().zip(outcomes);
    let (_, outcome) = noted.find(|(_, outcome)| outcome.status == StepStatus::Failed)?;
    let failure = Failure::new(format!(
        "the host cannot note what it will be owed: {}",
        outcome.stderr.to_lossy().trim()
    ));
    Some(failure.help("nothing was changed: should a run end early, no later one would know which handlers have to run"))
}

/// Nothing is owed under a key any more. What it comes to decides nothing.
pub(super) fn remove(key: &str) -> Step {
    Step::new(Action::RemoveNote { path: path(key) })
}
