//! What is told of a settled task.

use std::sync::Arc;

use super::Walk;
use super::memory::Key;
use crate::model::event::{ShownCheck, ShownFailure, TaskId, TaskReport, TaskStatus};
use crate::model::node::Node;
use crate::model::playbook::Task;
use crate::model::source::At;
use crate::model::template::{Evaluated, Scope};
use crate::module::{Check, CheckStatus, Failure};

/// Arguments that tell a person which task it is, where it has no name.
const TELLING: &[&str] = &[
    "name",
    "dest",
    "path",
    "cmd",
    "_raw_params",
    "url",
    "msg",
    "repo",
    "template",
];

/// What stands where `no_log` hides something.
const HIDDEN: &str = "(hidden)";

pub(super) fn shown(failure: &Failure) -> ShownFailure {
    ShownFailure {
        message: failure.message.clone(),
        help: failure.help.clone(),
    }
}

impl From<&Check> for ShownCheck {
    fn from(check: &Check) -> Self {
        let status = match check.status {
            CheckStatus::Passed => "passed",
            CheckStatus::Warned => "warned",
            CheckStatus::Failed => "failed",
            CheckStatus::NotApplicable => "not_applicable",
        };
        Self {
            name: check.name.clone(),
            status: status.to_owned(),
            expected: check.expected.clone(),
            found: check.found.clone(),
            advice: check.advice.clone(),
        }
    }
}

/// `no_log`: that something changed or failed may be told, nothing of what.
pub(super) fn hidden(report: &mut TaskReport) {
    for change in &mut report.changes {
        report.module.clone_into(&mut change.resource);
        change.difference = crate::model::change::Difference::None;
        change.notes = vec!["hidden by `no_log`".to_owned()];
    }
    report.message = None;
    if let Some(failure) = &mut report.failure {
        failure.message = "it failed; the reason is hidden by `no_log`".to_owned();
        failure.help.clear();
    }
    report.checks.clear();
    if report.item.is_some() {
        report.item = Some(HIDDEN.to_owned());
    }
}

impl Walk<'_> {
    /// A task's name as it is told, and its role.
    pub(super) fn describe(&self, task: &Task, scope: &Scope) -> (String, Option<String>) {
        let name = match &task.name {
            Some(node) => text_of(node, scope),
            None => {
                let telling = TELLING
                    .iter()
                    .find_map(|key| task.arguments.iter().find(|argument| argument.key == *key))
                    .map(|argument| text_of(&argument.value, scope));
                match telling {
                    Some(text) if !text.is_empty() => {
                        format!(
                            "{}: {}",
                            task.module,
                            text.lines().next().unwrap_or_default()
                        )
                    }
                    _ => task.module.to_owned(),
                }
            }
        };
        (name, task.origin.role.clone())
    }

    /// The same where `no_log` may hide it: a name that people did not write is made of arguments.
    pub(super) fn told_as(
        &self,
        task: &Task,
        scope: &Scope,
        secret: bool,
    ) -> (String, Option<String>) {
        if secret && task.name.is_none() {
            (task.module.to_owned(), task.origin.role.clone())
        } else {
            self.describe(task, scope)
        }
    }

    /// Whether `no_log` hides what a task does; where that is in doubt, it does.
    pub(super) fn is_secret(&self, task: &Task) -> bool {
        let scope = self.scope(&task.keywords, &task.origin);
        !matches!(
            Self::flag(task.keywords.no_log.as_ref(), &scope, false),
            Ok(Evaluated::Known(false))
        )
    }

    /// The report of a task, with what is common to all. `no_log` holds from here on; where it is in doubt, it holds.
    pub(super) fn report(
        &self,
        task: &Arc<Task>,
        key: &Key,
        item: Option<String>,
        status: TaskStatus,
    ) -> TaskReport {
        let scope = self.scope(&task.keywords, &task.origin);
        let secret = self.is_secret(task);
        let (name, role) = self.told_as(task, &scope, secret);
        TaskReport {
            name,
            module: task.module.to_owned(),
            role,
            item: if secret {
                item.map(|_| HIDDEN.to_owned())
            } else {
                item
            },
            ..self.bare_report(&task.at, None, task.module, key, status, None)
        }
    }

    pub(super) fn bare_report(
        &self,
        at: &At,
        name: Option<&Node>,
        module: &str,
        key: &Key,
        status: TaskStatus,
        failure: Option<&Failure>,
    ) -> TaskReport {
        let id = TaskId {
            play: self.setting.play_index,
            path: key.clone(),
        };
        let name = name.and_then(Node::as_str).unwrap_or(module);
        let host = &self.setting.host;
        TaskReport {
            kind: self.kind,
            failure: failure.map(shown),
            ..TaskReport::new(host, id, name, module, at.to_string(), status)
        }
    }
}

/// A text for a person: rendered where that is possible, as it was written where it is not.
pub(super) fn text_of(node: &Node, scope: &Scope) -> String {
    scope
        .node(node)
        .ok()
        .and_then(|value| value.scalar_text())
        .or_else(|| node.to_value().scalar_text())
        .unwrap_or_default()
}
