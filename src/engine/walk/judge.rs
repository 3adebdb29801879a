//! What a task came to: `changed_when`, `failed_when`, `until` and `ignore_errors` asked of its result.

use std::sync::Arc;
use std::time::Duration;

use super::memory::{Executed, Key, Outcome, Truth};
use super::report::{hidden, shown};
use super::{Next, Target, Walk};
use crate::engine::outcomes::executed;
use crate::engine::words::failure_of;
use crate::model::change::{Change, ChangeKind};
use crate::model::event::TaskStatus;
use crate::model::fingerprint::fingerprint;
use crate::model::node::Node;
use crate::model::playbook::Task;
use crate::model::probe::ProgramResult;
use crate::model::step::{self, StepStatus};
use crate::model::template::{Evaluated, Layer, Scope};
use crate::model::value::{Map, Unknown, Value};
use crate::module::{Check, CheckStatus, Decision, Failure};

/// Seconds between tries, and how many more there are, where a task does not say.
const DELAY: u64 = 5;
const RETRIES: u64 = 3;

/// Modules that run what the task names, and have changed something even where that failed.
const PROGRAMS: [&str; 2] = ["command", "shell"];

/// The keywords that judging needs.
pub(super) struct Judging {
    pub(super) ignore_errors: bool,
    pub(super) no_log: bool,
    pub(super) target: Target,
}

/// What came of a task before it is judged.
pub(super) struct Raw {
    pub(super) result: Map,
    pub(super) facts: Map,
    pub(super) changed: bool,
    pub(super) failure: Option<Failure>,
    pub(super) changes: Vec<Change>,
    pub(super) message: Option<String>,
    pub(super) checks: Vec<Check>,
    pub(super) milliseconds: u64,
    /// Its steps have not been carried out.
    pub(super) provisional: bool,
}

impl Raw {
    fn new(decision: &Decision) -> Self {
        Self {
            result: decision.result.clone(),
            facts: decision.facts.clone(),
            changed: decision.changes.iter().any(counts),
            failure: failed_checks(&decision.checks),
            changes: Vec::new(),
            message: decision.message.clone(),
            checks: decision.checks.clone(),
            milliseconds: 0,
            provisional: false,
        }
    }

    /// Nothing has to be done.
    pub(super) fn decided(decision: &Decision) -> Self {
        Self::new(decision)
    }

    /// What is expected of steps that have not run: their output is unknown.
    pub(super) fn planned(decision: &Decision) -> Self {
        let mut raw = Self::new(decision);
        raw.provisional = true;
        raw.changes.clone_from(&decision.changes);
        if decision.output_of.is_some() {
            for name in ["rc", "stdout", "stderr", "stdout_lines", "stderr_lines"] {
                raw.result
                    .insert(name.to_owned(), Value::unknown("its program has run"));
            }
        }
        raw
    }

    /// The steps have run.
    pub(super) fn executed(executed: Executed) -> Self {
        Self {
            changed: executed.changes.iter().any(counts),
            result: executed.result,
            facts: executed.facts,
            failure: executed.failure,
            changes: executed.changes,
            message: None,
            checks: Vec::new(),
            milliseconds: executed.milliseconds,
            provisional: false,
        }
    }

    /// The program of a decision was run as a question.
    pub(super) fn asked(decision: &Decision, answer: &ProgramResult, accepted: &[i32]) -> Self {
        let status = if answer.timed_out {
            StepStatus::TimedOut
        } else if accepted.is_empty() || accepted.contains(&answer.code) {
            StepStatus::Done
        } else {
            StepStatus::Failed
        };
        let outcome = [step::Outcome {
            status,
            code: answer.code,
            stdout: answer.stdout.clone(),
            stderr: answer.stderr.clone(),
            milliseconds: 0,
            output_lost: false,
        }];
        let failure = (status != StepStatus::Done).then(|| failure_of(decision, &outcome));
        let mut raw = Self::executed(executed(decision, &outcome, failure));
        raw.result.extend(program_result(
            answer.code,
            &answer.stdout.to_lossy(),
            &answer.stderr.to_lossy(),
        ));
        raw
    }

    pub(super) fn failed(failure: Failure) -> Self {
        let mut raw = Self::new(&Decision::unchanged());
        raw.result.clone_from(&failure.result);
        raw.failure = Some(failure);
        raw
    }
}

/// A program's result as `register` gets it.
pub(in crate::engine) fn program_result(code: i32, stdout: &str, stderr: &str) -> Map {
    let without_end = |text: &str| text.trim_end_matches(['\n', '\r']).to_owned();
    let lines = |text: &str| Value::List(without_end(text).lines().map(Value::from).collect());
    let trimmed = |text: &str| Value::from(without_end(text));
    Map::from_iter([
        ("rc".to_owned(), Value::from(code)),
        ("stdout".to_owned(), trimmed(stdout)),
        ("stderr".to_owned(), trimmed(stderr)),
        ("stdout_lines".to_owned(), lines(stdout)),
        ("stderr_lines".to_owned(), lines(stderr)),
    ])
}

/// Waiting is work, but no change.
fn counts(change: &Change) -> bool {
    change.kind != ChangeKind::Wait
}

fn failed_checks(checks: &[Check]) -> Option<Failure> {
    let failed: Vec<&Check> = checks
        .iter()
        .filter(|check| check.status == CheckStatus::Failed)
        .collect();
    let first = failed.first()?;
    let mut failure = Failure::new(format!(
        "{} of {} checks failed: {}",
        failed.len(),
        checks.len(),
        failed
            .iter()
            .map(|check| format!(
                "{} should be {} and is {}",
                check.name, check.expected, check.found
            ))
            .collect::<Vec<_>>()
            .join("; ")
    ));
    failure.help.extend(first.advice.clone());
    Some(failure)
}

/// Whether a task is tried once more.
enum Try {
    Again,
    Enough,
    /// `until` never held, after so many tries.
    InVain(u64),
}

impl Walk<'_> {
    /// Judges what came of a task, and remembers it where it is settled. `None`: it has to be tried again.
    pub(super) fn judge(
        &mut self,
        task: &Arc<Task>,
        key: &Key,
        scope: &Scope,
        label: Option<String>,
        judging: &Judging,
        mut raw: Raw,
    ) -> Option<Outcome> {
        if let Some(begun) = self.memory.begun.get(key).filter(|_| !raw.provisional) {
            raw.changed |= begun.iter().any(counts);
            raw.changes.splice(0..0, begun.iter().cloned());
        }
        if !raw.provisional && (!task.until.is_empty() || task.retries.is_some()) {
            let tries = self.memory.tries.get(key).copied().unwrap_or(0);
            raw.result
                .insert("attempts".to_owned(), Value::from(tries + 1));
        }
        if judging.no_log {
            let secrets = self.setting.templates.secrets();
            secrets.learn_result(&mut raw.result);
            raw.facts
                .values()
                .for_each(|fact| secrets.learn_value(fact));
        }
        let mut outcome = Outcome::unchanged();
        outcome.failed = raw.failure.is_some();
        // As in Ansible, what a module could not finish counts as no change; a program that ended badly has run.
        let counts = raw.failure.is_none() || PROGRAMS.contains(&task.module);
        outcome.changed = (raw.changed && counts).into();
        let scope = Self::with_result(task, scope, &raw, &outcome);
        match Self::judged(&task.failed_when, &scope) {
            None => {}
            Some(Ok(Evaluated::Known(true))) => {
                outcome.failed = true;
                raw.failure
                    .get_or_insert_with(|| Failure::new("`failed_when` holds"));
            }
            Some(Ok(Evaluated::Known(false))) => {
                outcome.failed = false;
                raw.failure = None;
            }
            // Its program has not run: whether it will fail is open.
            Some(Ok(Evaluated::Unknown(_))) => {}
            Some(Err(failure)) => {
                outcome.failed = true;
                raw.failure = Some(failure);
            }
        }
        match Self::judged(&task.changed_when, &scope) {
            None => {}
            Some(Ok(Evaluated::Known(changed))) => outcome.changed = changed.into(),
            Some(Ok(Evaluated::Unknown(unknown))) => outcome.changed = Truth::Unknown(unknown),
            Some(Err(failure)) => {
                outcome.failed = true;
                raw.failure = Some(failure);
            }
        }
        if !raw.provisional {
            match self.try_again(task, key, &scope, judging, outcome.failed) {
                Try::Again => return None,
                Try::Enough => {}
                Try::InVain(tries) => {
                    outcome.failed = true;
                    raw.failure.get_or_insert_with(|| {
                        Failure::new(format!("`until` did not come true in {tries} tries"))
                    });
                }
            }
            // Behind planned changes an observer says what it will see; what it cannot say yet it says later.
            if !self.is_plan()
                && !self.planned.is_empty()
                && raw
                    .result
                    .values()
                    .any(|value| value.first_unknown().is_some())
            {
                return None;
            }
        }
        outcome.ignored = outcome.failed && judging.ignore_errors;
        outcome.failed &= !judging.ignore_errors;
        if outcome.failed && !outcome.ignored {
            outcome.changed = Truth::No;
        }
        if outcome.changed != Truth::No && !outcome.ignored {
            match self.notified_names(task, &scope) {
                Ok(names) => outcome.notifies = names,
                Err(failure) => {
                    outcome.failed = true;
                    raw.failure = Some(failure);
                }
            }
        }
        outcome.facts = std::mem::take(&mut raw.facts);
        outcome.result = outcome.flags();
        outcome.result.extend(std::mem::take(&mut raw.result));
        if let Some(failure) = &raw.failure {
            outcome
                .result
                .entry("msg".to_owned())
                .or_insert_with(|| failure.message.as_str().into());
        }
        if raw.provisional && !self.is_plan() {
            return Some(outcome);
        }
        let status = match (&outcome.changed, outcome.failed || outcome.ignored) {
            (_, true) => TaskStatus::Failed,
            (Truth::Yes, _) => TaskStatus::Changed,
            (Truth::No, _) => TaskStatus::Ok,
            (Truth::Unknown(unknown), _) => TaskStatus::unknown(unknown),
        };
        let mut report = self.report(task, key, label, status);
        report.ignored = outcome.ignored;
        report.milliseconds = raw.milliseconds;
        if judging.target.host != self.setting.host {
            report.delegated_to = Some(judging.target.host.clone());
        }
        if outcome.changed != Truth::No || report.status == TaskStatus::Failed {
            report.notified.clone_from(&outcome.notifies);
            report.changes = raw.changes.iter().map(Into::into).collect();
        }
        if let Some(key) = &self.setting.fingerprints
            && !raw.changes.is_empty()
        {
            report.decided = Some(fingerprint(key, &raw.changes));
        }
        report.message = raw.message;
        report.checks = raw.checks.iter().map(Into::into).collect();
        report.failure = raw.failure.as_ref().map(shown);
        if judging.no_log {
            hidden(&mut report);
        }
        self.remember(key, outcome.clone(), report);
        Some(outcome)
    }

    /// The variables of a task together with its own result, for `changed_when` and its kin.
    fn with_result(task: &Task, scope: &Scope, raw: &Raw, outcome: &Outcome) -> Scope {
        let mut result = outcome.flags();
        result.extend(raw.result.clone());
        let mut layer = Map::new();
        if let Some(name) = &task.register {
            layer.insert(name.clone(), Value::Map(result));
        }
        scope.with([Layer::raw(layer)])
    }

    fn judged(conditions: &[Node], scope: &Scope) -> Option<Result<Evaluated<bool>, Failure>> {
        (!conditions.is_empty()).then(|| Self::holds(conditions, scope))
    }

    /// Whether a task has to be tried again: `until` does not hold, or it failed and has `retries`.
    fn try_again(
        &mut self,
        task: &Task,
        key: &Key,
        scope: &Scope,
        judging: &Judging,
        failed: bool,
    ) -> Try {
        if task.until.is_empty() && task.retries.is_none() || self.is_plan() || self.collecting() {
            return Try::Enough;
        }
        let good = match Self::judged(&task.until, scope) {
            None => !failed,
            Some(Ok(Evaluated::Known(good))) => good,
            Some(_) => true,
        };
        if good {
            return Try::Enough;
        }
        if !self.planned.is_empty() {
            // What is planned comes first; then it is looked at again.
            return Try::Again;
        }
        let retries = Self::number(task.retries.as_ref(), scope, RETRIES).unwrap_or(RETRIES);
        let tries = self.memory.tries.get(key).copied().unwrap_or(0);
        if u64::from(tries) >= retries {
            return if task.until.is_empty() {
                Try::Enough
            } else {
                Try::InVain(u64::from(tries) + 1)
            };
        }
        let delay = Self::number(task.delay.as_ref(), scope, DELAY).unwrap_or(DELAY);
        self.stop = Some(Next::Pause {
            time: Duration::from_secs(delay),
            target: judging.target.clone(),
        });
        self.tries = Some((key.clone(), tries + 1));
        Try::Again
    }
}

/// What the plan knows of a task whose outcome is open.
impl From<&Unknown> for Truth {
    fn from(unknown: &Unknown) -> Self {
        Self::Unknown(unknown.clone())
    }
}
