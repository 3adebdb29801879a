//! What a saved plan permits, held against runs that do more, less or something else.

use std::collections::HashMap;
use std::sync::Arc;

use cachesmith::engine::permit::{Exact, Permit, Told};
use cachesmith::engine::run::{self, Summary};
use cachesmith::model::event::{Event, HostReport, HostStatus, Mode};
use cachesmith::model::fingerprint::FingerprintKey;
use cachesmith::module::Failure;
use cachesmith::rollout::Candidate;

use crate::place::{Place, ended};

/// A file, what only an apply brings to light, a handler, and a check.
const PLAYBOOK: &str = r#"
- hosts: all
  gather_facts: false
  tasks:
    - { name: First, copy: { dest: 'DIR/{{ inventory_hostname }}', content: new } }
    - { name: Asked, command: echo unforeseen, register: asked }
    - name: Unforeseen
      copy: { dest: 'DIR/{{ inventory_hostname }}-{{ asked.stdout }}', content: x }
      notify: told
  handlers:
    - { name: told, command: "touch DIR/{{ inventory_hostname }}-told" }
  post_checks:
    - command: test -e DIR/{{ inventory_hostname }}-told
- hosts: all
  gather_facts: false
  tasks:
    - { name: Second, copy: { dest: 'DIR/{{ inventory_hostname }}-2', content: new } }
"#;

fn key() -> FingerprintKey {
    FingerprintKey::new([7; 32])
}

/// Plans some of the hosts, as a plan that is saved does.
async fn plan(place: &Place, hosts: &[&str]) -> Vec<Event> {
    let (mut context, mut told) = place.context(Mode::Plan);
    context.exact.fingerprints = Some(key());
    let mut plays = place.plays();
    for play in &mut plays {
        play.retain(|host: &Candidate| hosts.contains(&host.name.as_str()));
    }
    run::run(Arc::new(context), &place.playbook, plays, 1).await;
    let mut events = Vec::new();
    while let Ok(event) = told.try_recv() {
        events.push(event);
    }
    events
}

/// Applies under what a plan permits, and says how the hosts ended in which play.
async fn apply(place: &Place, plan: &[Event], refused: &[&str]) -> (Summary, Vec<HostReport>) {
    let (mut context, mut told) = place.context(Mode::Apply);
    let refused: HashMap<String, Failure> = refused
        .iter()
        .map(|host| ((*host).to_owned(), Failure::new("it has moved")))
        .collect();
    let permit = Permit::new(key(), &Told::of(plan), refused);
    context.exact = Exact {
        fingerprints: None,
        permit: Some(Arc::new(permit)),
    };
    let summary = run::run(Arc::new(context), &place.playbook, place.plays(), 1).await;
    (summary, ended(&mut told))
}

fn refusal(reports: &[HostReport], host: &str) -> String {
    let mut reports = reports.iter().filter(|report| report.host == host);
    let failure = reports.find_map(|report| report.failure.as_ref());
    failure.unwrap().message.clone()
}

#[tokio::test]
async fn what_was_planned_is_made_with_what_could_not_be_foreseen_and_the_checks() {
    let place = Place::new(PLAYBOOK, &["a", "b"]);
    let planned = plan(&place, &["a", "b"]).await;
    let now = plan(&place, &["a", "b"]).await;
    assert!(Told::of(&planned).moved(&Told::of(&now), "a", 2).is_none());
    let (summary, reports) = apply(&place, &planned, &["b"]).await;
    assert_eq!(Vec::from_iter(&summary.refused), ["b"]);
    assert!(summary.failed.is_empty(), "{reports:?}");
    for name in ["a", "a-unforeseen", "a-told", "a-2"] {
        assert!(place.path(name).exists(), "{name}");
    }
    assert!(!place.path("b").exists());
    assert_eq!(refusal(&reports, "b"), "it has moved");
    // What was made has moved.
    let now = plan(&place, &["a", "b"]).await;
    assert!(Told::of(&planned).moved(&Told::of(&now), "a", 2).is_some());
}

#[tokio::test]
async fn what_another_hand_changed_meanwhile_is_not_changed_again() {
    let place = Place::new(PLAYBOOK, &["a"]);
    let planned = plan(&place, &["a"]).await;
    std::fs::write(place.path("a"), "by hand").unwrap();
    let (_, reports) = apply(&place, &planned, &[]).await;
    assert_eq!(reports[0].status, HostStatus::Refused);
    let message = refusal(&reports, "a");
    assert!(
        message.starts_with("\"First\" would do what the plan does not say, to "),
        "{message}"
    );
    assert_eq!(std::fs::read_to_string(place.path("a")).unwrap(), "by hand");
    assert!(!place.path("a-told").exists());
}

#[tokio::test]
async fn where_the_plan_says_nothing_to_do_nothing_is_done() {
    let place = Place::new(PLAYBOOK, &["a"]);
    std::fs::write(place.path("a-2"), "new").unwrap();
    let planned = plan(&place, &["a"]).await;
    std::fs::remove_file(place.path("a-2")).unwrap();
    let (_, reports) = apply(&place, &planned, &[]).await;
    // The first play is as it was planned; the second would do more.
    assert_eq!(reports[0].status, HostStatus::Done);
    assert_eq!(reports[1].status, HostStatus::Refused);
    let message = refusal(&reports, "a");
    assert!(message.starts_with("\"Second\" would do"), "{message}");
    assert!(!place.path("a-2").exists());
}

#[tokio::test]
async fn the_plan_of_one_host_permits_nothing_on_another() {
    let place = Place::new(PLAYBOOK, &["a", "b"]);
    let planned = plan(&place, &["a"]).await;
    let (summary, reports) = apply(&place, &planned, &[]).await;
    assert_eq!(Vec::from_iter(&summary.refused), ["b"]);
    assert!(refusal(&reports, "b").starts_with("\"First\" would do"));
    assert!(place.path("a").exists() && !place.path("b").exists());
}

#[tokio::test]
async fn a_plan_with_another_key_permits_nothing() {
    let place = Place::new(PLAYBOOK, &["a"]);
    let planned = plan(&place, &["a"]).await;
    let (mut context, _told) = place.context(Mode::Apply);
    let other = FingerprintKey::new([8; 32]);
    let permit = Permit::new(other, &Told::of(&planned), HashMap::new());
    context.exact.permit = Some(Arc::new(permit));
    let summary = run::run(Arc::new(context), &place.playbook, place.plays(), 1).await;
    assert_eq!(Vec::from_iter(&summary.refused), ["a"]);
    assert!(!place.path("a").exists());
}
