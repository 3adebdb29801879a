//! A run is taken back: everything is as it was, byte for byte, in files and kernel and in running servers.

use crate::support::{Run, cachesmith, command, fleet, on, playbook, run_of};

const PLAYBOOK: &str = "redis-cache";
const HOSTS: &[&str] = &["bw1", "bw2", "tr1", "tr2"];
const EXTRA: &str = r#"{"cache_package": "{{ 'valkey-server' if inventory_hostname == 'tr2' else 'redis-server' }}"}"#;

/// What removing a package leaves behind that it did not find: the bookkeeping of the package manager, and the copies
/// that programs for accounts make of what was there before. And the one file that is meant to be kept on a host.
const KEPT: &[&str] = &[
    "/var/lib/cachesmith",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/passwd-",
    "/etc/shadow-",
    "/etc/subgid-",
    "/etc/subuid-",
    "/var/lib/apt/extended_states",
    "/var/lib/dpkg/",
];

fn client(host: &str) -> &'static str {
    if host == "tr2" {
        "valkey-cli"
    } else {
        "redis-cli"
    }
}

/// Files, packages, units, kernel values, and what a running server has.
fn everything(host: &str) -> String {
    let files = fleet(&["snapshot", host]);
    let mut all: Vec<&str> = files
        .lines()
        .filter(|line| {
            let path = line.split('\t').nth(1).unwrap_or_default();
            !KEPT.iter().any(|kept| path.starts_with(kept))
        })
        .collect();
    let config = on(
        host,
        &format!(
            "{} CONFIG GET '*' 2>/dev/null | paste - - | sort; true",
            client(host)
        ),
    );
    all.extend(config.lines());
    all.join("\n")
}

fn everywhere() -> Vec<String> {
    HOSTS.iter().map(|host| everything(host)).collect()
}

fn rollback(arguments: &[&str]) -> Run {
    let output = command(&["rollback"]).args(arguments).output().unwrap();
    run_of(&output)
}

fn differences(before: &[String], after: &[String]) -> String {
    let mut text = String::new();
    for ((host, before), after) in HOSTS.iter().zip(before).zip(after) {
        let known: std::collections::BTreeSet<&str> = before.lines().collect();
        let now: std::collections::BTreeSet<&str> = after.lines().collect();
        for line in known.difference(&now) {
            text.push_str(&format!("{host} was: {line}\n"));
        }
        for line in now.difference(&known) {
            text.push_str(&format!("{host} is:  {line}\n"));
        }
    }
    text
}

#[test]
fn a_everything_is_as_it_was_before_the_run() {
    fleet(&[&["reset"], HOSTS].concat());
    for host in &HOSTS[1..] {
        let words = format!(
            "for i in $(seq 1 200); do echo SET key:$i value-$i; done | {0} >/dev/null; {0} CONFIG SET slowlog-max-len 77",
            client(host)
        );
        on(host, &words);
    }
    let before = everywhere();
    let extra = ["-e", EXTRA, "-l", "bw1,bw2,tr1,tr2"];
    cachesmith(&[&["apply", PLAYBOOK, "--yes"], &extra[..]].concat()).expect(0);
    let applied = everywhere();
    assert_ne!(before, applied);

    let plan = rollback(&["last", "--plan"]).expect(2);
    assert!(plan.stdout.contains("maxmemory-policy"), "{}", plan.stdout);
    assert_eq!(applied, everywhere(), "a plan changes nothing");

    let run = rollback(&["last", "--yes", "--json"]).expect(0);
    for host in HOSTS {
        let trips = run.host(host)["round_trips"].as_u64().unwrap();
        // What is there is asked, then put back, then the host is given back.
        assert!(trips <= 3, "{host}: {trips} round trips");
    }
    let after = everywhere();
    assert!(before == after, "{}", differences(&before, &after));
    for host in &HOSTS[1..] {
        let keys = on(host, &format!("{} DBSIZE", client(host)));
        assert_eq!(keys.trim(), "200", "{host} keeps its data");
    }

    // The rollback is a run of its own, and the run before it is named by the beginning of its name.
    let runs = run_of(&command(&["runs"]).output().unwrap()).expect(0);
    assert!(runs.stdout.contains("rollback of"), "{}", runs.stdout);
}

#[test]
fn b_a_second_rollback_finds_nothing_and_a_rollback_can_be_rolled_back() {
    let listed = run_of(&command(&["runs", "--json"]).output().unwrap()).expect(0);
    let names: Vec<String> = listed
        .events()
        .iter()
        .map(|run| run["run"].as_str().unwrap().to_owned())
        .collect();
    let (back, applied) = (&names[0], &names[1]);
    rollback(&[applied, "--plan"]).expect(0);
    let before = everywhere();
    rollback(&[applied, "--yes"]).expect(0);
    assert!(before == everywhere(), "nothing is done twice");
    // What the rollback did is done again: on the servers that were there, without the package of the bare one.
    rollback(&[back, "--yes", "-l", "bw2"]).expect(0);
    let policy = on("bw2", "redis-cli CONFIG GET maxmemory-policy");
    assert!(policy.contains("allkeys-lfu"), "{policy}");
    rollback(&["last", "--yes"]).expect(0);
    let again = everywhere();
    assert!(before == again, "{}", differences(&before, &again));
}

#[test]
fn c_what_somebody_else_has_changed_is_refused_by_name() {
    let play = playbook(
        "moved",
        "- hosts: bw2\n  tasks:\n    - name: One\n      copy: { dest: /etc/one, content: \"ours\\n\" }\n    - name: Two\n      copy: { dest: /etc/two, content: \"ours\\n\" }\n",
    );
    cachesmith(&["apply", &play, "--yes"]).expect(0);
    on("bw2", "echo theirs >/etc/one");
    let plan = rollback(&["last", "--plan"]);
    assert_eq!(plan.code, 3, "{}", plan.stdout);
    assert!(plan.stdout.contains("/etc/one"), "{}", plan.stdout);
    let refused = rollback(&["last", "--yes"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert_eq!(on("bw2", "cat /etc/one /etc/two"), "theirs\nours\n");
    let listed = run_of(&command(&["runs", "--json"]).output().unwrap()).expect(0);
    let applied = listed.events()[1]["run"].as_str().unwrap().to_owned();
    rollback(&[&applied, "--yes", "--force"]).expect(0);
    on("bw2", "test ! -e /etc/one && test ! -e /etc/two");
}

#[test]
fn d_a_server_is_restarted_again_only_where_that_is_needed() {
    let task = |directives: &str| {
        playbook(
            "restarted",
            &format!(
                "- hosts: bw2\n  tasks:\n    - name: Directives\n      redis_config: {{ dest: /etc/redis/redis.conf, directives: {{ {directives} }} }}\n"
            ),
        )
    };
    let run_id = || on("bw2", "redis-cli INFO server | grep run_id");
    let value = |name: &str| on("bw2", &format!("redis-cli CONFIG GET {name} | tail -n 1"));
    on(
        "bw2",
        "redis-cli SAVE; redis-cli CONFIG SET slowlog-max-len 99",
    );
    let before = everything("bw2");
    let first = run_id();
    cachesmith(&["apply", &task("timeout: 71"), "--yes"]).expect(0);
    rollback(&["last", "--yes"]).expect(0);
    assert_eq!(run_id(), first, "what is set live needs no restart");

    cachesmith(&["apply", &task("timeout: 72, io-threads: 2"), "--yes"]).expect(0);
    let second = run_id();
    assert_ne!(second, first);
    assert_eq!(value("io-threads").trim(), "2");
    assert_ne!(value("slowlog-max-len").trim(), "99", "a restart loses it");
    let plan = rollback(&["last", "--plan"]).expect(2);
    assert!(
        plan.stdout.contains("restart redis-server.service"),
        "{}",
        plan.stdout
    );
    rollback(&["last", "--yes"]).expect(0);
    assert_ne!(
        run_id(),
        second,
        "io-threads comes back with a restart only"
    );
    let after = everything("bw2");
    assert!(
        before == after,
        "what was set in the server alone is set again: {}",
        differences(&[before], &[after])
    );
}

#[test]
fn e_an_account_that_somebody_else_has_changed_is_refused_by_name() {
    let host = "bw2";
    fleet(&["reset", host]);
    let task = |commands: &str| {
        playbook(
            "account",
            &format!(
                "- hosts: {host}\n  become: true\n  tasks:\n    - redis_user: {{ name: app, password: app-secret, keys: ['app:*'], commands: [{commands}] }}\n"
            ),
        )
    };
    let account = || {
        on(
            host,
            "redis-cli acl list | grep '^user app' || echo 'no account'",
        )
    };
    cachesmith(&["apply", &task("+@read"), "--yes"]).expect(0);
    let first = account();
    // As the run left it, in whatever words the server says that: it goes back.
    cachesmith(&["apply", &task("'+@all', '-@dangerous'"), "--yes"]).expect(0);
    rollback(&["last", "--yes"]).expect(0);
    assert_eq!(account(), first);

    cachesmith(&["apply", &task("+@write"), "--yes"]).expect(0);
    on(host, "redis-cli acl setuser app +acl");
    let theirs = account();
    let plan = rollback(&["last", "--plan"]);
    assert_eq!(plan.code, 3, "{}", plan.stdout);
    assert!(
        plan.stdout.contains("account app of the server")
            && plan.stdout.contains("changed since the run"),
        "{}",
        plan.stdout
    );
    let refused = rollback(&["last", "--yes"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert_eq!(account(), theirs);
    let listed = run_of(&command(&["runs", "--json"]).output().unwrap()).expect(0);
    let applied = listed.events()[1]["run"].as_str().unwrap().to_owned();
    rollback(&[&applied, "--yes", "--force"]).expect(0);
    assert_eq!(account(), first);
}
