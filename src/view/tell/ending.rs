//! The last lines of a run.

use std::collections::HashSet;

use super::names::Names;
use super::topology::longest_stall;
use super::words::{count, duration, list};
use crate::model::event::{Mode, RunEnded, RunStarted, TaskKind};
use crate::view::gather::{HostSet, Hosts, Section};
use crate::view::page::{Line, Page, Role};

/// What is counted over all plays and waves.
#[derive(Debug, Default)]
pub struct Tally {
    changed: HashSet<(usize, Vec<usize>)>,
    handlers: HashSet<(usize, Vec<usize>)>,
    unknown: HashSet<(usize, Vec<usize>)>,
    changed_hosts: HostSet,
    unknown_hosts: HostSet,
    checks: HashSet<(usize, Vec<usize>)>,
    failed_checks: HashSet<(usize, Vec<usize>)>,
    unhealthy: HostSet,
    pub stopped: bool,
}

impl Tally {
    pub fn add(&mut self, section: &Section) {
        for (path, task) in &section.tasks {
            // All items of a loop are one task.
            let path = match path.split_last() {
                Some((_, parent)) if !task.items.is_empty() => parent.to_vec(),
                _ => path.clone(),
            };
            let id = (section.play, path);
            if task.kind == TaskKind::PostCheck {
                if task.has_run() {
                    self.checks.insert(id.clone());
                }
                if !task.failed.is_empty() {
                    self.failed_checks.insert(id);
                }
                continue;
            }
            self.unknown_hosts.extend(task.unknown.0.values().flatten());
            self.changed_hosts.extend(&task.changed);
            if !task.unknown.is_empty() {
                self.unknown.insert(id.clone());
            }
            if !task.changed.is_empty() {
                match task.kind {
                    TaskKind::Handler => self.handlers.insert(id),
                    _ => self.changed.insert(id),
                };
            }
        }
        self.unhealthy.extend(section.unhealthy());
    }

    /// Whether nothing was to be done anywhere.
    pub fn is_idle(&self) -> bool {
        self.changed.is_empty() && self.handlers.is_empty() && self.unknown.is_empty()
    }

    /// `3 tasks to change and 1 handler to run on 40 hosts`
    fn work(&self, change: &str, run: &str) -> Option<String> {
        let mut parts = Vec::new();
        if !self.changed.is_empty() {
            parts.push(format!("{} {change}", count(self.changed.len(), "task")));
        }
        if !self.handlers.is_empty() {
            parts.push(format!("{} {run}", count(self.handlers.len(), "handler")));
        }
        let hosts = count(self.changed_hosts.len(), "host");
        (!parts.is_empty()).then(|| format!("{} on {hosts}", list(&parts)))
    }
}

/// Tells how a run ended. Nothing went wrong and nothing was to be done: one sentence.
pub fn ending(
    page: &mut Page,
    started: Option<&RunStarted>,
    ended: &RunEnded,
    tally: &Tally,
    hosts: &mut Hosts,
) {
    let mode = started.map_or(Mode::Apply, |started| started.mode);
    let as_wanted = match started.is_some_and(|started| started.undoes.is_some()) {
        true => "as before the run",
        false => "as the playbook wants",
    };
    left_out(page, ended, hosts);
    taken_back(page, ended, hosts);
    let troubles = troubles(ended, tally);
    let all = match ended.hosts {
        1 => "the host is".to_owned(),
        number => format!("all {number} hosts are"),
    };
    let time = started.and_then(|started| elapsed(started, ended));
    let mut parts = Vec::new();
    let (word, role) = match mode {
        Mode::Plan if tally.is_idle() && troubles.is_empty() => {
            parts.push(format!("{all} {as_wanted}"));
            ("Nothing to do", Role::Good)
        }
        Mode::Plan => {
            parts.extend(tally.work("to change", "to run"));
            if parts.is_empty() {
                parts.push("nothing to change".to_owned());
            }
            if !tally.unknown.is_empty() {
                let tasks = count(tally.unknown.len(), "task");
                parts.push(format!(
                    "{tasks} unknown until applied on {}",
                    count(tally.unknown_hosts.len(), "host")
                ));
            }
            (
                "Plan",
                if troubles.is_empty() {
                    Role::Heading
                } else {
                    Role::Warning
                },
            )
        }
        Mode::Apply => {
            if tally.is_idle() && troubles.is_empty() {
                parts.push(format!("{all} {as_wanted}"));
            } else {
                parts.extend(tally.work("changed", "run"));
            }
            if parts.is_empty() {
                // What was under way when it was interrupted may have been done.
                parts.push(if ended.interrupted.is_empty() {
                    "nothing was changed".to_owned()
                } else {
                    "no change was finished".to_owned()
                });
            }
            if !tally.checks.is_empty() && troubles.is_empty() {
                parts.push("all post-checks passed".to_owned());
            }
            match (troubles.is_empty(), tally.is_idle()) {
                (true, true) => ("Nothing to do", Role::Good),
                (true, false) => ("Applied", Role::Good),
                (false, _) => ("Not all was applied", Role::Failure),
            }
        }
        Mode::Verify if tally.checks.is_empty() && troubles.is_empty() => {
            parts.push("the playbook has no post-checks".to_owned());
            ("Nothing to verify", Role::Warning)
        }
        Mode::Verify => {
            if tally.failed_checks.is_empty() && !tally.checks.is_empty() {
                parts.push(format!(
                    "{} passed on {}",
                    count(tally.checks.len(), "post-check"),
                    count(ended.hosts.saturating_sub(out(ended)), "host")
                ));
            }
            if troubles.is_empty() {
                ("Verified", Role::Good)
            } else {
                ("Not all is well", Role::Failure)
            }
        }
    };
    parts.extend(troubles);
    let mut line = Line::of(role, word).and(Role::Plain, &format!(": {}", parts.join(", ")));
    if let Some(time) = time.filter(|_| mode != Mode::Plan) {
        line.push(Role::Plain, &format!(", in {time}"));
    }
    line.push(Role::Plain, ".");
    page.wrapped(0, 2, &line);
    if let Some(failover) = &ended.longest_stall {
        longest_stall(page, failover);
    }
}

/// What went wrong: `3 hosts failed`, `1 host unreachable`.
fn troubles(ended: &RunEnded, tally: &Tally) -> Vec<String> {
    let mut parts = Vec::new();
    if !tally.failed_checks.is_empty() {
        parts.push(format!(
            "{} failed on {}",
            count(tally.failed_checks.len(), "post-check"),
            count(tally.unhealthy.len(), "host")
        ));
    }
    // Hosts whose post-checks failed have been told.
    let failed = ended.failed.len().saturating_sub(tally.unhealthy.len());
    for (number, words) in [
        (failed, "failed"),
        (ended.unreachable.len(), "unreachable"),
        (ended.interrupted.len(), "interrupted"),
        (ended.refused.len(), "refused"),
        (ended.not_reached.len(), "not reached"),
    ] {
        if number > 0 {
            parts.push(format!("{} {words}", count(number, "host")));
        }
    }
    parts
}

/// How many hosts did not come to their end.
fn out(ended: &RunEnded) -> usize {
    [
        &ended.failed,
        &ended.unreachable,
        &ended.interrupted,
        &ended.refused,
        &ended.not_reached,
    ]
    .iter()
    .map(|hosts| hosts.len())
    .sum()
}

/// Names the hosts that no wave came to.
fn left_out(page: &mut Page, ended: &RunEnded, hosts: &mut Hosts) {
    if ended.not_reached.is_empty() {
        return;
    }
    let set = hosts.numbers(&ended.not_reached);
    let names = Names::of_any(hosts, page.width());
    let line = Line::of(Role::Warning, "Not reached")
        .and(Role::Plain, &format!(": {}", names.counted(&set)));
    page.wrapped(0, 2, &line);
}

/// Names the hosts of which all was taken back, and says whether that is all that should have been.
fn taken_back(page: &mut Page, ended: &RunEnded, hosts: &mut Hosts) {
    let Some(is_whole) = ended.rollback else {
        return;
    };
    let set = hosts.numbers(&ended.rolled_back);
    let names = Names::of_any(hosts, page.width());
    if !set.is_empty() {
        let text = format!(": what was done on {}", names.folded(&set));
        let line = Line::of(Role::Good, "Taken back").and(Role::Plain, &text);
        page.wrapped(0, 2, &line);
    }
    if !is_whole {
        let text = ": not everything could be. What is left: ";
        let line = Line::of(Role::Failure, "Not taken back")
            .and(Role::Plain, text)
            .and(Role::Hint, &format!("cachesmith rollback {}", ended.run));
        page.wrapped(0, 2, &line);
    }
}

fn elapsed(started: &RunStarted, ended: &RunEnded) -> Option<String> {
    let begin: jiff::Timestamp = started.time.parse().ok()?;
    let end: jiff::Timestamp = ended.time.parse().ok()?;
    let time = std::time::Duration::try_from(end.duration_since(begin)).ok()?;
    // Times are told in whole seconds.
    (time.as_secs() > 0).then(|| duration(time))
}
