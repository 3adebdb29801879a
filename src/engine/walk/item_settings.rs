//! The keywords of a task that decide how its module's decision is carried out.

use std::collections::BTreeMap;

use super::judge::Judging;
use super::{Target, Walk};
use crate::model::playbook::Task;
use crate::model::step::Action;
use crate::model::template::{Evaluated, Scope};
use crate::module::{Decision, Failure};

/// What a decision needs beside the module's arguments.
pub(super) struct Settings {
    pub(super) target: Target,
    pub(super) ignore_errors: bool,
    pub(super) no_log: bool,
    /// `check_mode: true`: it is only ever predicted.
    pub(super) only_predict: bool,
    /// `check_mode: false`: its program changes nothing, and runs in plans too.
    pub(super) runs_in_plans: bool,
    pub(super) time_limit: Option<u64>,
    pub(super) environment: BTreeMap<String, String>,
}

impl Walk<'_> {
    /// Evaluates the keywords.
    pub(super) fn settings(
        &self,
        task: &Task,
        scope: &Scope,
    ) -> Result<Evaluated<Settings>, Failure> {
        let keywords = &task.keywords;
        let target = match super::target::target(self.setting, keywords, scope)? {
            Evaluated::Known(target) => target,
            Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
        };
        let mut flags = [false; 3];
        for (flag, node) in flags.iter_mut().zip([
            &keywords.ignore_errors,
            &keywords.no_log,
            &keywords.check_mode,
        ]) {
            match Self::flag(node.as_ref(), scope, false)? {
                Evaluated::Known(value) => *flag = value,
                Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
            }
        }
        let time_limit = match &keywords.timeout {
            Some(node) => Some(Self::number(Some(node), scope, 0)?).filter(|seconds| *seconds > 0),
            None => None,
        };
        let environment = match Self::environment(keywords, scope)? {
            Evaluated::Known(environment) => environment,
            Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
        };
        Ok(Evaluated::Known(Settings {
            environment,
            target,
            ignore_errors: flags[0],
            no_log: flags[1],
            only_predict: flags[2],
            runs_in_plans: keywords.check_mode.is_some() && !flags[2],
            time_limit,
        }))
    }
}

/// A task's time limit and environment reach its programs.
pub(super) fn adjust(decision: &mut Decision, settings: &Settings) {
    for step in decision
        .changes
        .iter_mut()
        .flat_map(|change| &mut change.steps)
    {
        if let Action::Program { program, .. } = &mut step.action {
            if settings.time_limit.is_some() {
                program.time_limit = settings.time_limit;
            }
            for (name, value) in &settings.environment {
                program
                    .environment
                    .entry(name.clone())
                    .or_insert_with(|| value.clone());
            }
        }
    }
}

/// What judging needs of them.
pub(super) fn settings_of(settings: &Settings) -> Judging {
    Judging {
        ignore_errors: settings.ignore_errors,
        no_log: settings.no_log,
        target: settings.target.clone(),
    }
}
