//! What checks found, on many hosts.

use indexmap::IndexMap;

use super::hosts::{Groups, Host};
use crate::model::event::ShownCheck;

/// How a check came out, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    Failed,
    Warned,
    Passed,
    NotApplicable,
}

impl Verdict {
    /// From an event's word; one that is not known is a failure, so that it is seen.
    fn of(word: &str) -> Self {
        match word {
            "passed" => Self::Passed,
            "warned" => Self::Warned,
            "not_applicable" => Self::NotApplicable,
            _ => Self::Failed,
        }
    }
}

/// One check with one verdict: what was expected, and what was found where.
#[derive(Debug)]
pub struct CheckGroup {
    pub name: String,
    pub verdict: Verdict,
    /// Hosts by what was expected, what was found, and the advice.
    pub found: Groups<Found>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    pub expected: String,
    pub found: String,
    pub advice: Option<String>,
}

impl CheckGroup {}

/// All checks of a task.
#[derive(Debug, Default)]
pub struct Checks(IndexMap<(String, Verdict), CheckGroup>);

impl Checks {
    pub fn add(&mut self, check: &ShownCheck, host: Host) {
        let verdict = Verdict::of(&check.status);
        self.0
            .entry((check.name.clone(), verdict))
            .or_insert_with(|| CheckGroup {
                name: check.name.clone(),
                verdict,
                found: Groups::default(),
            })
            .found
            .add(
                Found {
                    expected: check.expected.clone(),
                    found: check.found.clone(),
                    advice: check.advice.clone(),
                },
                host,
            );
    }

    /// Those with a verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &CheckGroup> {
        self.0
            .values()
            .filter(move |group| group.verdict == verdict)
    }

    pub fn has(&self, verdict: Verdict) -> bool {
        self.with(verdict).next().is_some()
    }
}
