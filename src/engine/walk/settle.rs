//! Tasks that are settled without their module: skipped, failed or unknown before it was asked; and remembering.

use std::sync::Arc;

use super::memory::{Done, Key, Outcome};
use super::{Planned, Walk};
use crate::model::event::TaskStatus;
use crate::model::playbook::Task;
use crate::model::value::Unknown;
use crate::module::{Decision, Failure};

impl Walk<'_> {
    /// Settles a task that failed, or is unknown, before its module was asked.
    pub(super) fn settle(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        label: Option<String>,
        why: Result<Failure, Unknown>,
    ) -> Option<Outcome> {
        match why {
            Ok(failure) => self.settle_failure(task, key, label, false, &failure),
            Err(unknown) => {
                if self.collecting() {
                    return Some(Outcome::unknown(unknown));
                }
                if !self.pending {
                    return self.settle_failure(
                        task,
                        key,
                        label,
                        false,
                        &Self::never_known(&unknown),
                    );
                }
                if !self.is_plan() {
                    return None;
                }
                let mut outcome = Outcome::unknown(unknown.clone());
                // Whom it would notify may be called or not.
                let scope = self.scope(&task.keywords, &task.origin);
                outcome.notifies = self.notified_names(task, &scope).unwrap_or_default();
                let report = self.report(task, key, label, TaskStatus::unknown(&unknown));
                self.remember(key, outcome.clone(), report);
                Some(outcome)
            }
        }
    }

    pub(super) fn settle_failure(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        label: Option<String>,
        ignore_errors: bool,
        failure: &Failure,
    ) -> Option<Outcome> {
        if self.collecting() {
            return Some(Outcome::unknown(Unknown::new("more is known of the host")));
        }
        if !self.planned.is_empty() {
            return None;
        }
        let mut outcome = Outcome::failed();
        outcome.failed = !ignore_errors;
        outcome.ignored = ignore_errors;
        outcome.result = outcome.flags();
        outcome
            .result
            .insert("msg".to_owned(), failure.message.as_str().into());
        let mut report = self.report(task, key, label, TaskStatus::Failed);
        report.ignored = ignore_errors;
        report.failure = Some(super::report::shown(failure));
        if self.is_secret(task) {
            self.setting
                .templates
                .secrets()
                .learn_result(&mut outcome.result);
            super::report::hidden(&mut report);
        }
        self.remember(key, outcome.clone(), report);
        Some(outcome)
    }

    pub(super) fn settle_skipped(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        label: Option<String>,
    ) -> Option<Outcome> {
        let mut outcome = Outcome::unchanged();
        outcome.skipped = true;
        outcome.result = outcome.flags();
        outcome.result.insert(
            "skip_reason".to_owned(),
            "Conditional result was False".into(),
        );
        let report = self.report(task, key, label, TaskStatus::Skipped);
        self.remember(key, outcome.clone(), report);
        Some(outcome)
    }

    /// Remembers a settled task. Behind planned changes it is settled only once they have been made.
    pub(super) fn remember(
        &mut self,
        key: &Key,
        outcome: Outcome,
        report: crate::model::event::TaskReport,
    ) {
        if self.collecting() && !self.is_plan() {
            return;
        }
        let name = report.name.clone();
        let done = Done {
            outcome,
            report: Some(report),
        };
        if self.planned.is_empty() {
            self.settled.push((key.clone(), done));
        } else {
            self.planned.push(Planned {
                key: key.clone(),
                name,
                decision: Decision::unchanged(),
                no_log: false,
                harmless: true,
                only_looks: true,
                notifies: Vec::new(),
                settled: Some(done),
            });
        }
    }
}
