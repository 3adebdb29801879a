//! The main job: bare hosts and running servers become hardened caches, exactly as the plan said.

use crate::support::{cachesmith, fleet, on};

const PLAYBOOK: &str = "playbooks/redis-cache.yml";
const REDIS_HOSTS: &[&str] = &["bw1", "bw2", "bw3", "bw4", "tr1"];

/// The same as a pattern. The Valkey host has another package, and hosts that follow each other have tests of their own.
const REDIS: &str = "bw1,bw2,bw3,bw4,tr1";

#[test]
fn a_plan_and_apply_converge_and_agree() {
    fleet(&["reset"]);
    let before = snapshot("bw2");
    let plan = cachesmith(&["plan", PLAYBOOK, "--json", "-l", REDIS]).expect(2);
    assert_eq!(snapshot("bw2"), before, "a plan changed the host");

    let apply = cachesmith(&["apply", PLAYBOOK, "--json", "--yes", "-l", REDIS]).expect(0);
    // What the plan said equals what the apply did, task by task; what was unknown may be anything.
    let planned = plan.statuses();
    let applied = apply.statuses();
    let mut compared = 0;
    for (task, said) in &planned {
        let did = applied
            .get(task)
            .unwrap_or_else(|| panic!("{task:?} was planned ({said}) and not told by the apply"));
        if said != "unknown" {
            assert_eq!(said, did, "{task:?}");
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} tasks were compared");
    for (task, did) in &applied {
        let is_check = !planned.contains_key(task);
        assert!(
            !is_check || did == "ok" || did == "skipped",
            "{task:?} was not planned and came out as {did}"
        );
    }

    for host in REDIS_HOSTS {
        assert_eq!(on(host, "redis-cli ping").trim(), "PONG", "{host}");
        assert_eq!(
            on(host, "systemctl is-enabled redis-server").trim(),
            "enabled",
            "{host}"
        );
    }

    let again = cachesmith(&["plan", PLAYBOOK, "--json", "-l", REDIS]).expect(0);
    assert!(
        again
            .statuses()
            .values()
            .all(|status| status == "ok" || status == "skipped")
    );
    cachesmith(&["verify", PLAYBOOK, "-l", REDIS]).expect(0);
}

#[test]
fn b_a_converged_host_costs_one_connection_and_four_round_trips_and_keeps_nothing() {
    let before = snapshot("bw2");
    let apply = cachesmith(&["apply", PLAYBOOK, "--json", "--yes", "-l", "bw2"]).expect(0);
    let host = apply.host("bw2");
    assert_eq!(host["connections"], 1);
    assert!(host["round_trips"].as_u64().unwrap() <= 4, "{host}");
    assert_eq!(host["counts"]["changed"], 0, "{}", apply.stdout);
    assert_eq!(
        snapshot("bw2"),
        before,
        "a converged run left something behind"
    );
    assert_eq!(
        on(
            "bw2",
            "ls /var/lib/cachesmith; ls -d /tmp/.cachesmith* 2>/dev/null; true"
        ),
        "last-run\n",
        "the run that changed the host last is all that is kept"
    );
    assert_eq!(
        on("bw2", "ps -e -o comm= | grep -c '^sh$'; true").trim(),
        "0",
        "no shell of ours is left"
    );
}

#[test]
fn c_one_changed_value_is_one_line_per_class_of_memory() {
    let extra = "{\"cache_sizing\": {\"write_heavy\": true, \"replicas\": 1}}";
    let plan = cachesmith(&["plan", PLAYBOOK, "-l", REDIS, "-e", extra]).expect(2);
    // Two classes of memory, 2 GiB and 4 GiB: two lines, each with its hosts.
    let rows: Vec<&str> = plan
        .stdout
        .lines()
        .skip_while(|line| line.trim() != "maxmemory")
        .skip(1)
        .take(2)
        .collect();
    assert_eq!(rows.len(), 2, "{}", plan.stdout);
    for row in &rows {
        assert!(
            row.contains(" -> ") && row.contains("iB"),
            "{row}\n{}",
            plan.stdout
        );
    }
    let of = |hosts: &str| rows.iter().filter(|row| row.contains(hosts)).count();
    assert_eq!((of("bw2,tr1"), of("bw[1,3-4]")), (1, 1), "{}", plan.stdout);
}

#[test]
fn d_a_server_that_cannot_defragment_runs_and_the_plan_says_why() {
    let plan = cachesmith(&["plan", PLAYBOOK, "--json", "-l", "bw2"]).expect(0);
    let said = plan
        .of_kind("task_ended")
        .into_iter()
        .filter_map(|event| event["message"].as_str().map(str::to_owned))
        .find(|message| message.contains("Active defragmentation is off"))
        .unwrap_or_else(|| panic!("{}", plan.stdout));
    assert!(said.contains("cannot defragment"), "{said}");
    let config = on("bw2", "redis-cli config get activedefrag");
    assert_eq!(config.lines().last(), Some("no"));
    assert_eq!(
        on("bw2", "systemctl is-active redis-server").trim(),
        "active"
    );
}

#[test]
fn e_valkey_is_provisioned_too() {
    let extra = ["-e", "cache_package=valkey-server", "-l", "tr2"];
    let run = |command: &str, code: i32, yes: &[&str]| {
        let words: Vec<&str> = [command, PLAYBOOK]
            .iter()
            .chain(&extra)
            .chain(yes)
            .copied()
            .collect();
        cachesmith(&words).expect(code)
    };
    run("plan", 2, &[]);
    run("apply", 0, &["--yes"]);
    run("plan", 0, &[]);
    assert_eq!(on("tr2", "valkey-cli ping").trim(), "PONG");
    assert_ne!(
        on("tr2", "valkey-cli config get maxmemory").lines().last(),
        Some("0")
    );
}

/// The files of a host, without what changes by itself.
fn snapshot(host: &str) -> String {
    fleet(&["snapshot", host])
}
