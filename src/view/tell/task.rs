//! Tasks, in the order of the playbook.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::change::{changes, sign};
use super::check::details;
use super::names::Names;
use super::words::count;
use crate::model::change::ChangeKind;
use crate::model::event::TaskKind;
use crate::view::gather::{ChangeGroup, HostSet, Section, TaskGroup, Verdict};
use crate::view::page::{Line, Page, Role};

/// Changes that were told in an earlier wave: which one, by their fingerprint.
pub type Seen = HashMap<u64, usize>;

/// How tasks are told.
pub struct Telling<'a> {
    pub names: Names<'a>,
    /// 0: what changes; 1: all tasks; 2: each host too.
    pub detail: u8,
    /// What earlier waves told; `None` where all is told in full.
    pub seen: Option<&'a mut Seen>,
    pub wave: usize,
}

/// Tells all tasks of a section but its post-checks.
pub fn tasks(page: &mut Page, section: &Section, telling: &mut Telling<'_>) {
    let tasks: Vec<(&Vec<usize>, &TaskGroup)> = section
        .tasks
        .iter()
        .filter(|(_, task)| task.kind != TaskKind::PostCheck)
        .collect();
    for items in tasks.chunk_by(|left, right| are_items_of_one_loop(*left, *right)) {
        let items: Vec<&TaskGroup> = items.iter().map(|(_, task)| *task).collect();
        telling.task(page, &items);
    }
}

fn are_items_of_one_loop(
    left: (&Vec<usize>, &TaskGroup),
    right: (&Vec<usize>, &TaskGroup),
) -> bool {
    let parent = |path: &[usize]| path.split_last().map(|(_, parent)| parent.to_vec());
    !left.1.items.is_empty()
        && !right.1.items.is_empty()
        && left.1.at == right.1.at
        && left.1.name == right.1.name
        && parent(left.0) == parent(right.0)
}

impl Telling<'_> {
    /// Tells one task: all items of its loop together.
    fn task(&mut self, page: &mut Page, items: &[&TaskGroup]) {
        let Some(task) = items.first() else {
            return;
        };
        let changed = union(items, |task| task.changed.iter());
        let mut is_told = false;
        if !changed.is_empty() {
            is_told = true;
            self.changed(page, task, items, &changed);
        }
        for (number, item) in items.iter().enumerate() {
            for (reason, hosts) in item.unknown.by_size() {
                is_told = true;
                let line = self
                    .headline("?", Role::Unknown, item)
                    .and(Role::Plain, &item_of(item, items))
                    .and(Role::Plain, &format!(": known after {reason}"));
                self.with_hosts(page, line, hosts);
            }
            for (message, hosts) in item.messages.by_size() {
                is_told = true;
                self.message(page, item, &item_of(item, items), message, hosts);
            }
            let doubtful = item.checks.has(Verdict::Warned) || item.checks.has(Verdict::Failed);
            if doubtful {
                if !std::mem::replace(&mut is_told, true) || number > 0 {
                    page.wrapped(2, 4, &self.headline("=", Role::Faint, item));
                }
                details(page, &item.checks, self.names, 6);
            }
        }
        if self.detail > 0 {
            self.rest(page, task, items, is_told);
        }
    }

    fn changed(
        &mut self,
        page: &mut Page,
        task: &TaskGroup,
        items: &[&TaskGroup],
        hosts: &HostSet,
    ) {
        let (sign, role) = headline_sign(items);
        let mut line = self.headline(sign, role, task);
        if items.len() > 1 {
            line.push(Role::Faint, &format!(" ({})", count(items.len(), "item")));
        }
        let made = items.iter().flat_map(|item| item.changes.in_order());
        match self.seen_before(task, made) {
            Some(wave) => {
                line.push(Role::Faint, &format!(" (as in wave {wave})"));
                self.with_hosts(page, line, hosts);
            }
            None => {
                self.with_hosts(page, line, hosts);
                for item in items {
                    changes(page, &item.changes, self.names, hosts, 6);
                }
            }
        }
    }

    /// Remembers the changes of this wave, or says in which wave the same were told.
    fn seen_before<'a>(
        &mut self,
        task: &TaskGroup,
        changes: impl Iterator<Item = &'a ChangeGroup>,
    ) -> Option<usize> {
        let mut state = DefaultHasher::new();
        task.at.hash(&mut state);
        let mut is_empty = true;
        for change in changes {
            is_empty = false;
            change.fingerprint(&mut state);
        }
        self.seen_in(state.finish()).filter(|_| !is_empty)
    }

    /// The earlier wave in which this was told; from now on it is.
    fn seen_in(&mut self, fingerprint: u64) -> Option<usize> {
        let seen = self.seen.as_mut()?;
        let wave = *seen.entry(fingerprint).or_insert(self.wave);
        (wave != self.wave).then_some(wave)
    }

    /// `~ Kernel settings`
    pub(super) fn headline(&self, sign: &str, role: Role, task: &TaskGroup) -> Line {
        let mut line = Line::of(role, sign).and(Role::Plain, " ");
        if let Some(name) = &task.role {
            line.push(Role::Faint, &format!("{name}: "));
        }
        line.push(Role::Heading, &task.name);
        if task.has_other_names {
            line.push(Role::Faint, " (named otherwise on other hosts)");
        }
        if task.kind == TaskKind::Handler {
            line.push(Role::Faint, " (handler)");
        }
        if self.detail > 0 {
            line.push(Role::Faint, &format!(" [{} {}]", task.module, task.at));
        }
        line
    }

    fn with_hosts(&self, page: &mut Page, mut line: Line, hosts: &HostSet) {
        let hosts = self.names.counted(hosts);
        if !hosts.is_empty() {
            line.push(Role::Faint, &format!("  {hosts}"));
        }
        page.wrapped(2, 6, &line);
    }

    fn message(
        &mut self,
        page: &mut Page,
        task: &TaskGroup,
        item: &str,
        message: &str,
        hosts: &HostSet,
    ) {
        let line = self
            .headline(">", Role::Unknown, task)
            .and(Role::Plain, item);
        let message = message.trim_end();
        let mut state = DefaultHasher::new();
        (&task.at, message).hash(&mut state);
        if let Some(wave) = self.seen_in(state.finish()) {
            let line = line.and(Role::Faint, &format!(" (as in wave {wave})"));
            self.with_hosts(page, line, hosts);
            return;
        }
        // A task without a name is named by what it says.
        if task.name.ends_with(message) {
            self.with_hosts(page, line, hosts);
            return;
        }
        if !message.contains('\n') && self.names.some(hosts).is_empty() {
            page.wrapped(2, 4, &line.and(Role::Plain, &format!(": {message}")));
            return;
        }
        self.with_hosts(page, line, hosts);
        for text in message.lines() {
            page.wrapped(6, 2, &Line::plain(text));
        }
    }
}

/// ` (label)` where a task has several items.
pub(super) fn item_of(task: &TaskGroup, items: &[&TaskGroup]) -> String {
    if items.len() < 2 {
        return String::new();
    }
    let labels: Vec<&str> = task.items.0.keys().map(String::as_str).collect();
    format!(" ({})", labels.join(", "))
}

pub(super) fn union<'a, I: Iterator<Item = &'a u32>>(
    items: &[&'a TaskGroup],
    hosts: impl Fn(&'a TaskGroup) -> I,
) -> HostSet {
    items.iter().flat_map(|task| hosts(task)).copied().collect()
}

/// The sign of all changes where they are of one kind.
fn headline_sign(items: &[&TaskGroup]) -> (&'static str, Role) {
    let mut kinds: Vec<ChangeKind> = items
        .iter()
        .flat_map(|task| task.changes.in_order())
        .map(|change| change.kind)
        .filter(|kind| *kind != ChangeKind::Wait)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.as_slice() {
        [kind] => sign(*kind),
        _ => sign(ChangeKind::Update),
    }
}
