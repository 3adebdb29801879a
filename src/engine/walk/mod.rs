//! A walk through a play for one host: pure, and repeated until nothing is left to do.
//!
//! A walk begins at the play's first task every time. What earlier walks settled is in [`Memory`] and is replayed;
//! the first tasks that are not settled are decided from what was observed, and their changes are laid over it, so
//! that the tasks after them are decided as if they had been made. The walk ends with what has to happen next:
//! questions to ask, changes to make in one script, or the end of the play. The same walk serves plans (which
//! stop there) and applies (which go on), so a plan cannot say anything else than what an apply does.

mod ahead;
mod arguments;
mod blocks;
mod complete;
mod evaluate;
mod handlers;
mod item;
mod item_settings;
mod judge;
mod memory;
mod report;
mod rest;
mod setting;
mod settle;
mod target;
mod task;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

pub use handlers::ROUND as HANDLERS;
pub(super) use judge::program_result;
pub use memory::{Done, Executed, Key, Memory, Outcome, Truth};
pub use setting::{Setting, Tags};

use crate::model::event::{Mode, TaskKind};
use crate::model::playbook::{Keywords, SectionKind};
use crate::model::probe::{Probe, Program};
use crate::model::rolling::Throttle;
use crate::model::template::{Evaluated, Scope};
use crate::model::value::{Map, Unknown, Value};
use crate::module::world::World;
use crate::module::{Decision, Failure};

/// Whose shell it is: a host, and the account that the session becomes there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    pub host: String,
    /// `None`: the session's own account.
    pub account: Option<String>,
}

/// A task whose changes are to be made.
#[derive(Clone, Debug)]
pub struct Planned {
    pub key: Key,
    pub name: String,
    pub decision: Decision,
    /// Whether its output must not be kept or shown.
    pub no_log: bool,
    /// Whether the playbook says that it leaves the host as it is (`changed_when: false`).
    pub harmless: bool,
    /// Whether it says so and runs in plans too (`check_mode: false`): a question, for which nobody has to hold the host.
    pub only_looks: bool,
    /// Handlers that it would notify.
    pub notifies: Vec<String>,
    /// Where there are no steps: how the task comes out once what is planned before it has been made.
    pub settled: Option<Done>,
}

/// What has to happen next.
#[derive(Debug)]
pub enum Next {
    /// Ask these questions, then walk again.
    Observe(BTreeMap<Target, BTreeSet<Probe>>),
    /// Make these changes in order, on one target, then walk again.
    CarryOut {
        target: Target,
        planned: Vec<Planned>,
        /// Handlers that will still be owed when all of it has been made.
        owed: Vec<String>,
        /// How many hosts of the wave may make them at once.
        throttle: Option<Throttle>,
        /// Whether the play needs no script behind theirs.
        whole: bool,
        /// Programs behind them that only look at files, to be asked in the same script.
        ahead: Vec<Program>,
    },
    /// Post-checks come next: forget all that was observed, then walk again.
    BeginChecks,
    /// Wait until another host has settled a `run_once` task, then walk again.
    AwaitOnce(Key),
    /// Close the session, so that what comes next opens another, then walk again.
    Reconnect(Key),
    /// Wait, forget what was observed of the target, then walk again.
    Pause { time: Duration, target: Target },
    /// The play is over for this host.
    Finished(Finished),
}

/// How a play ended for a host.
#[derive(Debug, Default)]
pub struct Finished {
    pub failed: bool,
    /// `meta: end_play`: no further wave of the play begins.
    pub ends_play: bool,
    /// Handlers that were notified and did not run.
    pub pending_handlers: Vec<String>,
}

/// The result of one walk.
#[derive(Debug)]
pub struct Walked {
    pub next: Next,
    /// Tasks settled in this walk, in order: to be remembered and told.
    pub settled: Vec<(Key, Done)>,
    /// Tasks that all hosts of the wave share, settled in this walk.
    pub once: Vec<(Key, Done)>,
    /// Probes that were tried again without success: they have to be asked anew, with the number of the try.
    pub tries: Option<(Key, u32)>,
    /// Registered results and `set_fact`s at the end of the walk.
    pub variables: Arc<Map>,
    /// Handlers that are owed until what is planned has been made.
    pub owed: Vec<String>,
}

impl Walk<'_> {
    /// Gives the host a variable from here on; what it had before.
    fn set_variable(&mut self, name: String, value: Value) -> Option<Value> {
        Arc::make_mut(&mut self.variables).insert(name, value)
    }
}

/// Where a walk goes from a task.
#[derive(Debug, PartialEq, Eq)]
enum Flow {
    Continue,
    /// The task failed: `rescue`, or the end of the play for this host.
    Failed,
    /// Nothing further can be decided before what is planned has been made, or something else has happened.
    Stop,
    /// `meta: end_host`, `end_batch` or `end_play`.
    End,
}

/// One walk.
struct Walk<'a> {
    setting: &'a Setting,
    memory: &'a Memory,
    worlds: HashMap<Target, World>,
    /// What the host is, as variables, with what planned changes may alter.
    facts: Arc<Map>,
    /// Registered results and `set_fact`s.
    variables: Arc<Map>,
    /// Names notified so far, in order; with why it is not sure, where it is not.
    notified: Vec<(String, Option<Unknown>)>,
    /// Names whose handlers had their turn and did not all succeed: the host is still owed them.
    unserved: Vec<String>,
    settled: Vec<(Key, Done)>,
    once: Vec<(Key, Done)>,
    planned: Vec<Planned>,
    planned_target: Option<Target>,
    planned_throttle: Option<Throttle>,
    /// Whether a planned step may change anything at all, such as a command of the user's.
    arbitrary: bool,
    /// Whether anything was planned or unknown before this point (in a plan: whether it would be).
    pending: bool,
    missing: BTreeMap<Target, BTreeSet<Probe>>,
    stop: Option<Next>,
    tries: Option<(Key, u32)>,
    kind: TaskKind,
    section: SectionKind,
    flushes: usize,
    failed: bool,
    /// The last task that failed, and what it came to, for `rescue`.
    failure: Option<(Map, Map)>,
    /// Whether `meta: end_play` was reached and holds.
    ends_play: bool,
    /// Handlers that were owed when the first step was planned.
    owed: Option<Vec<String>>,
    /// Whether it came to the end of the play.
    whole: bool,
    /// The place of the task where it stopped before that.
    stopped: Option<Key>,
}

/// Whose shell a task with these keywords runs in.
///
/// # Errors
/// A keyword that cannot be evaluated.
pub fn target_of(
    setting: &Setting,
    keywords: &Keywords,
    scope: &Scope,
) -> Result<Evaluated<Target>, Failure> {
    target::target(setting, keywords, scope)
}

/// Walks through the play.
pub fn walk(setting: &Setting, memory: &Memory, worlds: &HashMap<Target, World>) -> Walked {
    let mut walk = Walk {
        setting,
        memory,
        worlds: worlds.clone(),
        facts: Arc::clone(&memory.facts),
        variables: Arc::clone(&memory.variables),
        notified: memory
            .notified
            .iter()
            .map(|name| (name.clone(), None))
            .collect(),
        unserved: Vec::new(),
        settled: Vec::new(),
        once: Vec::new(),
        planned: Vec::new(),
        planned_target: None,
        planned_throttle: None,
        arbitrary: false,
        pending: memory.facts_awaited,
        missing: BTreeMap::new(),
        stop: None,
        tries: None,
        kind: TaskKind::Task,
        section: SectionKind::Tasks,
        flushes: 0,
        failed: false,
        failure: None,
        ends_play: false,
        owed: None,
        whole: false,
        stopped: None,
    };
    if memory.facts_stale {
        walk.ask(&setting.facts_target, [Probe::Facts]);
    }
    let pending_handlers = walk.play();
    walk.conclude(pending_handlers)
}

impl Walk<'_> {
    /// All sections, each with its handlers. Returns the handlers that were earned and did not run.
    fn play(&mut self) -> Vec<String> {
        let mut ended = false;
        let sections = &self.setting.play.sections;
        self.whole = true;
        for (index, section) in sections.iter().enumerate() {
            let checks = section.kind == SectionKind::PostChecks;
            // Post-checks look at what is there: in a plan nothing has been made yet.
            match self.setting.mode {
                Mode::Plan if checks => continue,
                Mode::Verify if !checks => continue,
                _ => {}
            }
            self.section = section.kind;
            self.kind = if checks {
                TaskKind::PostCheck
            } else {
                TaskKind::Task
            };
            if checks && !self.before_checks() {
                self.whole = false;
                break;
            }
            let flow = self.items(&section.items, &vec![index]);
            if flow == Flow::Stop {
                self.whole = false;
                break;
            }
            if flow == Flow::Failed {
                self.failed = true;
            }
            if flow == Flow::End {
                // A host whose play was ended runs nothing more, as in Ansible: neither now nor in another run.
                self.notified.clear();
                self.unserved.clear();
                ended = true;
                break;
            }
            // Handlers that were earned run, whatever else happened since.
            if !checks {
                match self.flush_handlers(&vec![index]) {
                    Flow::Stop => {
                        self.whole = false;
                        break;
                    }
                    Flow::Failed => self.failed = true,
                    Flow::Continue | Flow::End => {}
                }
            }
            if flow != Flow::Continue || self.failed {
                break;
            }
        }
        let notified = self.notified.iter().map(|(name, _)| name.clone());
        let mut owed: Vec<String> = notified.chain(self.unserved.drain(..)).collect();
        let uncertain = self.memory.uncertain.iter().filter(|_| !ended);
        owed.extend(uncertain.cloned());
        let mut seen = HashSet::new();
        owed.retain(|name| seen.insert(name.clone()));
        owed
    }

    /// Post-checks are decided from what the host answers after the changes: whatever is planned is made first.
    fn before_checks(&mut self) -> bool {
        if !self.planned.is_empty() || self.collecting() || self.stop.is_some() {
            return false;
        }
        if !self.memory.checks_begun {
            self.stop = Some(Next::BeginChecks);
        }
        self.memory.checks_begun
    }

    /// What has to happen next, from all that the walk found.
    fn conclude(mut self, pending_handlers: Vec<String>) -> Walked {
        let owed = self.owed.take();
        let owed = owed.unwrap_or_else(|| pending_handlers.clone());
        let next = if !self.missing.is_empty() {
            if self.setting.mode == Mode::Plan {
                // It will all be decided again.
                self.settled.clear();
                self.once.clear();
            }
            Next::Observe(self.missing)
        } else if !self.planned.is_empty() {
            let ahead = self.programs_ahead();
            let is_whole = self.whole || self.rest_is_talk(&pending_handlers, &ahead);
            Next::CarryOut {
                target: self
                    .planned_target
                    .unwrap_or_else(|| self.setting.main_target()),
                planned: self.planned,
                owed: pending_handlers,
                throttle: self.planned_throttle,
                whole: is_whole && self.stop.is_none(),
                ahead: ahead.into_iter().map(|(_, program)| program).collect(),
            }
        } else if let Some(stop) = self.stop {
            if self.setting.mode == Mode::Plan {
                self.settled.clear();
                self.once.clear();
            }
            stop
        } else {
            Next::Finished(Finished {
                failed: self.failed,
                ends_play: self.ends_play,
                pending_handlers,
            })
        };
        Walked {
            next,
            settled: self.settled,
            once: self.once,
            tries: self.tries,
            variables: self.variables,
            owed,
        }
    }

    /// Notes questions for a target. Should the run end before they are answered, what was earned until here is owed.
    fn ask(&mut self, target: &Target, probes: impl IntoIterator<Item = Probe>) {
        let notified = self.notified.iter().map(|(name, _)| name.clone());
        self.owed.get_or_insert_with(|| notified.collect());
        self.missing
            .entry(target.clone())
            .or_default()
            .extend(probes);
    }

    /// Whether decisions of this walk can no longer be acted on, because an earlier one lacks an answer.
    fn collecting(&self) -> bool {
        !self.missing.is_empty()
    }
}
