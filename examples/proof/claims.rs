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
    // A plan says `about`: keys are not all of one size.
    let allowed = live.announced * 5 / 4;
    vec![
        Claim::new(
            live.restarts == 0 && is_one_process(&live.steady.samples),
            format!(
                "{case}: a live server is hardened without a restart ({} restarts)",
                live.restarts
            ),
        ),
        Claim::new(
            lost <= allowed && evicted <= allowed,
            format!(
                "{case}: it loses no key that the plan did not announce ({lost} of {} lost, {evicted} evicted, \
                 about {} announced)",
                live.checked.keys, live.announced
            ),
        ),
        Claim::new(
            errors == 0 && (live.announced > 0 || live.steady.misses == 0),
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

fn evicted(live: &Live) -> u64 {
    let last = live.steady.samples.last();
    last.map_or(0, |sample| sample.evicted_keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Live;
    use crate::memory::Seen;
    use crate::reports::{Checked, Phase, Sample};

    const MIB: u64 = 1 << 20;

    fn outcome(found: Found) -> Outcome {
        Outcome {
            case: "redis70-hardened-guard".to_owned(),
            host: "redis70".to_owned(),
            build: "Debian",
            limit: 512 * MIB,
            planned: 227 * MIB,
            memory: Seen {
                host_peak: 450 * MIB,
                ..Seen::default()
            },
            found,
            guard_status: String::new(),
        }
    }

    fn complete() -> Shift {
        let end = Sample {
            process_id: 7,
            used_memory: 100 * MIB,
            ..Sample::default()
        };
        Shift {
            ended: "complete".to_owned(),
            phases: vec![Phase {
                end: Some(end.clone()),
                ..Phase::default()
            }],
            samples: vec![end.clone(), end],
            ..Shift::default()
        }
    }

    fn shift(setup: Setup, report: Shift) -> Outcome {
        outcome(Found::Shift {
            setup,
            report: Box::new(report),
        })
    }

    fn failures(outcome: &Outcome) -> usize {
        let claims = claims_of(outcome);
        claims.iter().filter(|claim| !claim.holds).count()
    }

    #[test]
    fn a_guarded_host_that_lives_passes() {
        assert_eq!(failures(&shift(Setup::HardenedGuarded, complete())), 0);
    }

    #[test]
    fn each_way_of_dying_fails() {
        let broken = |change: &dyn Fn(&mut Outcome, &mut Shift)| {
            let mut report = complete();
            let mut outcome = shift(Setup::HardenedGuarded, Shift::default());
            change(&mut outcome, &mut report);
            outcome.found = Found::Shift {
                setup: Setup::HardenedGuarded,
                report: Box::new(report),
            };
            failures(&outcome)
        };
        assert_eq!(broken(&|outcome, _| outcome.memory.kills = 1), 1);
        assert_eq!(
            broken(&|outcome, _| outcome.memory.host_peak = 512 * MIB),
            1
        );
        assert_eq!(
            broken(&|_, report| report.ended = "time limit".to_owned()),
            1
        );
        assert_eq!(broken(&|_, report| report.samples[1].process_id = 8), 1);
        assert_eq!(broken(&|_, report| report.phases.clear()), 1);
        assert_eq!(
            broken(&|_, report| report.errors = [("OOM".to_owned(), 3)].into()),
            1
        );
    }

    #[test]
    fn a_load_that_does_not_kill_the_stock_configuration_shows_nothing() {
        let mut outcome = shift(Setup::Stock, complete());
        assert_eq!(failures(&outcome), 1);
        outcome.memory.kills = 1;
        assert_eq!(failures(&outcome), 1, "something else was killed");
        let lost = Shift {
            ended: "the server was lost: end of file".to_owned(),
            ..complete()
        };
        let mut outcome = shift(Setup::Stock, lost);
        outcome.memory.kills = 1;
        assert_eq!(failures(&outcome), 0);
    }

    #[test]
    fn setups_that_only_show_something_claim_nothing() {
        assert!(claims_of(&shift(Setup::Hardened, Shift::default())).is_empty());
        assert!(claims_of(&shift(Setup::StockGuarded, Shift::default())).is_empty());
    }

    #[test]
    fn a_live_server_keeps_its_keys_its_clients_and_its_process() {
        let live = |change: &dyn Fn(&mut Live)| {
            let mut live = Live {
                filled: crate::reports::Filled { keys: 9, errors: 0 },
                steady: crate::reports::Steady::default(),
                checked: Checked {
                    keys: 9,
                    present: 9,
                    ..Checked::default()
                },
                apply_seconds: 1.0,
                announced: 0,
                restarts: 0,
            };
            change(&mut live);
            failures(&outcome(Found::Live(Box::new(live))))
        };
        assert_eq!(live(&|_| ()), 0);
        assert_eq!(live(&|live| live.restarts = 1), 1);
        assert_eq!(live(&|live| live.checked.missing = 1), 1);
        assert_eq!(live(&|live| live.checked.wrong = 1), 1);
        let evicting = |announced| {
            live(&|live| {
                live.announced = announced;
                live.checked.missing = 5;
                live.steady.misses = 5;
            })
        };
        assert_eq!((evicting(4), evicting(3), evicting(0)), (0, 1, 2));
        assert_eq!(live(&|live| live.steady.misses = 1), 1);
        assert_eq!(
            live(&|live| {
                live.steady.errors = [("disconnected".to_owned(), 1)].into();
            }),
            1
        );
    }
}
