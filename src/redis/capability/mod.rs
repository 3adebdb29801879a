//! Whether a build of the server can defragment its memory.
//!
//! It matters more than any other fact: `activedefrag yes` is a fatal error where the server was built against the
//! system's jemalloc, as every Debian and Ubuntu package is. INFO cannot tell the builds apart, so other evidence is
//! gathered and weighed here.

mod evidence;
mod risks;

use serde::Serialize;

pub use evidence::{Evidence, PARSE_PROBE_ARGUMENTS, REFUSAL_TEXTS, needed_libraries};
pub use risks::{Deployment, RISKS, Risk, Severity, risks};

use crate::redis::version::Server;

/// Whether active defragmentation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Defragmentation {
    Supported,
    Unsupported,
    /// Nothing that was looked at decides it. To be treated as unsupported: the price of a mistake is a server that
    /// does not start.
    Unknown,
}

/// What one piece of evidence says, and how much that is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Testimony {
    pub verdict: Defragmentation,
    pub weight: Weight,
    /// A sentence without a full stop.
    pub words: String,
}

/// How much a piece of evidence is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// It says nothing by itself.
    None,
    /// It fits, but would not do alone.
    Hint,
    /// It holds for every build that was looked at.
    Strong,
    /// The server's own code says so.
    Decisive,
}

/// The judgement, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    pub verdict: Defragmentation,
    /// What each piece of evidence says, one sentence each: the weightiest first, and among
    /// those the ones that agree with the verdict.
    pub reasons: Vec<String>,
    /// Whether equally weighty evidence disagrees, for instance because the program on disk was replaced and the
    /// running server is still the old one. The verdict is then the careful one.
    pub contradictory: bool,
}

/// Weighs the evidence: the weightiest decides; where it disagrees with itself, defragmentation counts as unsupported.
/// A hint alone decides nothing.
#[must_use]
pub fn assess(evidence: &[Evidence]) -> Assessment {
    let mut testimonies: Vec<Testimony> = evidence.iter().map(Evidence::testimony).collect();
    testimonies.sort_by_key(|testimony| std::cmp::Reverse(testimony.weight));
    let weightiest = testimonies
        .first()
        .map_or(Weight::None, |testimony| testimony.weight);
    let says = |verdict| {
        testimonies
            .iter()
            .any(|testimony| testimony.weight == weightiest && testimony.verdict == verdict)
    };
    let (supported, unsupported) = (
        says(Defragmentation::Supported),
        says(Defragmentation::Unsupported),
    );
    let verdict = match (weightiest >= Weight::Strong, supported, unsupported) {
        (true, _, true) => Defragmentation::Unsupported,
        (true, true, false) => Defragmentation::Supported,
        _ => Defragmentation::Unknown,
    };
    testimonies.sort_by_key(|testimony| {
        (
            std::cmp::Reverse(testimony.weight),
            testimony.verdict != verdict,
        )
    });
    Assessment {
        verdict,
        reasons: testimonies
            .into_iter()
            .map(|testimony| testimony.words)
            .collect(),
        contradictory: weightiest >= Weight::Strong && supported && unsupported,
    }
}

/// Whether to switch defragmentation on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub enable: bool,
    /// Why not; empty if it may be enabled.
    pub refusals: Vec<String>,
    /// What to know about it if it is enabled.
    pub warnings: Vec<String>,
}

/// Decides from what the build can do and from what is known of this version.
#[must_use]
pub fn decide(
    assessment: &Assessment,
    server: Option<&Server>,
    deployment: Deployment,
) -> Decision {
    let mut refusals = Vec::new();
    let mut warnings = Vec::new();
    match assessment.verdict {
        Defragmentation::Supported => {}
        Defragmentation::Unsupported => {
            let why = assessment.reasons.first().map_or("", String::as_str);
            let but = if assessment.contradictory {
                " (other evidence disagrees: the running server may be of another build than the program on disk)"
            } else {
                ""
            };
            refusals.push(format!(
                "this build cannot defragment, and with `activedefrag yes` it does not start: {why}{but}"
            ));
        }
        Defragmentation::Unknown => {
            refusals.push("nothing proves that this build can defragment; if it cannot, `activedefrag yes` keeps it from starting".to_owned());
        }
    }
    match server {
        None => warnings.push("the version is not known, so neither are its faults".to_owned()),
        Some(server) => {
            for risk in risks(server, deployment) {
                match risk.severity {
                    Severity::Refuse => refusals.push(risk.to_string()),
                    Severity::Warn => warnings.push(risk.to_string()),
                }
            }
        }
    }
    Decision {
        enable: refusals.is_empty(),
        refusals,
        warnings,
    }
}

#[cfg(test)]
mod tests;
