//! The page of results.

use crate::claims::Claim;
use crate::experiment::machine;
use crate::measure::{Found, Outcome};
use crate::table;

/// How the figures came to be: what stands under the tables.
pub struct Circumstances {
    pub date: String,
    pub minutes: u64,
    pub quick: bool,
    pub busyness_before: String,
}

/// Tables, claims and circumstances, as Markdown.
pub fn page(outcomes: &[Outcome], claims: &[Claim], circumstances: &Circumstances) -> String {
    let mut text = tables(outcomes);
    text += "Claims:\n\n";
    for claim in claims {
        text += &claim_line(claim);
    }
    text += &format!("\n{}", footer(outcomes, claims, circumstances));
    text
}

pub fn claim_line(claim: &Claim) -> String {
    let word = if claim.holds { "pass" } else { "FAIL" };
    format!("- {word}: {}\n", claim.text)
}

/// What the README shows: the tables, and where they come from.
pub fn extract(outcomes: &[Outcome], claims: &[Claim], circumstances: &Circumstances) -> String {
    tables(outcomes) + &footer(outcomes, claims, circumstances)
}

fn tables(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    if outcomes
        .iter()
        .any(|one| matches!(one.found, Found::Shift { .. }))
    {
        text += "Under a load whose value sizes shift:\n\n";
        text += &table::shifts(outcomes);
        text += "\n";
    }
    if outcomes
        .iter()
        .any(|one| matches!(one.found, Found::Live(_)))
    {
        text += "Hardening a full server while clients use it:\n\n";
        text += &table::lives(outcomes);
        text += "\n";
    }
    text
}

fn footer(outcomes: &[Outcome], claims: &[Claim], circumstances: &Circumstances) -> String {
    let held = claims.iter().filter(|claim| claim.holds).count();
    let late = outcomes.iter().filter_map(|outcome| match &outcome.found {
        Found::Shift { report, .. } => Some(report.lateness.worst_ms),
        Found::Live(_) => None,
    });
    let late = late.max_by(f64::total_cmp).unwrap_or_default();
    let limit = outcomes.first().map_or(0, |outcome| outcome.limit >> 20);
    format!(
        "{held} of {} claims hold. Hosts of {limit} MiB; one run of each row{}, on {} in {} minutes; {}; load average before \
         {}; the machine itself woke an idle thread up to {late:.0} ms late meanwhile, which is part of every worst wait.\n",
        claims.len(),
        if circumstances.quick {
            " (the quick proof)"
        } else {
            ""
        },
        circumstances.date,
        circumstances.minutes,
        machine::description(),
        circumstances.busyness_before,
    )
}
