//! One task on one item: condition, arguments, decision, and what the walk does with it.

use std::sync::Arc;

use super::arguments::{Rendering, placed_by_name};
use super::item_settings::{Settings, adjust, settings_of};
use super::judge::Raw;
use super::memory::{Key, Outcome, Truth};
use super::{Planned, Target, Walk};
use crate::model::change::{Change, ChangeKind};
use crate::model::event::TaskKind;
use crate::model::fact_parts::FactParts;
use crate::model::playbook::Task;
use crate::model::probe::{Observation, Probe, Program};
use crate::model::step::{Action, Step};
use crate::model::template::{Evaluated, Scope};
use crate::model::value::{Map, Unknown, Value};
use crate::module::world::Answer;
use crate::module::{Decision, Failure, Look, Module, Stop, registry};

impl Walk<'_> {
    /// The outcome on one item; `None` when the walk has to stop here.
    pub(super) fn item(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        scope: &Scope,
        label: Option<String>,
    ) -> Option<Outcome> {
        if let Some(done) = self.memory.done.get(key) {
            return Some(done.outcome.clone());
        }
        if let Some(done) = self.memory.ready.get(key)
            && self.planned.is_empty()
        {
            self.settled.push((key.clone(), done.clone()));
            return Some(done.outcome.clone());
        }
        match Self::holds(&task.keywords.when, scope) {
            Ok(Evaluated::Known(true)) => {}
            Ok(Evaluated::Known(false)) => return self.settle_skipped(task, key, label),
            Ok(Evaluated::Unknown(unknown)) => return self.settle(task, key, label, Err(unknown)),
            Err(failure) => return self.settle(task, key, label, Ok(failure)),
        }
        let settings = match Self::settings(self, task, scope) {
            Ok(Evaluated::Known(settings)) => settings,
            Ok(Evaluated::Unknown(unknown)) => return self.settle(task, key, label, Err(unknown)),
            Err(failure) => return self.settle(task, key, label, Ok(failure)),
        };
        if let Some(executed) = self.memory.executed.get(key) {
            let mut raw = Raw::executed(executed.clone());
            if !self.complete(task, scope, &settings, &mut raw) {
                return Some(Outcome::unknown(Unknown::new("more is known of the host")));
            }
            return self.judge(task, key, scope, label, &settings_of(&settings), raw);
        }
        let Some(module) = registry::find(task.module) else {
            return self.settle(
                task,
                key,
                label,
                Ok(Failure::new(format!(
                    "there is no module `{}`",
                    task.module
                ))),
            );
        };
        let parameters = match self.parameters(task, module.spec(), scope) {
            Ok(Rendering::Ready(parameters)) => *parameters,
            Ok(Rendering::Unknown(unknown)) => return self.settle(task, key, label, Err(unknown)),
            Err(failure) => {
                return self.settle_failure(task, key, label, settings.ignore_errors, &failure);
            }
        };
        match self.is_too_detailed(&parameters) {
            Ok(true) => return self.settle_skipped(task, key, label),
            Ok(false) => {}
            Err(failure) => {
                return self.settle_failure(task, key, label, settings.ignore_errors, &failure);
            }
        }
        match self.decide(module, &parameters, &settings.target) {
            Ok(decision) => self.take(task, key, scope, label, &settings, decision),
            Err(Stop::Missing) => Some(Outcome::unknown(Unknown::new("more is known of the host"))),
            Err(Stop::Unknown(unknown)) => self.settle(task, key, label, Err(unknown)),
            Err(Stop::Failed(failure)) => {
                let raw = Raw::failed(placed_by_name(failure, task));
                self.judge_now(task, key, scope, label, &settings, raw)
            }
        }
    }

    pub(super) fn decide(
        &mut self,
        module: &dyn Module,
        parameters: &crate::module::Parameters,
        target: &Target,
    ) -> Result<Decision, Stop> {
        let arguments = parameters.values().values();
        self.setting
            .templates
            .need_facts(FactParts::of_task(module.spec().name, arguments));
        let world = self.worlds.entry(target.clone()).or_default();
        world.facts.clone_from(&self.facts);
        let look = Look::new(world);
        let decision = module.decide(parameters, &look);
        let missing = look.into_missing();
        if !missing.is_empty() {
            self.ask(target, missing);
            return Err(Stop::Missing);
        }
        decision
    }

    /// What the walk does with a decision.
    fn take(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        scope: &Scope,
        label: Option<String>,
        settings: &Settings,
        mut decision: Decision,
    ) -> Option<Outcome> {
        adjust(&mut decision, settings);
        if decision.changes.is_empty() {
            // After a command of the user's nothing is sure; look again once it has run.
            if self.arbitrary && !self.is_plan() {
                return None;
            }
            return self.judge_now(task, key, scope, label, settings, Raw::decided(&decision));
        }
        if let Some((program, accepted)) = early_program(task, settings, &decision) {
            if self.memory.facts_awaited {
                let probe = Probe::EarlyProgram(Box::new(program.clone()));
                self.ask(&settings.target, [probe]);
                return Some(Outcome::unknown(Unknown::new("its program has run")));
            }
            // Nothing has changed since it ran.
            if !self.pending
                && !self.arbitrary
                && let Some(world) = self.worlds.get(&settings.target)
                && let Some(answer) = world.early_program(program)
            {
                let raw = Raw::asked(&decision, answer, accepted);
                return self.judge_now(task, key, scope, label, settings, raw);
            }
        }
        let asks = settings.runs_in_plans && self.is_plan() || self.kind == TaskKind::PostCheck;
        if asks
            && self.is_plan()
            && self.pending
            && decision
                .changes
                .iter()
                .any(|change| change.kind == ChangeKind::Run)
        {
            // What it would say now is not what it will say once what is planned has been made.
            return self.settle(
                task,
                key,
                label,
                Err(Unknown::new("the changes before it are made")),
            );
        }
        if asks && let Some(raw) = self.run_as_probe(&decision, &settings.target) {
            let changes = self.is_plan() && !never_changes(task);
            self.arbitrary |= changes;
            return match raw {
                Some(raw) => self.judge_now(task, key, scope, label, settings, raw),
                // What is behind it looks once it has run.
                None if changes => None,
                None => Some(Outcome::unknown(Unknown::new("its program has run"))),
            };
        }
        if self.kind == TaskKind::PostCheck {
            let what = decision
                .changes
                .iter()
                .map(|change| change.resource.clone())
                .collect::<Vec<_>>()
                .join(", ");
            let failure = Failure::new(format!("not as it should be: {what}"))
                .help("apply the playbook again");
            let mut raw = Raw::failed(failure);
            raw.changes = decision.changes;
            return self.judge_now(task, key, scope, label, settings, raw);
        }
        if settings.only_predict {
            let mut raw = Raw::decided(&decision);
            raw.changes = decision.changes;
            return self.judge_now(task, key, scope, label, settings, raw);
        }
        self.plan(task, key, scope, label, settings, decision)
    }

    /// Plans the changes of a decision, or in a plan tells them.
    fn plan(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        scope: &Scope,
        label: Option<String>,
        settings: &Settings,
        decision: Decision,
    ) -> Option<Outcome> {
        let other_target = self
            .planned_target
            .as_ref()
            .is_some_and(|target| *target != settings.target);
        // What is throttled is made apart from the rest, so that only it waits for its turn.
        let throttle = task.keywords.throttle.as_ref();
        let other_throttle = !self.planned.is_empty() && self.planned_throttle.as_ref() != throttle;
        if !self.is_plan() && (other_target || other_throttle) {
            return None;
        }
        let raw = Raw::planned(&decision);
        let foreseen = self.is_plan() && is_predicted(&self.facts);
        for (target, world) in &mut self.worlds {
            // What one account changes, the others of the host will see.
            if target.host != settings.target.host {
                continue;
            }
            for change in &decision.changes {
                world.predict(change);
            }
            // A plan goes on with what the package that will be installed is known to bring.
            if !foreseen && *target == settings.target {
                self.facts.clone_from(&world.facts);
            }
        }
        let arbitrary = decision.changes.iter().any(Change::is_arbitrary) && !never_changes(task);
        if self.is_plan() || self.collecting() {
            self.pending = true;
            return self.judge(task, key, scope, label, &settings_of(settings), raw);
        }
        let outcome = self.judge(task, key, scope, label.clone(), &settings_of(settings), raw)?;
        let (name, _) = self.told_as(task, scope, settings.no_log);
        let ends_here = !task.until.is_empty()
            || task.retries.is_some()
            || !task.failed_when.is_empty()
            || matches!(outcome.changed, Truth::Unknown(_))
            || decision.changes.iter().any(reboots);
        let notified = self.notified.iter().map(|(name, _)| name.clone());
        self.owed.get_or_insert_with(|| notified.collect());
        self.planned.push(Planned {
            key: key.clone(),
            name,
            decision,
            no_log: settings.no_log,
            harmless: never_changes(task),
            only_looks: never_changes(task) && settings.runs_in_plans,
            notifies: outcome.notifies.clone(),
            settled: None,
        });
        self.planned_target = Some(settings.target.clone());
        self.planned_throttle = throttle.cloned();
        self.pending = true;
        self.arbitrary |= arbitrary;
        if ends_here { None } else { Some(outcome) }
    }

    /// `check_mode: false`: the program is a question, in plans and applies alike. `None`: it is not a single
    /// program. `Some(None)`: it has to be asked first.
    fn run_as_probe(&mut self, decision: &Decision, target: &Target) -> Option<Option<Raw>> {
        let (program, accepted) = single_program(decision)?;
        let probe = Probe::Program(Box::new(program.clone()));
        let answer = match self.worlds.get(target).map(|world| world.answer(&probe)) {
            Some(Answer::Known(Observation::Program(result))) => result.clone(),
            _ => {
                self.ask(target, [probe]);
                return Some(None);
            }
        };
        Some(Some(Raw::asked(decision, &answer, accepted)))
    }

    /// A task that is settled without anything being made: at once where nothing is planned before it, otherwise
    /// once that has been made.
    fn judge_now(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        scope: &Scope,
        label: Option<String>,
        settings: &Settings,
        raw: Raw,
    ) -> Option<Outcome> {
        // A failure that is only predicted may not come true once what is planned has been made.
        if raw.failure.is_some() && self.must_wait() && !self.planned.is_empty() {
            return None;
        }
        self.judge(task, key, scope, label, &settings_of(settings), raw)
    }
}

/// The program of a decision that is a single program and nothing else, with the codes that are no failure.
fn single_program(decision: &Decision) -> Option<(&Program, &[i32])> {
    let [change] = decision.changes.as_slice() else {
        return None;
    };
    match change.steps.as_slice() {
        [
            Step {
                action: Action::Program { program, accepted },
                ..
            },
        ] => Some((program, accepted)),
        _ => None,
    }
}

/// The same of a task whose program may run before its turn, along with the questions what the host is: the task says
/// that it only looks (`changed_when: false`, `check_mode: false`), the program is known to, and nothing says when or
/// how often it has to look.
pub(super) fn early_program<'d>(
    task: &Task,
    settings: &Settings,
    decision: &'d Decision,
) -> Option<(&'d Program, &'d [i32])> {
    let only_looks = settings.runs_in_plans && never_changes(task);
    let has_its_time = !task.until.is_empty()
        || task.retries.is_some()
        || task.keywords.throttle.is_some()
        || task.keywords.run_once.is_some();
    if !only_looks || has_its_time {
        return None;
    }
    single_program(decision).filter(|(program, _)| program.looks_at_files())
}

/// Whether what is known of the server was foreseen from the package that would bring it.
fn is_predicted(facts: &Map) -> bool {
    facts.get("redis").and_then(|redis| redis.get("predicted")) == Some(&Value::Bool(true))
}

/// `changed_when: false` says that the task leaves the host as it is.
fn never_changes(task: &Task) -> bool {
    task.changed_when
        .iter()
        .any(|node| node.to_value().truth() == Some(false))
}

fn reboots(change: &Change) -> bool {
    change
        .steps
        .iter()
        .any(|step| matches!(step.action, Action::Reboot { .. }))
}
