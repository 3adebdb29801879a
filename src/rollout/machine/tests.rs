use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::rolling::{Batch, Limits};

fn rollout(waves: Vec<Vec<String>>, limits: Limits, gates: usize) -> Rollout {
    let hosts = waves.iter().map(Vec::len).sum();
    Rollout::new(waves, gates, Budget::new(limits, hosts, 0), OnFailure::Stop)
}

fn waves(sizes: &[usize]) -> Vec<Vec<String>> {
    let mut number = 0;
    sizes
        .iter()
        .map(|size| {
            (0..*size)
                .map(|_| {
                    number += 1;
                    format!("h{number}")
                })
                .collect()
        })
        .collect()
}

/// What a driver sees on its way: hosts that it worked on, and how it ended.
struct Way {
    begun: Vec<String>,
    waves: usize,
    /// Wave and gate, in their order.
    gates: Vec<(usize, usize)>,
    /// The hosts of which all was taken back; inside, `None`: all of the run.
    taken_back: Option<Option<Vec<String>>>,
    ended: Ended,
}

/// What goes wrong on the way.
#[derive(Default)]
struct Wrong {
    /// Hosts that fail.
    bad: BTreeSet<String>,
    /// Hosts that fail at the first gate.
    at_gate: BTreeSet<String>,
    /// A gate that lets nobody pass: wave and gate.
    refused: Option<(usize, usize)>,
    /// After how many hosts the user has enough.
    interrupted: Option<usize>,
    /// Behind which host the playbook ends its play.
    last: Option<String>,
}

/// Drives a rollout as the engine does, with so many hosts at once. Before each input the machine is stored and read.
fn drive(mut rollout: Rollout, forks: usize, wrong: &Wrong) -> Way {
    let mut way = Way {
        begun: Vec::new(),
        waves: 0,
        gates: Vec::new(),
        taken_back: None,
        ended: Ended::default(),
    };
    let mut running: Vec<String> = Vec::new();
    let mut action = rollout.begin();
    let mut ended = 0;
    loop {
        match action {
            Action::BeginWave(number) => {
                assert!(running.is_empty(), "a wave begins while hosts are at work");
                assert_eq!(number, way.waves);
                way.waves += 1;
            }
            Action::RunGate { gate, hosts, last } => {
                assert!(
                    running.is_empty(),
                    "a gate is asked while hosts are at work"
                );
                assert_eq!(rollout.next_host(), None);
                assert_eq!(last, way.waves == rollout.waves().len());
                way.gates.push((way.waves - 1, gate));
                let failed = hosts
                    .into_iter()
                    .filter(|host| wrong.at_gate.contains(host));
                let refused = wrong.refused == Some((way.waves - 1, gate));
                action = rollout.take(Input::GateEnded {
                    failed: failed.collect(),
                    refused: refused.then(|| "no".to_owned()),
                });
                continue;
            }
            Action::RollBack { hosts, .. } => {
                assert!(
                    running.is_empty(),
                    "hosts are at work while it is taken back"
                );
                assert_eq!(rollout.next_host(), None);
                way.taken_back = Some(hosts);
                // An interruption does not leave it half taken back.
                assert_eq!(rollout.take(Input::Interrupted), Action::Wait);
                action = rollout.take(Input::RolledBack);
                assert!(matches!(action, Action::End(_)), "{action:?}");
                continue;
            }
            Action::Wait => {}
            Action::End(end) => {
                assert!(running.is_empty(), "the end comes while hosts are at work");
                assert_eq!(rollout.next_host(), None);
                way.ended = end;
                return way;
            }
        }
        let text = serde_json::to_string(&rollout).unwrap();
        assert_eq!(serde_json::from_str::<Rollout>(&text).unwrap(), rollout);
        while running.len() < forks
            && let Some(host) = rollout.next_host().map(str::to_owned)
        {
            assert!(!way.begun.contains(&host), "{host} begins twice");
            way.begun.push(host.clone());
            running.push(host.clone());
            assert_eq!(rollout.take(Input::HostBegan { host }), Action::Wait);
        }
        assert!(!running.is_empty(), "nothing goes on");
        // Hosts do not end in the order in which they began.
        let host = running.remove((ended * 7) % running.len());
        ended += 1;
        if wrong.interrupted.is_some_and(|after| ended > after) {
            rollout.take(Input::Interrupted);
        }
        if wrong.last.as_ref() == Some(&host) {
            rollout.take(Input::PlayEnds);
        }
        action = rollout.take(Input::HostEnded {
            good: !wrong.bad.contains(&host),
            changed: true,
            host,
        });
    }
}

fn names(hosts: &[&str]) -> BTreeSet<String> {
    hosts.iter().map(|host| (*host).to_owned()).collect()
}

#[test]
fn all_goes_well() {
    let way = drive(
        rollout(waves(&[1, 2, 3]), Limits::default(), 2),
        50,
        &Wrong::default(),
    );
    assert_eq!((way.begun.len(), way.waves), (6, 3));
    assert_eq!(way.gates, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    assert_eq!(way.ended, Ended::default());
}

#[test]
fn a_canary_that_fails_ends_it() {
    let wrong = Wrong {
        bad: names(&["h1"]),
        ..Wrong::default()
    };
    let way = drive(rollout(waves(&[1, 3, 8]), Limits::default(), 1), 50, &wrong);
    assert_eq!(way.begun, ["h1"]);
    assert_eq!(way.gates, []);
    assert_eq!(
        way.ended.stopped.as_deref(),
        Some("the only host of this wave failed or could not be reached")
    );
    assert_eq!(way.ended.not_reached.len(), 11);
}

#[test]
fn a_spent_budget_ends_a_wave_in_its_middle() {
    let limits = Limits {
        max_fail: Some(Batch::Hosts(0)),
        ..Limits::default()
    };
    let wrong = Wrong {
        bad: names(&["h2"]),
        ..Wrong::default()
    };
    let way = drive(rollout(waves(&[10]), limits, 0), 2, &wrong);
    assert!(way.begun.len() < 5, "{:?}", way.begun);
    assert_eq!(way.begun.len() + way.ended.not_reached.len(), 10);
    assert!(way.ended.stopped.is_some());
}

#[test]
fn a_play_that_ends_itself_misses_nobody() {
    let wrong = Wrong {
        last: Some("h1".to_owned()),
        ..Wrong::default()
    };
    let way = drive(rollout(waves(&[2, 2]), Limits::default(), 1), 1, &wrong);
    assert_eq!(way.begun, ["h1", "h2"]);
    assert_eq!(way.ended, Ended::default());
}

#[test]
fn hosts_that_fail_at_a_gate_spend_the_budget() {
    let limits = |most| Limits {
        max_fail: Some(Batch::Hosts(most)),
        ..Limits::default()
    };
    let wrong = Wrong {
        at_gate: names(&["h1", "h5"]),
        ..Wrong::default()
    };
    let way = drive(rollout(waves(&[3, 3]), limits(1), 2), 9, &wrong);
    // The second gate of the first wave is asked without h1; behind h5 there is no other.
    assert_eq!(way.gates, [(0, 0), (0, 1), (1, 0)]);
    assert!(way.ended.stopped.is_some());
    let way = drive(rollout(waves(&[3, 3]), limits(2), 2), 9, &wrong);
    assert_eq!(way.ended, Ended::default());
}

#[test]
fn a_gate_that_refuses_ends_it_whatever_the_budget_allows() {
    let wrong = Wrong {
        refused: Some((0, 1)),
        ..Wrong::default()
    };
    let way = drive(rollout(waves(&[2, 2]), Limits::default(), 3), 9, &wrong);
    assert_eq!(way.gates, [(0, 0), (0, 1)]);
    assert_eq!(way.ended.stopped.as_deref(), Some("no"));
    assert_eq!(way.ended.not_reached, ["h3", "h4"]);
}

#[test]
fn a_wave_that_changed_nothing_needs_no_gate() {
    let mut rollout = rollout(waves(&[1, 1]), Limits::default(), 1);
    rollout.begin();
    for (host, action) in [
        ("h1", Action::BeginWave(1)),
        ("h2", Action::End(Ended::default())),
    ] {
        let host = host.to_owned();
        rollout.take(Input::HostBegan { host: host.clone() });
        let ended = rollout.take(Input::HostEnded {
            host,
            good: true,
            changed: false,
        });
        assert_eq!(ended, action);
    }
}

#[test]
fn what_was_done_is_taken_back_where_the_playbook_wants_that() {
    let wrong = Wrong {
        bad: names(&["h3"]),
        ..Wrong::default()
    };
    let limits = Limits {
        any_errors_fatal: true,
        ..Limits::default()
    };
    let way = |on_failure, forks| {
        let budget = Budget::new(limits.clone(), 6, 0);
        drive(
            Rollout::new(waves(&[1, 3, 2]), 0, budget, on_failure),
            forks,
            &wrong,
        )
    };
    let names = |hosts: &[&str]| {
        hosts
            .iter()
            .map(|host| (*host).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(way(OnFailure::Stop, 9).taken_back, None);
    let wave = way(OnFailure::RollbackWave, 9);
    assert_eq!(wave.taken_back, Some(Some(names(&["h2", "h3", "h4"]))));
    assert_eq!(wave.ended.not_reached, ["h5", "h6"]);
    assert!(wave.ended.stopped.is_some());
    // Who was not begun with has nothing to be taken back.
    let narrow = way(OnFailure::RollbackWave, 1);
    assert_eq!(narrow.taken_back, Some(Some(names(&["h2", "h3"]))));
    assert_eq!(way(OnFailure::RollbackRun, 9).taken_back, Some(None));
}

proptest! {
    #[test]
    fn every_way_comes_to_an_end_and_accounts_for_every_host(
        sizes in proptest::collection::vec(1_usize..8, 0..6),
        bad in proptest::collection::btree_set(1_usize..40, 0..8),
        forks in 1_usize..10,
        quarters in proptest::option::of(0_u16..400),
        most in proptest::option::of(0_usize..6),
        fatal in any::<bool>(),
        interrupted in proptest::option::of(0_usize..30),
        at_gate in proptest::collection::btree_set(1_usize..40, 0..4),
        gates in 0_usize..3,
    ) {
        let limits = Limits {
            max_fail_percentage: quarters.map(|quarters| f64::from(quarters) / 4.0),
            max_fail: most.map(Batch::Hosts),
            any_errors_fatal: fatal,
        };
        let all = waves(&sizes);
        let hosts_of = |numbers: BTreeSet<usize>| numbers.into_iter().map(|number| format!("h{number}")).collect();
        let wrong = Wrong {
            bad: hosts_of(bad),
            at_gate: hosts_of(at_gate),
            interrupted,
            ..Wrong::default()
        };
        let way = drive(rollout(all.clone(), limits, gates), forks, &wrong);
        let mut accounted = [way.begun.clone(), way.ended.not_reached.clone()].concat();
        accounted.sort();
        let mut expected = all.concat();
        expected.sort();
        prop_assert_eq!(accounted, expected);
        let lost = |hosts: &BTreeSet<String>| way.begun.iter().filter(|host| hosts.contains(*host)).count();
        let (failed, at_gates) = (lost(&wrong.bad), if gates > 0 { lost(&wrong.at_gate) } else { 0 });
        // What was at work when the budget was spent is the most that is lost beyond it.
        if let Some(most) = most && interrupted.is_none() && at_gates == 0 {
            prop_assert!(failed <= most + forks);
        }
        if fatal && interrupted.is_none() && at_gates == 0 {
            prop_assert!(failed <= forks);
            prop_assert_eq!(way.ended.stopped.is_some(), failed > 0);
        }
        if failed + at_gates == 0 {
            prop_assert_eq!(way.ended.stopped, None);
        }
        // Gates come in their order, each once, behind waves that came.
        prop_assert!(way.gates.is_sorted_by(|one, other| one < other));
        prop_assert!(way.gates.iter().all(|(wave, gate)| *wave < way.waves && *gate < gates));
    }
}
