//! Whether a server would start with a configuration, and what to know about it if it does.

use super::server::{Defragmentation, Target};
use crate::model::diagnostic::Severity;
use crate::module::{Check, CheckStatus, Failure, Stop};
use crate::redis::catalogue::{self, Finding};
use crate::redis::conf::{Document, Effective, Overridable, Value};
use crate::redis::units::human_exact;

/// What was found wrong or doubtful.
pub(super) struct Judgement {
    errors: Vec<Error>,
    /// Doubts, each one sentence.
    pub(super) notes: Vec<String>,
}

struct Error {
    message: String,
    help: String,
}

/// Looks at the whole configuration as it will be. `existing`: the file before, to tell whose line is wrong.
pub(super) fn judge(after: &Document, existing: &Document, target: &Target<'_>) -> Judgement {
    let mut judgement = Judgement {
        errors: Vec::new(),
        notes: Vec::new(),
    };
    for finding in catalogue::check(after, target.server.as_ref()) {
        match finding.severity {
            Severity::Error => judgement.errors.push(Error {
                message: with_line(&finding, after, existing),
                help: finding.advice,
            }),
            Severity::Warning if finding.advice.is_empty() => judgement.notes.push(finding.message),
            Severity::Warning => judgement
                .notes
                .push(format!("{}: {}", finding.message, finding.advice)),
        }
    }
    let effective = Effective::of_document(after);
    judgement.defragmentation(&effective, target);
    judgement.memory(&effective, target);
    if target.server.is_none() {
        judgement.notes.push(
            "which server will read it is not known, so only what is wrong for every version was looked for"
                .to_owned(),
        );
    }
    judgement
}

/// A finding's words, and where the line stands when it is none of the task's.
fn with_line(finding: &Finding, after: &Document, existing: &Document) -> String {
    let line = after.lines.get(finding.line.saturating_sub(1));
    let place = line.and_then(|line| {
        existing
            .lines
            .iter()
            .position(|other| other.raw() == line.raw())
    });
    match place {
        Some(index) => format!(
            "{} (line {} of the file as it is)",
            finding.message,
            index + 1
        ),
        None => finding.message.clone(),
    }
}

impl Judgement {
    /// `activedefrag yes` keeps a server that cannot defragment from starting.
    fn defragmentation(&mut self, effective: &Effective, target: &Target<'_>) {
        let on = effective
            .named("activedefrag")
            .is_some_and(|setting| setting.arguments.first().is_some_and(|word| word.is("yes")));
        if !on {
            return;
        }
        let reason = target
            .defragmentation_reason
            .unwrap_or("its build does not have it");
        let error = |message: String, help: &str| Error {
            message,
            help: help.to_owned(),
        };
        match target.defragmentation {
            Defragmentation::Advised => {}
            Defragmentation::Possible => self
                .notes
                .push(format!("defragmentation is not advised here: {reason}")),
            // The server itself is asked before the file takes its place.
            Defragmentation::Unknown if target.binary.is_some() => self.notes.push(
                "whether this build can defragment is not known; the server is asked before the file is replaced"
                    .to_owned(),
            ),
            Defragmentation::Impossible => self.errors.push(error(
                format!("`activedefrag yes` is not for this server: {reason}"),
                "leave `activedefrag` out, or write it where `redis.defragmentation` is true",
            )),
            Defragmentation::Unknown | Defragmentation::NoServer => self.errors.push(error(
                "with `activedefrag yes` a server that cannot defragment does not start, and nothing is known of this one"
                    .to_owned(),
                "install the server before, so that its facts are known",
            )),
        }
    }

    fn memory(&mut self, effective: &Effective, target: &Target<'_>) {
        let limit = effective.named("maxmemory").map(|setting| &setting.value);
        if let (Some(Value::Memory(limit)), Some(usable)) = (limit, target.usable_memory)
            && *limit > usable
        {
            self.notes.push(format!(
                "maxmemory is {}, and this host has {} to give",
                human_exact(*limit),
                human_exact(usable)
            ));
        }
    }

    /// Says which lines a file that is read later may override.
    pub(super) fn overridable(&mut self, includes: &[Overridable]) {
        for include in includes {
            self.notes.push(format!(
                "`include {}` in line {} is read later and may override {}",
                include.path,
                include.line,
                include.names.join(", ")
            ));
        }
    }

    /// Refuses a configuration with which the server would not start.
    pub(super) fn refuse(&self, path: &str, target: &Target<'_>) -> Result<(), Stop> {
        let Some((first, others)) = self.errors.split_first() else {
            return Ok(());
        };
        let server = target
            .server
            .map_or_else(|| "the server".to_owned(), |server| server.to_string());
        let mut failure = Failure::new(format!("{path} is not for {server}: {}", first.message));
        if !first.help.is_empty() {
            failure = failure.help(&first.help);
        }
        for error in others {
            failure = failure.help(match error.help.as_str() {
                "" => format!("also: {}", error.message),
                help => format!("also: {}; {help}", error.message),
            });
        }
        Err(failure.into())
    }

    /// The same as warnings, for a file that is not touched.
    pub(super) fn warnings(&self, path: &str) -> Vec<Check> {
        self.errors
            .iter()
            .map(|error| Check {
                name: path.to_owned(),
                status: CheckStatus::Warned,
                expected: "a configuration that the server takes".to_owned(),
                found: error.message.clone(),
                advice: Some(error.help.clone()).filter(|help| !help.is_empty()),
            })
            .collect()
    }
}
