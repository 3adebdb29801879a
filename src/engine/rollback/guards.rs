//! Guards of steps that take something back which is not as its change left it.

use super::states::States;
use crate::model::probe::{FileInfo, FileState, Observation, Probe};
use crate::model::step::{Action, Guard, Step};

/// The same steps, guarded by what their resources are now. What is gone already is not removed again.
pub(super) fn as_now(steps: &[Step], states: &States) -> Vec<Step> {
    steps
        .iter()
        .filter(|step| !is_gone(step, states))
        .map(|step| Step {
            action: step.action.clone(),
            guard: step.guard.as_ref().map(|guard| now(guard, states)),
        })
        .collect()
}

fn is_gone(step: &Step, states: &States) -> bool {
    let Action::Remove { path } = &step.action else {
        return false;
    };
    matches!(
        states.now(&Probe::File(path.clone())),
        Some(Observation::File(FileState::Absent { .. }))
    )
}

fn now(guard: &Guard, states: &States) -> Guard {
    match guard {
        Guard::Absent { path } | Guard::Exists { path } | Guard::Sha256 { path, .. } => {
            match states.now(&Probe::File(path.clone())) {
                Some(Observation::File(FileState::Absent { .. })) => {
                    Guard::Absent { path: path.clone() }
                }
                Some(Observation::File(FileState::Present(info))) => of_file(path, info),
                _ => guard.clone(),
            }
        }
        Guard::KernelValue { key, .. } => match states.now(&Probe::KernelValue(key.clone())) {
            Some(Observation::KernelValue(kernel)) => Guard::KernelValue {
                key: key.clone(),
                value: kernel.value.clone().unwrap_or_default(),
            },
            _ => guard.clone(),
        },
        Guard::MainProcess { .. } | Guard::Config { .. } | Guard::RedisUser { .. } => guard.clone(),
    }
}

fn of_file(path: &str, info: &FileInfo) -> Guard {
    let path = path.to_owned();
    match &info.sha256 {
        Some(sha256) => Guard::Sha256 {
            path,
            sha256: sha256.clone(),
        },
        None => Guard::Exists { path },
    }
}
