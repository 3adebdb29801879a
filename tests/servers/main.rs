//! The catalogue of directives held against real servers: of every release that can be had, a throwaway instance says
//! which directives it has, what they are by default, what they take, and which of them it lets one change.
//!
//! `script/test servers` fetches the servers and runs this. What cannot be asked of a server is in `left_out.csv`, each
//! with its reason; an entry that is not needed is a mistake too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod accounts;
mod answers;
mod build;
mod defragmentation;
mod instance;
mod left_out;
mod parsing;
mod resp;
mod trial;

use build::Build;

/// Runs a check on every server, several at once; all that is wrong is told together.
fn on_every_server(check: impl Fn(&Build) -> Vec<String> + Sync) {
    let builds = build::all();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = builds
            .iter()
            .map(|build| {
                let check = &check;
                scope.spawn(move || {
                    let found = check(build);
                    let named = |what: &String| format!("{}: {what}", build.name());
                    found.iter().map(named).collect::<Vec<_>>()
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{} mismatches:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_name_is_known_on_both_sides() {
    on_every_server(answers::names);
}

#[test]
fn older_names_lead_to_the_same_value() {
    on_every_server(answers::older_names);
}

#[test]
fn defaults_are_those_of_the_server() {
    on_every_server(answers::defaults);
}

#[test]
fn what_can_be_changed_at_run_time_can() {
    on_every_server(answers::run_time);
}

#[test]
fn values_are_taken_and_refused_as_the_catalogue_says() {
    on_every_server(parsing::values);
}

#[test]
fn names_are_taken_and_refused_as_the_catalogue_says() {
    on_every_server(parsing::names);
}

#[test]
fn all_evidence_of_defragmentation_agrees() {
    on_every_server(defragmentation::evidence);
}

#[test]
fn rules_of_accounts_are_said_alike_in_a_trial() {
    on_every_server(accounts::accounts);
}
