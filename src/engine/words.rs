//! Why steps failed, in words.

use crate::model::change::Change;
use crate::model::probe::Program;
use crate::model::step::{Action, Outcome, StepStatus};
use crate::model::value::{Map, Value};
use crate::module::{Decision, Failure};

/// Why a task's steps failed, in words.
pub(super) fn failure_of(decision: &Decision, outcomes: &[Outcome]) -> Failure {
    failure_of_changes(&decision.changes, outcomes)
}

/// Why the steps of these changes failed, in words.
pub(super) fn failure_of_changes<'c>(
    changes: impl IntoIterator<Item = &'c Change>,
    outcomes: &[Outcome],
) -> Failure {
    let steps = changes
        .into_iter()
        .flat_map(|change: &Change| &change.steps);
    for (step, outcome) in steps.zip(outcomes) {
        let said = last_lines(&outcome.stderr.to_lossy());
        let said = if said.is_empty() {
            last_lines(&outcome.stdout.to_lossy())
        } else {
            said
        };
        let what = match (&step.action, outcome.status) {
            (_, StepStatus::Done) => continue,
            (Action::Program { program, .. }, StepStatus::TimedOut) => {
                format!("`{}` ran into its time limit", words(program))
            }
            (Action::Program { program, .. }, _) => {
                format!("`{}` ended with code {}", words(program), outcome.code)
            }
            (Action::WriteFile { path, .. }, _) => format!("`{path}` could not be written"),
            (Action::SetAttributes { path, .. }, _) => {
                format!("mode or owner of `{path}` could not be set")
            }
            (Action::MakeDirectory { path, .. }, _) => {
                format!("the directory `{path}` could not be made")
            }
            (Action::Link { path, .. }, _) => format!("the link `{path}` could not be made"),
            (Action::Remove { path }, _) => format!("`{path}` could not be removed"),
            (Action::Touch { path, .. }, _) => format!("`{path}` could not be touched"),
            (Action::RecordRun { .. }, _) => "the run could not be put down".to_owned(),
            (Action::KeepNote { path, .. }, _) => format!("the note `{path}` could not be kept"),
            (Action::RemoveNote { path }, _) => format!("the note `{path}` could not be removed"),
            (Action::KernelValue { key, value }, _) => {
                format!("the kernel does not take {key} = {value}")
            }
            (Action::ConfigSet { settings, .. }, _) => {
                let names: Vec<&str> = settings
                    .iter()
                    .map(|setting| setting.name.as_str())
                    .collect();
                format!("the server did not take {}", names.join(", "))
            }
            (Action::LowerMaxmemory { .. }, _) => "maxmemory was not lowered to its end".to_owned(),
            (Action::RedisUser { name, .. }, _) => {
                format!("the server did not take the account {name}")
            }
            (Action::Failover { .. }, _) => "the failover was not made".to_owned(),
            (Action::Reboot { .. }, _) => "the machine could not be restarted".to_owned(),
        };
        let speaks_for_itself = matches!(&step.action, Action::Program { program, .. } if is_own(program))
            && outcome.status != StepStatus::TimedOut;
        let mut failure = Failure::new(if said.is_empty() {
            what
        } else if speaks_for_itself {
            said
        } else {
            format!("{what}: {said}")
        });
        failure.result = Map::from_iter([("rc".to_owned(), Value::from(outcome.code))]);
        return failure;
    }
    Failure::new("it was not carried out")
}

/// Whether a program is a script of a module's own, which has a name: what it says of a failure is written for people.
fn is_own(program: &Program) -> bool {
    matches!(program.argv.as_slice(), [shell, flag, _, name, ..] if shell.ends_with("sh") && flag == "-c" && name != "sh")
}

/// A program as a person would type it, shortened.
fn words(program: &Program) -> String {
    let text = match program.argv.as_slice() {
        [_, _, _, name, ..] if is_own(program) => name.clone(),
        [shell, flag, text, ..] if shell.ends_with("sh") && flag == "-c" => text.clone(),
        argv => argv.join(" "),
    };
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// The last few lines of what a program said, in one.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(4)..].join(" / ")
}
