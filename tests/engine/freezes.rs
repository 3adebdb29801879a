//! A freeze window that opens and closes while a run is under way.

use std::collections::HashMap;
use std::sync::Arc;

use cachesmith::engine::freeze::Freezes;
use cachesmith::engine::run::{self, Summary};
use cachesmith::model::event::{HostReport, HostStatus, Mode};
use cachesmith::model::value::Value;
use cachesmith::rollout::windows;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::place::{Place, ended};

const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  serial: 2
  max_fail: 3
  tasks:
    - copy: { dest: 'DIR/{{ inventory_hostname }}', content: x }
";

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Runs over four hosts in two waves, one host at a time. It is 15:00 when the first begins, and every host that is
/// changed takes two hours.
async fn run(windows_of: impl Fn(&str) -> &'static str) -> (Place, Summary, Vec<HostReport>) {
    let place = Place::new(PLAYBOOK, &NAMES);
    let (mut context, mut told) = place.context(Mode::Apply);
    let of_play: HashMap<_, _> = NAMES
        .map(|name| {
            let value: Value = serde_json::from_str(windows_of(name)).unwrap();
            let windows = windows(&value, &|_| Some(TimeZone::UTC)).unwrap();
            (name.to_owned(), windows)
        })
        .into();
    let paths = NAMES.map(|name| place.path(name));
    let clock = move || -> Timestamp {
        let done = paths.iter().filter(|path| path.exists()).count();
        let time = format!("2026-12-18T{}:00:00Z", 15 + 2 * done);
        time.parse().unwrap()
    };
    context.freezes = Freezes::new(vec![of_play], Arc::new(clock));
    let summary = run::run(Arc::new(context), &place.playbook, place.plays(), 1).await;
    let ended = ended(&mut told);
    (place, summary, ended)
}

#[tokio::test]
async fn a_rollout_that_runs_into_a_window_leaves_the_other_hosts_as_they_are() {
    let evening = r#"{"from": "16:00", "to": "18:30", "reason": "evening sales"}"#;
    let (place, summary, ended) = run(|_| evening).await;
    let status: Vec<HostStatus> = ended.iter().map(|host| host.status).collect();
    use HostStatus::{Done, Refused};
    assert_eq!(status, [Done, Refused, Refused, Refused]);
    let failure = ended[1].failure.as_ref().unwrap();
    assert!(
        failure
            .message
            .contains("frozen from 16:00 to 18:30 (UTC): evening sales"),
        "{failure:?}"
    );
    assert_eq!(Vec::from_iter(&summary.refused), ["b", "c", "d"]);
    assert!(place.path("a").exists() && !place.path("b").exists());
}

#[tokio::test]
async fn what_counts_is_the_time_at_which_the_turn_of_a_host_comes() {
    let windows_of = |name: &str| match name {
        // Open when the run begins, and not any more at 19:00.
        "c" => r#"{"from": "14:00", "to": "16:00"}"#,
        // Not yet open when the run begins, and open at 21:00.
        "d" => {
            r#"[{"from": "20:00", "to": "22:00", "allow": "live"}, {"from": "20:30", "to": "21:30"}]"#
        }
        _ => "null",
    };
    let (place, summary, _) = run(windows_of).await;
    assert_eq!(Vec::from_iter(&summary.refused), ["d"]);
    assert!(place.path("c").exists() && !place.path("d").exists());
}
