//! The same tasks, done by ansible-core on one host and by us on its twin, come to the same.
//!
//! A case is a file in `cases/`: see `README.md` beside this file. All cases run in one go on each side, twice, so that
//! idempotence is compared too. `script/test twins` boots the hosts, installs ansible-core and sets `CACHESMITH_ANSIBLE`
//! and `CACHESMITH_FLEET_STATE`. `CACHESMITH_TWINS=copy,file` picks the cases whose names begin so.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that panics has failed, which is what it is for"
)]
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod cases;
mod compare;
mod facts;
mod hosts;
mod runs;
mod server;
mod stage;

use std::time::Instant;

use cases::Case;
use hosts::Twin;
use runs::{Ended, Side};
use stage::Stage;

/// How often each case runs.
const ROUNDS: usize = 2;

/// In at least so many of all cases Ansible changes something.
const CHANGING: usize = 40;

#[test]
fn tasks_come_to_the_same_as_with_ansible() {
    let cases = cases::chosen();
    let began = Instant::now();
    let twins = [Twin::new("bw3"), Twin::new("bw4")];
    hosts::reset(&twins);
    let server = server::serve(&twins[0].gateway());
    let stage = Stage::prepare(&cases, &twins, &server);
    let mut problems = Vec::new();
    prepare_hosts(&twins, &cases);
    let before = both(&twins, Twin::snapshot);
    for problem in compare::twins_begin_alike(&before) {
        problems.push(problem);
    }
    let mut tasks = 0;
    let mut changing = 0;
    for round in 1..=ROUNDS {
        let [theirs, ours] = run_both(&stage, &cases);
        let mut ended = 0;
        for case in &cases {
            let (said, count) = compare::events(case, round, &theirs, &ours);
            problems.extend(said);
            ended += count;
        }
        tasks += ended;
        if round == 1 {
            let (said, changed) = compare::worked(&cases, &theirs);
            problems.extend(said);
            if cases::filter().is_empty() && changed < CHANGING {
                problems.push(format!("Ansible changed something in {changed} cases only"));
            }
            changing = changed;
        }
        problems.extend(compare::ends(round, &cases, &theirs, &ours));
        let after = both(&twins, Twin::snapshot);
        problems.extend(compare::changes(round, &cases, &before, &after));
        let results = both(&twins, Twin::results);
        problems.extend(compare::results(round, &cases, &results));
    }
    assert!(
        problems.is_empty(),
        "{} differences:\n\n{}",
        problems.len(),
        problems.join("\n\n")
    );
    assert!(tasks > cases.len(), "only {tasks} tasks were compared");
    let summary = format!(
        "{} cases compared with Ansible ({changing} of them change a host), {tasks} task results in {ROUNDS} rounds, {} s\n",
        cases.len(),
        began.elapsed().as_secs()
    );
    // Libtest keeps back what is printed; `script/test` ends with what stands here.
    std::fs::write(hosts::state().join("twins-compared"), &summary).unwrap();
    print!("{summary}");
}

#[test]
fn facts_have_ansibles_values() {
    facts::compare();
}

/// Runs the lines that prepare each case, on both hosts at once.
fn prepare_hosts(twins: &[Twin; 2], cases: &[Case]) {
    let script = cases::preparation(cases);
    both(twins, |twin| twin.run(&script));
}

/// Does something on both hosts side by side.
fn both<T: Send>(twins: &[Twin; 2], work: impl Fn(&Twin) -> T + Sync) -> [T; 2] {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work(&twins[1]));
        let first = work(&twins[0]);
        [first, other.join().unwrap()]
    })
}

/// One round of all cases on both sides, side by side: Ansible's, then ours.
fn run_both(stage: &Stage, cases: &[Case]) -> [Ended; 2] {
    std::thread::scope(|scope| {
        let ours = scope.spawn(|| runs::all(Side::Ours, stage, cases));
        let theirs = runs::all(Side::Ansible, stage, cases);
        [theirs, ours.join().unwrap()]
    })
}
