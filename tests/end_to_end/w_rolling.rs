//! Rolling over twelve hosts in four waves. They are booted beside the others, and stay until the fleet goes down.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Run, cachesmith, fleet, on, playbook};

const HOSTS: &str = "rl*";

/// A change that a running server takes, a file, and a check that fails where `/etc/broken` is.
const PLAYBOOK: &str = r#"
- name: Roll out
  hosts: "rl*"
  become: true
  serial: [1, 3, 4]
  canary: rl05
  max_fail: 0
  on_failure: rollback_wave
  gate: { redis: true, retries: 1, delay: 1 }
  tasks:
    - name: Policy
      redis_config:
        directives: { maxmemory-policy: allkeys-lfu, maxmemory: 64mb }
        dest: /etc/redis/redis.conf
    - name: Note
      copy: { dest: /etc/rolled, content: "rolled\n" }
  post_checks:
    - name: Nothing is broken
      command: test ! -e /etc/broken
"#;

fn hosts() -> Vec<String> {
    (1..=12).map(|number| format!("rl{number:02}")).collect()
}

/// All that is on a host but the note of the last run, and what its server holds live.
fn state(host: &str) -> String {
    let snapshot = fleet(&["snapshot", host]);
    let lines: Vec<&str> = snapshot
        .lines()
        .filter(|line| !line.contains("/var/lib/cachesmith"))
        .collect();
    format!(
        "{}{}",
        lines.join("\n"),
        on(host, "redis-cli config get '*'")
    )
}

fn names(value: &Value) -> BTreeSet<String> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The hosts that a run looked at or changed.
fn touched(run: &Run) -> BTreeSet<String> {
    let kinds = ["host_reached", "task_ended", "host_ended"];
    run.events()
        .into_iter()
        .filter(|event| kinds.iter().any(|kind| event["event"] == *kind))
        .filter_map(|event| event["host"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn a_a_failing_canary_is_the_only_host_that_is_touched_and_is_taken_back() {
    fleet(&["up", "rolling"]);
    let playbook = playbook("rolling", PLAYBOOK);
    on("rl05", "touch /etc/broken");
    let canary = state("rl05");
    let others: Vec<String> = hosts().into_iter().filter(|host| host != "rl05").collect();
    let before: Vec<String> = others.iter().map(|host| state(host)).collect();

    let plan = cachesmith(&["plan", &playbook, "-l", HOSTS, "--json"]).expect(2);
    let planned: Vec<Vec<String>> =
        serde_json::from_value(plan.of_kind("waves_planned")[0]["waves"].clone()).unwrap();
    assert_eq!(
        planned.iter().map(Vec::len).collect::<Vec<_>>(),
        [1, 3, 4, 4]
    );
    assert_eq!(planned[0], ["rl05"]);

    let run = cachesmith(&["apply", &playbook, "-l", HOSTS, "--yes", "--json"]).expect(9);
    assert_eq!(touched(&run), BTreeSet::from(["rl05".to_owned()]));
    assert_eq!(run.of_kind("wave_started").len(), 1);
    let ended = &run.of_kind("run_ended")[0];
    assert_eq!(
        names(&ended["rolled_back"]),
        BTreeSet::from(["rl05".to_owned()])
    );
    assert_eq!(
        names(&ended["not_reached"]),
        others.iter().cloned().collect()
    );
    assert_eq!(state("rl05"), canary, "the canary is as it was");
    for (host, before) in others.iter().zip(before) {
        assert_eq!(state(host), before, "{host} was not touched");
    }
}

#[test]
fn b_without_the_fault_all_twelve_are_changed_wave_by_wave_with_gates_between() {
    let playbook = playbook("rolling", PLAYBOOK);
    on("rl05", "rm -f /etc/broken");
    let run = cachesmith(&["apply", &playbook, "-l", HOSTS, "--yes", "--json"]).expect(0);
    assert_eq!(run.of_kind("wave_started").len(), 4);
    let gates = run.of_kind("gate_ended");
    assert_eq!(gates.len(), 4);
    assert!(
        gates.iter().all(|gate| gate["failures"].is_null()),
        "{gates:?}"
    );
    assert_eq!(touched(&run).len(), 12);
    // Facts, questions, changes, post-checks, the lease given back: what gates compare with costs nothing of its own.
    for host in run.of_kind("host_ended") {
        assert!(host["round_trips"].as_u64().unwrap() <= 5, "{host}");
        assert_eq!(host["connections"], 1, "{host}");
    }
    for host in hosts() {
        let policy = on(&host, "redis-cli config get maxmemory-policy");
        assert!(policy.contains("allkeys-lfu"), "{host}: {policy}");
    }
    // What is as it should be has no gates.
    let again = cachesmith(&["apply", &playbook, "-l", HOSTS, "--yes", "--json"]).expect(0);
    assert!(again.of_kind("gate_ended").is_empty());
}

#[test]
fn c_a_server_that_serves_worse_than_before_does_not_pass_its_gate() {
    let text = PLAYBOOK
        .replace("maxmemory: 64mb", "maxmemory: 65mb")
        .replace("  post_checks:", "    - name: Keys are lost, and clients miss them\n      shell: redis-cli flushall && (for i in $(seq 1500); do echo get key:$i; done) | redis-cli > /dev/null\n      changed_when: false\n  post_checks:");
    let playbook = playbook("rolling-cold", &text);
    for host in ["rl05", "rl01"] {
        on(
            host,
            "(for i in $(seq 1500); do echo set key:$i x; done; for i in $(seq 1500); do echo get key:$i; done) | redis-cli > /dev/null",
        );
    }
    let run = cachesmith(&["apply", &playbook, "-l", HOSTS, "--yes", "--json"]).expect(9);
    let gate = &run.of_kind("gate_ended")[0];
    let message = gate["failures"][0]["failure"]["message"].as_str().unwrap();
    assert!(message.contains("hit_ratio"), "{message}");
    assert_eq!(gate["failures"][0]["host"], "rl05");
    let live = on("rl05", "redis-cli config get maxmemory");
    assert!(live.contains(&(64 * 1024 * 1024).to_string()), "{live}");
}
