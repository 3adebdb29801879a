//! Guards of a primary and its replica: what is evicted is the primary's business, whoever that is just now.
//!
//! What is short of memory is made so by a limit that the data passes by itself, on one of the two hosts.

use crate::support::{address, cachesmith, fleet, on, playbook};

const PAIR: [&str; 2] = ["rp1", "rp2"];
const MIB: u64 = 1024 * 1024;
const PLANNED: u64 = 150 * MIB;
const STATUS: &str = "/run/cachesmith-guard/6379.status";

/// Waits on a host until a test of a shell holds.
#[track_caller]
fn until(host: &str, test: &str) {
    let words = format!(
        "for try in $(seq 400); do if {test}; then echo yes; exit; fi; sleep 0.2; done; echo no; redis-cli info; cat {STATUS}; journalctl --no-pager -n 40 -u 'cachesmith-guard@*'"
    );
    let said = on(host, &words);
    assert_eq!(said.lines().next(), Some("yes"), "{host}: {test}\n{said}");
}

fn info(host: &str, field: &str) -> String {
    let words = format!("redis-cli info all | tr -d '\r' | sed -n 's/^{field}://p'");
    on(host, &words).trim().to_owned()
}

fn live(host: &str) -> u64 {
    let said = on(host, "redis-cli config get maxmemory | tail -n 1");
    said.trim().parse().unwrap()
}

fn status(host: &str, key: &str) -> String {
    let said = on(host, &format!("sed -n 's/^{key}=//p' {STATUS}"));
    said.trim().to_owned()
}

fn keys(host: &str) -> u64 {
    on(host, "redis-cli dbsize").trim().parse().unwrap()
}

/// A primary with 100 MB of keys, in values whose pages are free again without them, a replica that has them all, and a guard on each; the one on `tight` may use 80 MiB.
fn guarded_pair(tight: &str) -> String {
    let [primary, replica] = PAIR;
    // A Sentinel that another test left there would have its own idea of who is the primary.
    fleet(&["reset", "rp3"]);
    for host in PAIR {
        fleet(&["reset", host]);
        on(
            host,
            &format!(
                "redis-cli config set save '' && redis-cli config set protected-mode no && redis-cli config set bind '* -::*' && \
                 redis-cli config set maxmemory {PLANNED} maxmemory-policy allkeys-lfu"
            ),
        );
    }
    on(
        primary,
        "redis-benchmark -q -t set -n 5000 -r 100000000 -d 20000 -P 10 >/dev/null 2>&1",
    );
    on(
        replica,
        &format!("redis-cli replicaof {} 6379", address(primary)),
    );
    until(
        replica,
        "redis-cli info replication | grep -q master_link_status:up",
    );
    until(
        replica,
        &format!("[ $(redis-cli dbsize) -eq {} ]", keys(primary)),
    );
    let play = |host: &str| {
        let limit = if host == tight { ", limit: 80mb" } else { "" };
        format!(
            "- hosts: {host}\n  become: true\n  tasks:\n    - redis_guard: {{ maxmemory: {PLANNED}, floor: 20mb{limit} }}\n  post_checks:\n    - redis_check: {{ port: 6379 }}\n"
        )
    };
    let path = playbook(&format!("guarded-pair-{tight}"), &PAIR.map(play).concat());
    cachesmith(&["apply", &path, "--yes", "-l", "rp1,rp2"]).expect(0);
    cachesmith(&["plan", &path, "-l", "rp1,rp2"]).expect(0);
    path
}

/// Both have the same keys, and nothing is on its way any more.
#[track_caller]
fn agree(primary: &str, replica: &str) {
    let client = format!("redis-cli -h {}", address(primary));
    until(
        replica,
        &format!("[ $({client} dbsize) -eq $(redis-cli dbsize) ]"),
    );
}

/// The guard of a server looks at it for a while.
fn watched(host: &str) {
    let written: u64 = status(host, "updated").parse().unwrap();
    until(
        host,
        &format!(
            "[ $(sed -n 's/^updated=//p' {STATUS}) -ge {} ]",
            written + 10
        ),
    );
}

#[test]
fn a_a_replica_lowers_nothing_until_it_is_the_primary() {
    let [first, second] = PAIR;
    let path = guarded_pair(second);
    let all = keys(first);
    // Its memory is short; what would make room is its primary's to decide.
    until(
        second,
        &format!("grep -q '^why=.*it is a replica' {STATUS}"),
    );
    watched(second);
    assert_eq!(live(second), PLANNED);
    assert_eq!(status(second, "sheds"), "0");
    assert_eq!(status(second, "role"), "slave");
    assert_eq!(info(second, "evicted_keys"), "0");
    assert_eq!([keys(first), keys(second)], [all, all]);
    assert_eq!(live(first), PLANNED);

    // Promoted, it is in charge at once, and the old primary loses what it evicts.
    let to = address(second);
    on(first, &format!("redis-cli failover to {to} 6379"));
    until(second, "redis-cli info replication | grep -q role:master");
    until(
        first,
        "redis-cli info replication | grep -q master_link_status:up",
    );
    until(
        second,
        &format!(
            "[ $(redis-cli config get maxmemory | tail -n 1) -lt {} ]",
            90 * MIB
        ),
    );
    until(second, &format!("grep -q '^holds=maxmemory' {STATUS}"));
    until(second, &format!("grep -q ^state=recovering {STATUS}"));
    assert_eq!(status(second, "role"), "master");
    assert!(live(second) >= 20 * MIB);
    assert_ne!(info(second, "evicted_keys"), "0");
    agree(second, first);
    assert!(keys(first) < all);
    // The guard there has room, and knows that its server is a replica now: it sets nothing.
    until(first, &format!("grep -q ^role=slave {STATUS}"));
    assert_eq!(live(first), PLANNED);
    assert_eq!(status(first, "sheds"), "0");
    assert_eq!(info(first, "evicted_keys"), "0");
    let verify = cachesmith(&["verify", &path, "-l", "rp1,rp2", "--json"]).expect(0);
    assert!(
        verify.stdout.contains("it holds maxmemory at"),
        "{}",
        verify.stdout
    );

    // The data goes, and what was held comes back.
    on(second, "redis-cli flushall");
    until(
        second,
        &format!("[ $(redis-cli config get maxmemory | tail -n 1) -eq {PLANNED} ]"),
    );
}

#[test]
fn b_a_primary_evicts_for_both_and_keeps_nothing_held_as_a_replica_with_room() {
    let [first, second] = PAIR;
    guarded_pair(first);
    let lowered = format!(
        "[ $(redis-cli config get maxmemory | tail -n 1) -lt {} ]",
        90 * MIB
    );
    until(first, &lowered);
    until(first, &format!("grep -q ^state=recovering {STATUS}"));
    agree(first, second);
    assert_eq!(live(second), PLANNED);
    assert_eq!(status(second, "sheds"), "0");
    assert_eq!(info(second, "evicted_keys"), "0");

    // Somebody makes the replica the primary, without a word to the guards; the old primary follows.
    on(second, "redis-cli replicaof no one");
    let to = address(second);
    on(first, &format!("redis-cli replicaof {to} 6379"));
    until(
        first,
        "redis-cli info replication | grep -q master_link_status:up",
    );
    until(first, &format!("grep -q ^role=slave {STATUS}"));
    watched(first);
    agree(second, first);
    let evicted = info(first, "evicted_keys");
    // New data is the new primary's, and the guard of the replica does not throw it away.
    on(
        second,
        "redis-benchmark -q -t set -n 1000 -r 100000000 -d 20000 -P 10 >/dev/null 2>&1",
    );
    agree(second, first);
    watched(first);
    agree(second, first);
    assert_eq!(info(first, "evicted_keys"), evicted);
    on(second, "redis-cli flushall");
    until(
        first,
        &format!("[ $(redis-cli config get maxmemory | tail -n 1) -eq {PLANNED} ]"),
    );
}
