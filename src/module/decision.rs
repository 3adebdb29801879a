//! What a module decides.

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::diagnostic::Diagnostic;
use crate::model::value::{Map, Unknown};

/// What a task comes to on one host. No changes: the host is as it should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub changes: Vec<Change>,
    /// What `register` gets beside `changed`, as far as it is known before the changes are made.
    pub result: Map,
    /// Variables that the host has from now on (`set_fact`).
    pub facts: Map,
    /// One line for a person.
    pub message: Option<String>,
    /// What a post-check found.
    pub checks: Vec<Check>,
    /// The step (counted over all changes' steps) whose exit code and output are the task's result. `register`
    /// then gets `rc`, `stdout`, `stderr`, `stdout_lines` and `stderr_lines`, unknown until it has run.
    pub output_of: Option<usize>,
    /// The step (counted in the same way) that says what fields of `result` are which are not known before: a line with
    /// the field's name and its value for each.
    pub told_by: Option<usize>,
}

impl Decision {
    /// The host is as it should be.
    pub fn unchanged() -> Self {
        Self::default()
    }

    /// One change.
    pub fn change(change: Change) -> Self {
        Self {
            changes: vec![change],
            ..Self::default()
        }
    }

    /// Adds a field to what `register` gets.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<crate::model::value::Value>) -> Self {
        self.result.insert(name.to_owned(), value.into());
        self
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    pub status: CheckStatus,
    pub expected: String,
    pub found: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Passed,
    Warned,
    Failed,
    /// It says nothing on this host (a data set too small to judge, no replication).
    NotApplicable,
}

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// Observations are missing; [`Look`](super::Look) has noted which.
    Missing,
    /// It is known only after an earlier change has been made.
    Unknown(Unknown),
    Failed(Failure),
}

/// Why a task fails on a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// One sentence without a full stop.
    pub message: String,
    /// Ways out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
    /// Further fields for `register`, such as `rc` and `stderr`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub result: Map,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// A mistake in what a person wrote, as a task's failure: its place belongs to the message.
impl From<&Diagnostic> for Failure {
    fn from(diagnostic: &Diagnostic) -> Self {
        let place = diagnostic
            .at
            .as_ref()
            .map(|at| format!(" ({at})"))
            .unwrap_or_default();
        let mut failure = Self::new(format!("{}{place}", diagnostic.summary));
        failure.help.clone_from(&diagnostic.help);
        failure
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Stop {
    /// A failure with this message.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(Failure::new(message))
    }
}
