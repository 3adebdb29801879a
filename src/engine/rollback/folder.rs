//! Directories that a run made: they go only when nothing is in them that others put there.

use super::made::Answers;
use super::states::States;
use crate::model::change::Change;
use crate::model::probe::{FileState, Observation, Probe};
use crate::model::step::Action;

/// The directory that a change made, if it made one.
fn made(change: &Change) -> Option<&str> {
    change.steps.iter().find_map(|step| match &step.action {
        Action::MakeDirectory { path, .. } => Some(path.as_str()),
        _ => None,
    })
}

/// What is asked about it: all that it holds now.
pub(super) fn question(change: &Change) -> Option<Probe> {
    made(change).map(|path| Probe::Tree(path.to_owned()))
}

/// Why a directory stays, if so: something that it will still hold.
pub(super) fn stays(change: &Change, answers: &Answers, states: &States) -> Option<String> {
    let path = made(change)?;
    let Some(Observation::Tree(entries)) = answers.get(&Probe::Tree(path.to_owned())) else {
        return None;
    };
    let (name, _) = entries.iter().find(|(name, _)| {
        let probe = Probe::File(format!("{path}/{name}"));
        !matches!(
            states.now(&probe),
            Some(Observation::File(FileState::Absent { .. }))
        )
    })?;
    Some(format!(
        "it holds `{name}`, which the run did not bring, and stays"
    ))
}
