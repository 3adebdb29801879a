//! What came of one play, or of one wave of it.

use std::collections::BTreeMap;

use super::cause::{Causes, Place};
use super::checks::Verdict;
use super::hosts::{Groups, Host, HostSet, Hosts};
use super::task::TaskGroup;
use crate::model::event::{Counts, HostReport, HostStatus, TaskKind, TaskReport, TaskStatus};

/// A play or a wave, gathered while its events come in.
#[derive(Debug, Default)]
pub struct Section {
    pub play: usize,
    pub name: String,
    /// Which wave of how many.
    pub wave: Option<(usize, usize)>,
    pub hosts: HostSet,
    /// In a plan: the waves of an apply, where there is more than one.
    pub waves: Vec<HostSet>,
    /// What is asked behind each of them, in words.
    pub gates: Vec<String>,
    /// By their place in the play.
    pub tasks: BTreeMap<Vec<usize>, TaskGroup>,
    pub ended: BTreeMap<Host, HostStatus>,
    pub failures: Causes,
    pub ignored: Causes,
    pub unreachable: Causes,
    /// Why nothing was done on hosts.
    pub refused: Causes,
    /// What a person should know of hosts.
    pub notes: Groups<String>,
    /// Where hosts stand that were interrupted.
    pub interrupted: Causes,
    /// Handlers that were earned and not run.
    pub owed: Groups<String>,
    pub counts: Counts,
    /// Keeps each host's outcome of each task.
    pub keep_each: bool,
}

impl Section {
    pub fn add_task(&mut self, report: &TaskReport, hosts: &mut Hosts) {
        let host = hosts.number(&report.host);
        self.hosts.insert(host);
        self.counts.add(report);
        let task = self
            .tasks
            .entry(report.task.path.clone())
            .or_insert_with(|| TaskGroup::of(report));
        task.add(report, host, self.keep_each);
        let Some(failure) = &report.failure else {
            return;
        };
        if report.status != TaskStatus::Failed {
            return;
        }
        // A failed post-check tells of itself what it found.
        let told = report.checks.iter().any(|check| check.status == "failed")
            || !report.changes.is_empty();
        if report.kind == TaskKind::PostCheck && told {
            return;
        }
        let item = report.item.as_ref();
        let place = Place {
            task: match item {
                Some(item) => format!("{} ({item})", report.name),
                None => report.name.clone(),
            },
            at: report.at.clone(),
        };
        let causes = if report.ignored {
            &mut self.ignored
        } else {
            &mut self.failures
        };
        causes.add(failure, place, host, &report.host);
    }

    pub fn add_waves(&mut self, waves: &[Vec<String>], gates: &[String], hosts: &mut Hosts) {
        self.gates = gates.to_vec();
        self.waves = waves.iter().map(|wave| hosts.numbers(wave)).collect();
    }

    pub fn add_host(&mut self, report: &HostReport, hosts: &mut Hosts) {
        let host = hosts.number(&report.host);
        self.hosts.insert(host);
        self.ended.insert(host, report.status);
        for handler in &report.pending_handlers {
            self.owed.add(handler.clone(), host);
        }
        if let Some(failure) = &report.failure {
            let causes = match report.status {
                HostStatus::Unreachable => &mut self.unreachable,
                HostStatus::Interrupted => &mut self.interrupted,
                HostStatus::Refused => &mut self.refused,
                _ => &mut self.failures,
            };
            causes.add(failure, Place::default(), host, &report.host);
        }
    }

    pub fn add_note(&mut self, host: &str, message: &str, hosts: &mut Hosts) {
        self.notes.add(message.to_owned(), hosts.number(host));
    }

    /// Whether every host has come to its end.
    pub fn is_over(&self) -> bool {
        !self.hosts.is_empty() && self.ended.len() >= self.hosts.len()
    }

    /// Whether every host has come to its end well.
    pub fn is_done(&self) -> bool {
        self.is_over() && self.with_status(HostStatus::Done).len() == self.hosts.len()
    }

    pub fn with_status(&self, wanted: HostStatus) -> HostSet {
        let hosts = self.ended.iter();
        hosts
            .filter(|(_, status)| **status == wanted)
            .map(|(host, _)| *host)
            .collect()
    }

    pub fn post_checks(&self) -> impl Iterator<Item = &TaskGroup> {
        self.tasks
            .values()
            .filter(|task| task.kind == TaskKind::PostCheck)
    }

    /// Hosts on which a post-check failed.
    pub fn unhealthy(&self) -> HostSet {
        let failed = self.post_checks().flat_map(|task| task.failed.iter());
        failed.copied().collect()
    }

    /// Whether there is anything to tell of it.
    pub fn is_notable(&self) -> bool {
        self.tasks.values().any(|task| {
            task.is_notable()
                || task.kind == TaskKind::PostCheck
                || task.checks.has(Verdict::Failed)
        }) || !(self.failures.is_empty()
            && self.ignored.is_empty()
            && self.unreachable.is_empty()
            && self.refused.is_empty()
            && self.notes.is_empty()
            && self.owed.is_empty()
            && self.with_status(HostStatus::Interrupted).is_empty())
    }
}
