//! One task: its loop, what it registers, whom it notifies.

use std::sync::Arc;

use super::blocks::{below, item_text, loop_layer};
use super::memory::{Done, Key, Outcome, Truth};
use super::{Flow, Next, Walk};
use crate::model::event::{Mode, TaskKind, TaskStatus};
use crate::model::node::Node;
use crate::model::playbook::{Include, Loop, Meta, Task};
use crate::model::source::At;
use crate::model::template::{Evaluated, Layer, Scope};
use crate::model::value::{Map, Unknown, Value};
use crate::module::Failure;

/// The part of a key that stands for the whole of a task that one host does for all.
pub(super) const WHOLE: usize = usize::MAX;

impl Walk<'_> {
    pub(super) fn task(&mut self, task: &Arc<Task>, key: &Key) -> Flow {
        // Whoever is notified runs, whatever tags were asked for.
        if self.kind != TaskKind::Handler && !self.setting.tags.select(&task.keywords.tags) {
            return Flow::Continue;
        }
        let scope = self.scope(&task.keywords, &task.origin);
        let once = match Self::flag(task.keywords.run_once.as_ref(), &scope, false) {
            Ok(Evaluated::Known(once)) => once,
            Ok(Evaluated::Unknown(unknown)) => return self.settle_alone(task, key, Err(unknown)),
            Err(failure) => return self.settle_alone(task, key, Ok(failure)),
        };
        let shared = below(key, WHOLE);
        if once && !self.memory.leads.contains(&shared) {
            return match self.memory.once.get(&shared) {
                Some(done) => {
                    let outcome = done.outcome.clone();
                    // In a plan, what another host would change makes known here what it makes known there.
                    self.pending |= self.is_plan() && outcome.changed != Truth::No;
                    self.conclude_task(task, &outcome)
                }
                None => {
                    self.stop.get_or_insert(Next::AwaitOnce(shared));
                    Flow::Stop
                }
            };
        }
        let outcome = match &task.repeat {
            None => self.item(task, key, &scope, None),
            Some(repeat) => self.looped(task, repeat, key, &scope),
        };
        let Some(outcome) = outcome else {
            return Flow::Stop;
        };
        if once
            && !self.collecting()
            && self.planned.is_empty()
            && (self.is_plan() || outcome.unknown.is_none())
        {
            self.once.push((
                shared,
                Done {
                    outcome: outcome.clone(),
                    report: None,
                },
            ));
        }
        self.conclude_task(task, &outcome)
    }

    /// All items of a loop; `None` when the walk has to stop before the last.
    fn looped(
        &mut self,
        task: &Arc<Task>,
        repeat: &Loop,
        key: &Key,
        scope: &Scope,
    ) -> Option<Outcome> {
        let items = match self.loop_items(repeat, scope) {
            Ok(Evaluated::Known(items)) => items,
            Ok(Evaluated::Unknown(unknown)) => return self.settle(task, key, None, Err(unknown)),
            Err(failure) => {
                // A condition that does not hold spares the loop: its list may not even be defined.
                if matches!(
                    Self::holds(&task.keywords.when, scope),
                    Ok(Evaluated::Known(false))
                ) {
                    return self.settle_skipped(task, key, None);
                }
                return self.settle(task, key, None, Ok(failure));
            }
        };
        if items.is_empty() {
            let mut outcome = self.settle_skipped(task, key, None)?;
            outcome
                .result
                .insert("results".to_owned(), Value::List(Vec::new()));
            return Some(outcome);
        }
        let mut results = Vec::new();
        let mut whole = Outcome::unchanged();
        whole.skipped = true;
        for (index, item) in items.iter().enumerate() {
            let layer = loop_layer(repeat, index, items.len(), item);
            // What an item sets, the next one sees.
            let inner = scope.with([Layer::raw(whole.facts.clone()), Layer::raw(layer)]);
            let label = item_text(item, repeat.label.as_ref(), &inner);
            let outcome = self.item(task, &below(key, index), &inner, Some(label))?;
            let mut result = outcome.result.clone();
            result.insert(repeat.variable.clone(), item.clone());
            result.insert(
                "ansible_loop_var".to_owned(),
                repeat.variable.as_str().into(),
            );
            results.push(Value::Map(result));
            whole.add(&outcome);
            // As in Ansible, all items are tried, and the task fails afterwards.
        }
        whole.result = whole.flags();
        whole
            .result
            .insert("results".to_owned(), Value::List(results));
        Some(whole)
    }

    /// What a settled task leaves behind for the tasks after it.
    fn conclude_task(&mut self, task: &Task, outcome: &Outcome) -> Flow {
        if let (Some(unknown), "set_fact") = (&outcome.unknown, task.module) {
            for argument in &task.arguments {
                self.set_variable(argument.key.clone(), Value::Unknown(unknown.clone()));
            }
        }
        self.setting.templates.secrets().learn(&outcome.facts);
        for (name, value) in &outcome.facts {
            self.set_variable(name.clone(), value.clone());
        }
        if let Some(name) = &task.register {
            let result = match &outcome.unknown {
                Some(unknown) => Value::Unknown(unknown.clone()),
                None => Value::Map(outcome.result.clone()),
            };
            self.set_variable(name.clone(), result);
        }
        if outcome.changed != Truth::No && !outcome.failed && !outcome.ignored {
            let unsure = match &outcome.changed {
                Truth::Unknown(unknown) => Some(unknown.clone()),
                _ => None,
            };
            for name in outcome.notifies.clone() {
                match self.notified.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => {
                        if unsure.is_none() {
                            *known = None;
                        }
                    }
                    None => self.notified.push((name, unsure.clone())),
                }
            }
        }
        if outcome.failed {
            self.failure = Some((self.failed_task(task), outcome.result.clone()));
            Flow::Failed
        } else {
            Flow::Continue
        }
    }

    /// A task that failed, as `rescue` sees it.
    fn failed_task(&self, task: &Task) -> Map {
        let scope = self.scope(&task.keywords, &task.origin);
        let arguments = task
            .arguments
            .iter()
            .map(|argument| (argument.key.clone(), argument.value.to_value()));
        let tags = task.keywords.tags.iter().map(|tag| tag.as_str().into());
        Map::from_iter([
            ("name".to_owned(), self.describe(task, &scope).0.into()),
            ("action".to_owned(), task.module.into()),
            ("args".to_owned(), arguments.collect()),
            ("tags".to_owned(), Value::List(tags.collect())),
            ("path".to_owned(), task.at.to_string().into()),
        ])
    }

    /// The same for what is no task of a module.
    fn note_failure(&mut self, action: &str, at: &At, failure: &Failure) {
        let task = Map::from_iter([
            ("name".to_owned(), action.into()),
            ("action".to_owned(), action.into()),
            ("path".to_owned(), at.to_string().into()),
        ]);
        let result = Map::from_iter([
            ("failed".to_owned(), true.into()),
            ("msg".to_owned(), failure.message.as_str().into()),
        ]);
        self.failure = Some((task, result));
    }

    /// The handlers that a task notifies, their names rendered as its item sees them.
    pub(super) fn notified_names(
        &self,
        task: &Task,
        scope: &Scope,
    ) -> Result<Vec<String>, Failure> {
        task.keywords
            .notify
            .iter()
            .map(|node| {
                let value = scope
                    .node(node)
                    .map_err(|diagnostic| Failure::from(&*diagnostic))?;
                let Some(name) = value.scalar_text() else {
                    return Err(Failure::new(format!(
                        "`notify` must name a handler, and this is {} ({})",
                        value.kind(),
                        node.at
                    )));
                };
                if self.answers(&name) {
                    return Ok(name);
                }
                Err(Failure::new(format!(
                    "no handler is named `{name}`, and none listens to it ({})",
                    node.at
                ))
                .help("add it to the play's `handlers:`"))
            })
            .collect()
    }

    /// A task that failed or is unknown before its items were looked at.
    fn settle_alone(&mut self, task: &Arc<Task>, key: &Key, why: Result<Failure, Unknown>) -> Flow {
        match self.settle(task, key, None, why) {
            Some(outcome) => self.conclude_task(task, &outcome),
            None => Flow::Stop,
        }
    }

    pub(super) fn failed_include(
        &mut self,
        include: &Include,
        key: &Key,
        failure: &Failure,
    ) -> Flow {
        if self.must_wait() {
            return Flow::Stop;
        }
        self.note_failure(include_word(include), &include.at, failure);
        let report = self.bare_report(
            &include.at,
            include.name.as_ref(),
            include_word(include),
            key,
            TaskStatus::Failed,
            Some(failure),
        );
        self.settled.push((
            key.clone(),
            Done {
                outcome: Outcome::failed(),
                report: Some(report),
            },
        ));
        Flow::Failed
    }

    pub(super) fn unknown_include(
        &mut self,
        include: &Include,
        key: &Key,
        unknown: Unknown,
    ) -> Flow {
        if self.must_wait() {
            return Flow::Stop;
        }
        if !self.pending && !self.collecting() {
            return self.failed_include(include, key, &Self::never_known(&unknown));
        }
        let report = self.bare_report(
            &include.at,
            include.name.as_ref(),
            include_word(include),
            key,
            TaskStatus::unknown(&unknown),
            None,
        );
        self.settled.push((
            key.clone(),
            Done {
                outcome: Outcome::unknown(unknown),
                report: Some(report),
            },
        ));
        Flow::Continue
    }

    pub(super) fn failed_meta(&mut self, meta: &Meta, key: &Key, failure: &Failure) -> Flow {
        if self.must_wait() {
            return Flow::Stop;
        }
        self.note_failure("meta", &meta.at, failure);
        let name: Option<&Node> = None;
        let report = self.bare_report(
            &meta.at,
            name,
            "meta",
            key,
            TaskStatus::Failed,
            Some(failure),
        );
        self.settled.push((
            key.clone(),
            Done {
                outcome: Outcome::failed(),
                report: Some(report),
            },
        ));
        Flow::Failed
    }
}

impl Walk<'_> {
    /// Whether this walk tells what an apply would do without doing it.
    pub(super) fn is_plan(&self) -> bool {
        self.setting.mode == Mode::Plan
    }
}

/// The word with which a list of tasks is brought in.
const fn include_word(include: &Include) -> &'static str {
    if include.is_role {
        "include_role"
    } else {
        "include_tasks"
    }
}
