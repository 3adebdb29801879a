//! One task's outcomes on many hosts.

use super::changes::Changes;
use super::checks::{Checks, Verdict};
use super::hosts::{Groups, Host, HostSet};
use super::own_name::without_own_name;
use crate::model::event::{TaskKind, TaskReport, TaskStatus};

/// What a task, or one item of its loop, came to on all hosts.
#[derive(Debug)]
pub struct TaskGroup {
    /// With `<host>` for each host's own name, where they differ in that.
    pub name: String,
    /// The first host's name for it, without the host's own name.
    general: String,
    /// Some hosts know it under another name.
    pub has_other_names: bool,
    pub module: String,
    pub role: Option<String>,
    /// `file:line:column`.
    pub at: String,
    pub kind: TaskKind,
    pub items: Groups<String>,
    pub ok: HostSet,
    pub changed: HostSet,
    pub skipped: HostSet,
    pub failed: HostSet,
    /// Failed, and that was made good.
    pub ignored: HostSet,
    /// By what it is known after.
    pub unknown: Groups<String>,
    pub changes: Changes,
    /// What failing hosts differ in: what a post-check found, or what was being done.
    pub unmade: Changes,
    pub messages: Groups<String>,
    pub checks: Checks,
    pub notified: Groups<String>,
    pub delegated: Groups<String>,
    /// Each host's outcome, where that is asked for: a word, and how long it took in milliseconds.
    pub each: Vec<(Host, &'static str, u64)>,
}

impl TaskGroup {
    pub fn of(report: &TaskReport) -> Self {
        Self {
            name: report.name.clone(),
            general: without_own_name(&report.name, &report.host).into_owned(),
            has_other_names: false,
            module: report.module.clone(),
            role: report.role.clone(),
            at: report.at.clone(),
            kind: report.kind,
            items: Groups::default(),
            ok: HostSet::new(),
            changed: HostSet::new(),
            skipped: HostSet::new(),
            failed: HostSet::new(),
            ignored: HostSet::new(),
            unknown: Groups::default(),
            changes: Changes::default(),
            unmade: Changes::default(),
            messages: Groups::default(),
            checks: Checks::default(),
            notified: Groups::default(),
            delegated: Groups::default(),
            each: Vec::new(),
        }
    }

    pub fn add(&mut self, report: &TaskReport, host: Host, keep_each: bool) {
        if self.name != report.name {
            if without_own_name(&report.name, &report.host) == self.general {
                self.name.clone_from(&self.general);
            } else {
                self.has_other_names = true;
            }
        }
        if let Some(item) = &report.item {
            self.items.add(item.clone(), host);
        }
        let (word, set) = match &report.status {
            TaskStatus::Ok => ("ok", &mut self.ok),
            TaskStatus::Changed => ("changed", &mut self.changed),
            TaskStatus::Skipped => ("skipped", &mut self.skipped),
            TaskStatus::Failed if report.ignored => ("failed, ignored", &mut self.ignored),
            TaskStatus::Failed => ("failed", &mut self.failed),
            TaskStatus::Unknown(reason) => {
                ("unknown", self.unknown.0.entry(reason.clone()).or_default())
            }
        };
        set.insert(host);
        if keep_each {
            self.each.push((host, word, report.milliseconds));
        }
        let changes = match report.status {
            TaskStatus::Failed => &mut self.unmade,
            _ => &mut self.changes,
        };
        for (place, change) in report.changes.iter().enumerate() {
            // A check that tells the same tells also what to do about it.
            let is_told = |note: &String| {
                let checks = report
                    .checks
                    .iter()
                    .filter(|check| check.status == "warned");
                checks
                    .clone()
                    .any(|check| note.contains(&check.name) && note.contains(&check.found))
            };
            if change.notes.iter().any(is_told) {
                let mut change = change.clone();
                change.notes.retain(|note| !is_told(note));
                changes.add(place, &change, host, &report.host);
            } else {
                changes.add(place, change, host, &report.host);
            }
        }
        if let Some(message) = &report.message {
            self.messages.add(message.clone(), host);
        }
        for check in &report.checks {
            self.checks.add(check, host);
        }
        for handler in &report.notified {
            self.notified.add(handler.clone(), host);
        }
        if let Some(other) = &report.delegated_to {
            self.delegated.add(other.clone(), host);
        }
    }

    /// Whether there is something to tell beside how many hosts it is all right on.
    pub fn is_notable(&self) -> bool {
        !(self.changed.is_empty() && self.unknown.is_empty() && self.messages.is_empty())
            || self.checks.has(Verdict::Warned)
    }

    /// Whether it was looked at on any host, and not skipped.
    pub fn has_run(&self) -> bool {
        !(self.ok.is_empty()
            && self.changed.is_empty()
            && self.failed.is_empty()
            && self.ignored.is_empty()
            && self.unknown.is_empty())
    }
}
