//! What the proof claims, each claim checked against what was measured.

use crate::cases::Setup;
use crate::measure::{Found, Live, Outcome};
use crate::reports::{Shift, is_one_process};

/// One claim about one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub holds: bool,
    /// The claim, and the figures that it stands on.
    pub text: String,
}

impl Claim {
    fn new(holds: bool, text: String) -> Self {
        Self { holds, text }
    }

    /// A run that could not be carried out shows nothing, and that is no success.
    pub fn not_measured(case: &str, why: &str) -> Self {
        Self::new(false, format!("{case}: could not be measured: {why}"))
    }
}

/// What must be true of a run. Runs that only show what happens without something claim nothing.
pub fn claims_of(outcome: &Outcome) -> Vec<Claim> {
    match &outcome.found {
        Found::Shift { setup, report } => match setup {
            Setup::Stock => vec![stock(outcome, report)],
            Setup::HardenedGuarded => guarded(outcome, report),
            Setup::StockGuarded | Setup::Hardened => Vec::new(),
        },
        Found::Live(live) => applied(outcome, live),
    }
}

/// Otherwise the load is too mild to show anything.
fn stock(outcome: &Outcome, report: &Shift) -> Claim {
    let kills = outcome.memory.kills;
    let lost = report.ended.starts_with("the server was lost");
    Claim::new(
        kills > 0 && lost,
        format!(
            "{}: the load kills the stock configuration ({kills} kills; the load ended with: {})",
            outcome.case, report.ended
        ),
    )
}

fn guarded(outcome: &Outcome, report: &Shift) -> Vec<Claim> {
    let case = &outcome.case;
    let memory = &outcome.memory;
    let errors: u64 = report.errors.values().sum();
    let lowest = report.phases.iter().filter_map(|phase| phase.end.as_ref());
    let lowest = lowest.map(|end| end.used_memory).min().unwrap_or_default();
    vec![
        Claim::new(
            memory.kills == 0,
            format!("{case}: nothing is killed ({} kills)", memory.kills),
        ),
        Claim::new(
            report.ended == "complete" && is_one_process(&report.samples),
            format!(
                "{case}: the same server takes the whole load (it ended with: {})",
                report.ended
            ),
        ),
        Claim::new(
            memory.host_peak < outcome.limit,
            format!(
                "{case}: the host stays under its limit ({} of {} MiB)",
                memory.host_peak >> 20,
                outcome.limit >> 20
            ),
        ),
        Claim::new(
            errors == 0,
            format!("{case}: no client sees an error ({errors} errors)"),
        ),
        Claim::new(
            lowest > 0,
            format!(
                "{case}: data is kept at the end of every phase (at least {} MiB of {} planned)",
                lowest >> 20,
                outcome.planned >> 20
            ),
        ),
    ]
}

fn applied(outcome: &Outcome, live: &Live) -> Vec<Claim> {
    let case = &outcome.case;
    let errors: u64 = live.steady.errors.values().sum::<u64>() + live.filled.errors;
    let lost = live.checked.missing + live.checked.wrong;
    let evicted = evicted(live);
    vec![
        Claim::new(
            live.restarts == 0 && is_one_process(&live.steady.samples),
            format!(
                "{case}: a live server is hardened without a restart ({} restarts)",
                live.restarts
            ),
        ),
        Claim::new(
            lost == 0 && evicted == 0,
            format!(
                "{case}: it loses no key ({lost} of {} lost, {evicted} evicted)",
                live.checked.keys
            ),
        ),
        Claim::new(
            errors == 0 && live.steady.misses == 0,
            format!(
                "{case}: no client sees an error ({errors} errors and {} misses in {} requests)",
                live.steady.misses,
                live.steady.reads + live.steady.writes
            ),
        ),
        Claim::new(
            outcome.memory.kills == 0,
            format!("{case}: nothing is killed ({} kills)", outcome.memory.kills),
        ),
    ]
}

pub fn evicted(live: &Live) -> u64 {
    let last = live.steady.samples.last();
    last.map_or(0, |sample| sample.evicted_keys)
}
