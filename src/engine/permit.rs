//! What a saved plan permits on each host, and what is different from it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use similar::{ChangeTag, TextDiff};

use super::walk::{HANDLERS, Key, Planned, Setting};
use crate::model::change::Difference;
use crate::model::event::{Event, HostReport, HostStatus, ShownChange, TaskReport, TaskStatus};
use crate::model::fingerprint::{Fingerprint, FingerprintKey, fingerprint};
use crate::model::playbook::SectionKind;
use crate::module::Failure;

/// Lines of one text that are shown of what has changed in it.
const MOST_LINES: usize = 8;

/// What belongs to a run that is exact: its changes are told by fingerprints, and held against a plan.
#[derive(Clone, Default)]
pub struct Exact {
    pub fingerprints: Option<FingerprintKey>,
    pub permit: Option<Arc<Permit>>,
}

/// What a plan told of its hosts.
#[derive(Default)]
pub struct Told<'e> {
    /// By host and play.
    tasks: HashMap<(&'e str, usize), BTreeMap<Key, &'e TaskReport>>,
    ended: HashMap<(&'e str, usize), &'e HostReport>,
}

/// What may be done on each host: what the plan tells, and nothing else.
pub struct Permit {
    key: FingerprintKey,
    refused: HashMap<String, Failure>,
    hosts: HashMap<(String, usize), Allowed>,
}

#[derive(Default)]
struct Allowed {
    /// The changes of each task.
    decided: HashMap<Key, HashSet<Fingerprint>>,
    /// Tasks that the plan could not predict and lists as such: with it, they were agreed to.
    unknown: Vec<Key>,
}

impl<'e> Told<'e> {
    pub fn of(events: &'e [Event]) -> Self {
        let mut told = Self::default();
        for event in events {
            match event {
                Event::TaskEnded(report) => {
                    told.tasks
                        .entry((&report.host, report.task.play))
                        .or_default()
                        .insert(report.task.path.clone(), report);
                }
                Event::HostEnded(report) => {
                    told.ended.insert((&report.host, report.play), report);
                }
                _ => {}
            }
        }
        told
    }

    /// Why this host is not as it was when the plan was made, if it is not.
    pub fn moved(&self, now: &Told<'_>, host: &str, plays: usize) -> Option<Failure> {
        let mut lines = Vec::new();
        for play in 0..plays {
            match (self.ended.get(&(host, play)), now.ended.get(&(host, play))) {
                (Some(before), _) if before.status != HostStatus::Done => {
                    return Some(
                        Failure::new(format!(
                            "there is no plan for it: {}",
                            why(before, "it failed when the plan was made")
                        ))
                        .help("make a plan again"),
                    );
                }
                (_, Some(now)) if now.status != HostStatus::Done => {
                    return Some(Failure::new(format!(
                        "it cannot be compared with the plan: {}",
                        why(now, "what the plan looks at fails on it now")
                    )));
                }
                _ => {}
            }
            let none = BTreeMap::new();
            let before = self.tasks.get(&(host, play)).unwrap_or(&none);
            let now = now.tasks.get(&(host, play)).unwrap_or(&none);
            let keys: BTreeSet<&Key> = before.keys().chain(now.keys()).collect();
            for key in keys {
                lines.extend(difference(before.get(key).copied(), now.get(key).copied()));
            }
        }
        if lines.is_empty() {
            return None;
        }
        Some(
            Failure::new(format!(
                "it has moved since the plan was made:\n{}",
                lines.join("\n")
            ))
            .help("look at what moved, and make a plan again"),
        )
    }
}

fn why(report: &HostReport, otherwise: &str) -> String {
    let failure = report.failure.as_ref();
    failure.map_or_else(|| otherwise.to_owned(), |failure| failure.message.clone())
}

/// What is different about one task, in lines.
fn difference(before: Option<&TaskReport>, now: Option<&TaskReport>) -> Vec<String> {
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => (before, now),
        (Some(before), None) => return vec![format!("{}: it is no longer come to", title(before))],
        (None, Some(now)) => return vec![format!("{}: it was not come to", title(now))],
        (None, None) => return Vec::new(),
    };
    let same = before.decided == now.decided && word(&before.status) == word(&now.status);
    if same {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for change in &before.changes {
        match now
            .changes
            .iter()
            .find(|other| other.resource == change.resource)
        {
            Some(other) => lines.extend(between(change, other)),
            None => lines.push(format!("{} would no longer be changed", change.resource)),
        }
    }
    let known = |change: &&ShownChange| {
        let mut before = before.changes.iter();
        before.all(|other| other.resource != change.resource)
    };
    lines.extend(
        now.changes
            .iter()
            .filter(known)
            .map(|change| format!("{} would be changed too", change.resource)),
    );
    if let Some(failure) = &now.failure {
        lines.push(format!("it fails: {}", failure.message));
    }
    if lines.is_empty() && word(&before.status) == word(&now.status) {
        // What is shown of it is the same, and how it would be made is not.
        let resources: Vec<&str> = now
            .changes
            .iter()
            .map(|change| change.resource.as_str())
            .collect();
        let resources = resources.join(" or ");
        if !resources.is_empty() {
            lines.push(format!("{resources} would be changed in another way"));
        }
    }
    if lines.is_empty() {
        lines.push(format!(
            "it was planned as {} and is {} now",
            word(&before.status),
            word(&now.status)
        ));
    }
    let mut told = vec![format!("{}:", title(before))];
    told.extend(lines.into_iter().map(|line| format!("  {line}")));
    told
}

fn title(report: &TaskReport) -> String {
    match &report.item {
        Some(item) => format!("{} ({item})", report.name),
        None => report.name.clone(),
    }
}

const fn word(status: &TaskStatus) -> &'static str {
    match status {
        TaskStatus::Ok => "nothing to do",
        TaskStatus::Changed => "a change",
        TaskStatus::Skipped => "skipped",
        TaskStatus::Failed => "failed",
        TaskStatus::Unknown(_) => "unknown until applied",
    }
}

/// What two changes of one resource begin and end with.
fn between(before: &ShownChange, now: &ShownChange) -> Vec<String> {
    let resource = &before.resource;
    if before.difference == now.difference {
        return Vec::new();
    }
    let (Some((old, old_fields)), Some((new, new_fields))) =
        (parts(&before.difference), parts(&now.difference))
    else {
        return vec![format!("{resource} would be changed in another way")];
    };
    let mut lines = Vec::new();
    match (old.0, new.0) {
        (old, new) if old == new => {}
        (_, None) => lines.push(format!("{resource} is gone")),
        (None, Some(_)) => lines.push(format!("{resource} has come to be")),
        (Some(old), Some(new)) => {
            lines.push(format!("{resource} has been changed:"));
            lines.extend(text_lines(old, new));
        }
    }
    if old.1 != new.1 {
        lines.push(format!("{resource} would become something else"));
    }
    for field in new_fields {
        let other = old_fields.iter().find(|other| other.name == field.name);
        let none = || "(none)".to_owned();
        let before = other.and_then(|other| other.before.clone());
        if other.is_none() || before != field.before {
            lines.push(format!(
                "{resource}, {}: was {} and is {}",
                field.name,
                before.unwrap_or_else(none),
                field.before.clone().unwrap_or_else(none)
            ));
        } else if other.is_some_and(|other| other.after != field.after) {
            lines.push(format!(
                "{resource}, {}: would become {}",
                field.name,
                field.after.clone().unwrap_or_else(none)
            ));
        }
    }
    for field in old_fields {
        if new_fields.iter().all(|other| other.name != field.name) {
            lines.push(format!("{resource}, {}: would not be changed", field.name));
        }
    }
    if lines.is_empty() {
        lines.push(format!("{resource} would be changed in another way"));
    }
    lines
}

/// The text before and after, and the fields.
type Parts<'d> = (
    (Option<&'d str>, Option<&'d str>),
    &'d [crate::model::change::Field],
);

fn parts(difference: &Difference) -> Option<Parts<'_>> {
    match difference {
        Difference::None => None,
        Difference::Fields(fields) => Some(((None, None), fields)),
        Difference::Text {
            before,
            after,
            fields,
        } => Some(((before.as_deref(), after.as_deref()), fields)),
    }
}

fn text_lines(old: &str, new: &str) -> Vec<String> {
    let difference = TextDiff::from_lines(old, new);
    let mut lines: Vec<String> = difference
        .iter_all_changes()
        .filter_map(|change| {
            let sign = match change.tag() {
                ChangeTag::Equal => return None,
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            Some(format!("  {sign}{}", change.value().trim_end_matches('\n')))
        })
        .collect();
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("  and {more} more lines"));
    }
    lines
}

impl Permit {
    /// What the plan of these events permits. `refused`: hosts on which nothing may be done, and why.
    pub fn new(key: FingerprintKey, told: &Told<'_>, refused: HashMap<String, Failure>) -> Self {
        let mut hosts: HashMap<(String, usize), Allowed> = HashMap::new();
        for ((host, play), tasks) in &told.tasks {
            let allowed = hosts.entry(((*host).to_owned(), *play)).or_default();
            for (key, report) in tasks {
                let key = place(key);
                match (&report.decided, &report.status) {
                    (Some(decided), _) => {
                        allowed.decided.entry(key).or_default().insert(*decided);
                    }
                    (None, TaskStatus::Unknown(_)) => allowed.unknown.push(key),
                    (None, _) => {}
                }
            }
        }
        Self {
            key,
            refused,
            hosts,
        }
    }

    /// Why nothing may be done on a host, if so.
    pub(super) fn refusal(&self, host: &str) -> Option<Failure> {
        self.refused.get(host).cloned()
    }

    /// Whether these changes are those of the plan.
    ///
    /// # Errors
    /// Which task would do something else.
    pub(super) fn check(&self, setting: &Setting, planned: &[Planned]) -> Result<(), Failure> {
        let allowed = self.hosts.get(&(setting.host.clone(), setting.play_index));
        for task in planned {
            let changes = &task.decision.changes;
            // A plan has no post-checks: they look at what has been made.
            if changes.is_empty() || is_check(setting, &task.key) {
                continue;
            }
            let key = place(&task.key);
            let is_allowed = allowed.is_some_and(|allowed| match allowed.decided.get(&key) {
                Some(decided) => decided.contains(&fingerprint(&self.key, changes)),
                None => allowed.unknown.iter().any(|known| key.starts_with(known)),
            });
            if !is_allowed {
                let resources: Vec<&str> = changes
                    .iter()
                    .map(|change| change.resource.as_str())
                    .collect();
                return Err(Failure::new(format!(
                    "\"{}\" would do what the plan does not say, to {}",
                    task.name,
                    resources.join(", ")
                ))
                .help("something changed on the host after it was compared with the plan, or an earlier task of the plan had an effect that nobody could know; make a plan again"));
            }
        }
        Ok(())
    }
}

fn is_check(setting: &Setting, key: &Key) -> bool {
    let section = key
        .first()
        .and_then(|section| setting.play.sections.get(*section));
    section.is_some_and(|section| section.kind == SectionKind::PostChecks)
}

/// A task's place. A handler has the same in every round: which round it runs in depends on what came of others.
fn place(key: &Key) -> Key {
    key.iter().map(|number| (*number).min(HANDLERS)).collect()
}

#[cfg(test)]
mod tests;
