//! What a rollback tells: each task as a run tells it, the other way round.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::decide::{Take, Word};
use super::made::Made;
use crate::model::change::{Change, Difference};
use crate::model::event::{ShownChange, ShownFailure, TaskId, TaskReport, TaskStatus};

/// How reports are put together.
pub(super) struct Reports<'a> {
    pub(super) host: &'a str,
    pub(super) play: usize,
    pub(super) run: &'a str,
    /// The place of each task.
    pub(super) numbers: &'a BTreeMap<String, usize>,
}

impl Reports<'_> {
    /// A report on each task of which something was, or would be, taken back.
    pub(super) fn taken<'t>(
        &self,
        takes: impl IntoIterator<Item = &'t Take<'t>>,
    ) -> Vec<TaskReport> {
        let mut tasks: IndexMap<&str, Vec<&Take<'_>>> = IndexMap::new();
        for take in takes {
            let task = take.made.recorded.intention.task.as_str();
            tasks.entry(task).or_default().push(take);
        }
        tasks
            .into_iter()
            .map(|(task, takes)| TaskReport {
                changes: takes.iter().map(|take| shown(take)).collect(),
                ..self.report(task, 0, TaskStatus::Changed)
            })
            .collect()
    }

    /// A take that failed, and why.
    pub(super) fn failed(&self, take: &Take<'_>, failure: ShownFailure) -> TaskReport {
        TaskReport {
            changes: vec![shown(take)],
            failure: Some(failure),
            ..self.report(&take.made.recorded.intention.task, 0, TaskStatus::Failed)
        }
    }

    /// What has been changed by somebody else.
    pub(super) fn refused(&self, words: &[Word<'_>]) -> Vec<TaskReport> {
        self.words(words, |resource, reason| {
            let mut report = self.report("", 1, TaskStatus::Failed);
            report.failure = Some(ShownFailure {
                message: format!("{resource}: {reason}"),
                help: vec![
                    "nothing is taken back on this host: look at it, and use `--force` where it may be taken back all the same"
                        .to_owned(),
                ],
            });
            report
        })
    }

    /// What cannot be taken back.
    pub(super) fn lost(&self, words: &[Word<'_>]) -> Vec<TaskReport> {
        self.words(words, |resource, reason| {
            let mut report = self.report("", 2, TaskStatus::Ok);
            report.message = Some(format!("cannot be undone: {resource}: {reason}"));
            report
        })
    }

    /// One report for each task that has words; the words of one task are put together.
    fn words(
        &self,
        words: &[Word<'_>],
        make: impl Fn(&str, &str) -> TaskReport,
    ) -> Vec<TaskReport> {
        words
            .iter()
            .enumerate()
            .map(|(order, word)| {
                let resource = match word.made.recorded.intention.hidden {
                    true => "(hidden)",
                    false => word.resource.as_str(),
                };
                let mut report = make(resource, &word.reason);
                let task = &word.made.recorded.intention.task;
                report.task.path[0] = self.number(task);
                report.task.path.push(order);
                report.name.clone_from(task);
                report
            })
            .collect()
    }

    fn number(&self, task: &str) -> usize {
        self.numbers.get(task).copied().unwrap_or_default()
    }

    /// `part`: what kind of report on the task it is.
    fn report(&self, task: &str, part: usize, status: TaskStatus) -> TaskReport {
        let id = TaskId {
            play: self.play,
            path: vec![self.number(task), part],
        };
        let at = format!("run {}", self.run);
        TaskReport::new(self.host, id, task, "rollback", at, status)
    }
}

/// A change as it may be shown.
fn shown(take: &Take<'_>) -> ShownChange {
    let mut shown = ShownChange::from(&take.change);
    if is_hidden(&take.made) {
        "rollback".clone_into(&mut shown.resource);
        shown.difference = Difference::None;
        shown.notes = vec!["hidden by `no_log`".to_owned()];
    }
    shown
}

pub(super) fn is_hidden(made: &Made<'_>) -> bool {
    made.recorded.intention.hidden
}

/// The resources of restarts, which are noted on the host as owed until they have been made.
pub(super) fn owed<'c>(changes: impl Iterator<Item = &'c Change>) -> Vec<String> {
    changes
        .filter(|change| matches!(change.undo, crate::model::change::Undo::Again { .. }))
        .map(|change| change.resource.clone())
        .collect()
}
