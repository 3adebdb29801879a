//! What became of a task's steps: how far they came, and what `register` gets of them.

use super::walk::{Executed, Planned, program_result};
use crate::model::change::Change;
use crate::model::step::{Action, Outcome, Step, StepStatus};
use crate::model::value::{Map, Value};
use crate::module::{Decision, Failure};

/// The steps of all its changes, in order.
pub(super) fn steps_of(task: &Planned) -> impl Iterator<Item = &Step> {
    task.decision
        .changes
        .iter()
        .flat_map(|change| &change.steps)
}

/// The outcomes that judge a task: a restart cuts the connection, and what stands behind it comes later.
pub(super) fn until_restart<'o>(task: &Planned, outcomes: &'o [Outcome]) -> &'o [Outcome] {
    let restart = steps_of(task).position(|step| matches!(step.action, Action::Reboot { .. }));
    match restart {
        Some(index)
            if outcomes.get(index).is_some_and(|outcome| {
                matches!(outcome.status, StepStatus::Done | StepStatus::Lost)
            }) =>
        {
            &outcomes[..index]
        }
        _ => outcomes,
    }
}

/// The changes of which a step was done.
pub(super) fn begun(decision: &Decision, outcomes: &[Outcome]) -> Vec<Change> {
    let mut outcomes = outcomes.iter();
    decision
        .changes
        .iter()
        .filter(|change| {
            let own: Vec<&Outcome> = outcomes.by_ref().take(change.steps.len()).collect();
            own.iter().any(|outcome| outcome.status == StepStatus::Done)
        })
        .cloned()
        .collect()
}

/// Gives fields that were not known before the values that a step told. No word after the name: nothing.
fn fill(result: &mut Map, told: &str) {
    for line in told.lines() {
        let (name, word) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(value @ Value::Unknown(_)) = result.get_mut(name) {
            *value = match word.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) if word.is_empty() => Value::Null,
                Err(_) => word.into(),
            };
        }
    }
}

/// Whether a task's result rests on what a step's program wrote, and that did not come.
pub(super) fn lacks_output(decision: &Decision, outcomes: &[Outcome]) -> bool {
    [decision.told_by, decision.output_of]
        .into_iter()
        .flatten()
        .filter_map(|index| outcomes.get(index))
        .any(|outcome| outcome.output_lost)
}

/// What came of a task's steps, for the walk to judge.
pub(super) fn executed(
    decision: &Decision,
    outcomes: &[Outcome],
    failure: Option<Failure>,
) -> Executed {
    let mut result = decision.result.clone();
    let of = |step: Option<usize>| {
        step.and_then(|index| outcomes.get(index))
            .filter(|outcome| {
                !matches!(outcome.status, StepStatus::NotRun | StepStatus::GuardFailed)
            })
    };
    if let Some(outcome) = of(decision.told_by) {
        fill(&mut result, &outcome.stdout.to_lossy());
    }
    if let Some(outcome) = of(decision.output_of) {
        result.extend(program_result(
            outcome.code,
            &outcome.stdout.to_lossy(),
            &outcome.stderr.to_lossy(),
        ));
    }
    if let Some(failure) = &failure {
        // What would have come of it will never be known.
        result.retain(|_, value| value.first_unknown().is_none());
        result.extend(failure.result.clone());
    }
    Executed {
        result,
        facts: decision.facts.clone(),
        changes: decision.changes.clone(),
        failure,
        milliseconds: outcomes.iter().map(|outcome| outcome.milliseconds).sum(),
    }
}
