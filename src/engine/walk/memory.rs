//! What earlier walks settled.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::model::change::Change;
use crate::model::event::TaskReport;
use crate::model::value::{Map, Unknown, Value};
use crate::module::Failure;

/// A task's place in a play, with the item of its loop last: the same in every walk.
pub type Key = Vec<usize>;

/// What is known of one host's way through a play.
#[derive(Debug, Default)]
pub struct Memory {
    pub done: BTreeMap<Key, Done>,
    /// Tasks whose steps ran and that are still to be judged.
    pub executed: HashMap<Key, Executed>,
    /// What tasks had begun to change when something else than they were decided from was found, and they were decided
    /// again: it counts, whatever they come to then.
    pub begun: HashMap<Key, Vec<Change>>,
    /// Tasks without steps that stood behind steps which have been carried out.
    pub ready: HashMap<Key, Done>,
    /// How often a task was tried (`until`).
    pub tries: HashMap<Key, u32>,
    /// `run_once` tasks that another host settled.
    pub once: HashMap<Key, Done>,
    /// Variables from earlier plays: registered results and `set_fact`s.
    pub variables: Arc<Map>,
    /// Handlers that an earlier run earned and could not run.
    pub notified: Vec<String>,
    /// Handlers of tasks that failed and had changed something by then, or may have: the next run finds that made, and
    /// would not notify them.
    pub uncertain: BTreeSet<String>,
    /// What the host is, as variables.
    pub facts: Arc<Map>,
    /// Whether the play has come to its post-checks.
    pub checks_begun: bool,
    /// Whether a change may have altered the facts.
    pub facts_stale: bool,
    /// Whether the host has still to say what it is: that something depends on it is no mistake.
    pub facts_awaited: bool,
    /// The `run_once` tasks that this host does for its wave.
    pub leads: HashSet<Key>,
}

/// A settled task.
#[derive(Clone, Debug)]
pub struct Done {
    pub outcome: Outcome,
    /// To be told; `None` for what nobody needs to see.
    pub report: Option<TaskReport>,
}

/// How a task, or one item of its loop, came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What `register` gets.
    pub result: Map,
    /// Variables that the host has from now on.
    pub facts: Map,
    pub changed: Truth,
    pub skipped: bool,
    /// It failed, and nothing made that good.
    pub failed: bool,
    /// It failed, and `ignore_errors` made that good.
    pub ignored: bool,
    /// The handlers that it notifies, their names rendered.
    pub notifies: Vec<String>,
    /// Why it is not known how it will come out.
    pub unknown: Option<Unknown>,
}

impl Outcome {
    /// As it should be.
    pub fn unchanged() -> Self {
        Self {
            result: Map::new(),
            facts: Map::new(),
            changed: Truth::No,
            skipped: false,
            failed: false,
            ignored: false,
            notifies: Vec::new(),
            unknown: None,
        }
    }

    pub fn failed() -> Self {
        Self {
            failed: true,
            ..Self::unchanged()
        }
    }

    /// Nothing about it is known.
    pub fn unknown(unknown: Unknown) -> Self {
        let mut outcome = Self {
            changed: Truth::Unknown(unknown.clone()),
            unknown: Some(unknown),
            ..Self::unchanged()
        };
        outcome.result = outcome.flags();
        outcome
    }

    /// Takes an item of a loop into the whole.
    pub(super) fn add(&mut self, item: &Self) {
        self.changed = match (&self.changed, &item.changed) {
            (Truth::Yes, _) | (_, Truth::Yes) => Truth::Yes,
            (Truth::Unknown(unknown), _) | (_, Truth::Unknown(unknown)) => {
                Truth::Unknown(unknown.clone())
            }
            _ => Truth::No,
        };
        self.failed |= item.failed;
        self.ignored |= item.ignored;
        self.skipped &= item.skipped;
        self.facts.extend(item.facts.clone());
        self.notifies.extend(item.notifies.clone());
        if self.unknown.is_none() {
            self.unknown.clone_from(&item.unknown);
        }
    }

    /// `changed`, `failed` and `skipped`, as `register` gets them.
    pub fn flags(&self) -> Map {
        let mut map = Map::new();
        let changed = match &self.changed {
            Truth::Yes => Value::Bool(true),
            Truth::No => Value::Bool(false),
            Truth::Unknown(unknown) => Value::Unknown(unknown.clone()),
        };
        map.insert("changed".to_owned(), changed);
        let failed = match &self.unknown {
            Some(unknown) => Value::Unknown(unknown.clone()),
            None => Value::Bool(self.failed || self.ignored),
        };
        map.insert("failed".to_owned(), failed);
        if self.skipped {
            map.insert("skipped".to_owned(), Value::Bool(true));
        }
        map
    }
}

/// Whether something is so.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    Yes,
    No,
    Unknown(Unknown),
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// What came of a task's steps on the host, before `changed_when` and its kin have been asked.
#[derive(Clone, Debug)]
pub struct Executed {
    pub result: Map,
    pub facts: Map,
    pub changes: Vec<Change>,
    pub failure: Option<Failure>,
    pub milliseconds: u64,
}
