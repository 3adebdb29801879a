//! A primary and its replica, with a Sentinel: who follows whom is nobody's business but theirs.

use crate::support::{Run, address, cachesmith, fleet, on, playbook};

const PLAYBOOK: &str = "playbooks/redis-cache.yml";

/// Two of one version, for after a failover each has to follow the other.
const PAIR: [&str; 2] = ["bw1", "bw3"];

const PASSWORD: &str = "pair-secret";

const CLIENT: &str = "REDISCLI_AUTH=pair-secret redis-cli --no-auth-warning";

fn run(command: &str, playbook: &str, options: &[&str]) -> Run {
    let mut words = vec![command, playbook, "--json", "-l", "bw1,bw3"];
    if command == "apply" {
        words.push("--yes");
    }
    words.extend(options);
    cachesmith(&words)
}

/// What a server says to a command.
fn ask(host: &str, command: &str) -> String {
    on(host, &format!("{CLIENT} {command}")).trim().to_owned()
}

fn info(host: &str, field: &str) -> String {
    let words = format!("{CLIENT} info all | tr -d '\\r' | sed -n 's/^{field}://p'");
    on(host, &words).trim().to_owned()
}

/// Waits on a host until a test of a shell holds.
#[track_caller]
fn until(host: &str, test: &str) {
    let words = format!(
        "for try in $(seq 150); do if {test}; then echo yes; exit; fi; sleep 0.2; done; echo no"
    );
    assert_eq!(on(host, &words).trim(), "yes", "{host}: {test}");
}

/// Nothing is left to do, but for kernel values that all hosts of this machine share.
#[track_caller]
fn settled(options: &[&str]) {
    run("plan", PLAYBOOK, options).settled();
}

/// The line about replication in a host's file.
fn in_file(host: &str) -> String {
    on(
        host,
        "grep -iE '^(replicaof|slaveof)' /etc/redis/redis.conf || true",
    )
    .trim()
    .to_owned()
}

#[test]
fn a_a_pair_is_hardened_and_a_failover_stays() {
    for host in PAIR {
        fleet(&["reset", host]);
    }
    let password = format!("cache_password={PASSWORD}");
    let options = ["-e", password.as_str()];
    run("apply", PLAYBOOK, &options).expect(0);
    let open = playbook(
        "pair-open",
        "- hosts: bw1,bw3\n  become: true\n  tasks:\n    - redis_config: { directives: { bind: '* -::*' } }\n",
    );
    run("apply", &open, &[]).expect(0);
    let [one, two] = PAIR.map(address);
    ask("bw3", &format!("replicaof {one} 6379"));
    ask("bw3", "config rewrite");
    until(
        "bw3",
        &format!("{CLIENT} info replication | grep -q master_link_status:up"),
    );
    ask("bw1", "set before 1");
    let ids = PAIR.map(|host| info(host, "run_id"));
    let syncs = info("bw1", "sync_full");

    // Memory for a replica: both get their limits live, the link stays, no copy is made again.
    let sizing = [
        "-e",
        password.as_str(),
        "-e",
        "{cache_sizing: {replicas: 1}}",
    ];
    let plan = run("plan", PLAYBOOK, &sizing).expect(2);
    assert!(
        plan.stdout.contains("client-output-buffer-limit"),
        "{}",
        plan.stdout
    );
    run("apply", PLAYBOOK, &sizing).expect(0);
    settled(&sizing);
    assert_eq!(
        PAIR.map(|host| info(host, "run_id")),
        ids,
        "one was restarted"
    );
    assert_eq!(
        info("bw1", "sync_full"),
        syncs,
        "the replica copied all again"
    );
    assert_eq!(info("bw3", "master_link_status"), "up");
    assert_eq!(info("bw1", "connected_slaves"), "1");
    assert!(in_file("bw3").contains(&one), "{}", in_file("bw3"));
    let limits = ask("bw1", "config get client-output-buffer-limit");
    assert!(!limits.contains("slave 268435456"), "{limits}");
    assert_eq!(ask("bw3", "get before"), "1");

    // A Sentinel turns it round, and writes so into the files of both.
    on(
        "bw1",
        &format!(
            "printf 'port 26379\\ndir /var/lib/redis\\nprotected-mode no\\nsentinel monitor cache {one} 6379 1\\nsentinel auth-pass cache {PASSWORD}\\n' >/etc/redis/sentinel.conf; \
             chown redis:redis /etc/redis/sentinel.conf; \
             nohup runuser -u redis -- redis-server /etc/redis/sentinel.conf --sentinel >/run/sentinel.out 2>&1 & echo $! >/run/sentinel.pid"
        ),
    );
    until(
        "bw1",
        "redis-cli -p 26379 sentinel replicas cache | grep -q ip",
    );
    until(
        "bw1",
        "redis-cli -p 26379 sentinel failover cache | grep -q OK",
    );
    until(
        "bw3",
        &format!("{CLIENT} info replication | grep -q role:master"),
    );
    until(
        "bw1",
        &format!("{CLIENT} info replication | grep -q master_link_status:up"),
    );
    until("bw1", "grep -qi ^replicaof /etc/redis/redis.conf");
    run("apply", PLAYBOOK, &sizing).expect(0);
    settled(&sizing);
    assert!(in_file("bw1").contains(&two), "{}", in_file("bw1"));
    assert_eq!(in_file("bw3"), "");
    assert_eq!(PAIR.map(|host| info(host, "role")), ["slave", "master"]);
    assert_eq!(
        PAIR.map(|host| info(host, "run_id")),
        ids,
        "one was restarted"
    );
    let address = on(
        "bw1",
        "redis-cli -p 26379 sentinel get-master-addr-by-name cache",
    );
    assert!(address.contains(&two), "{address}");
    assert_eq!(ask("bw1", "get before"), "1");

    // A template from before the failover does not turn it back, and a task that says so is refused.
    let task = |name: &str, arguments: &str| {
        playbook(
            name,
            &format!(
                "- hosts: bw1,bw3\n  become: true\n  tasks:\n    - redis_config: {{ {arguments}, password: {PASSWORD} }}\n"
            ),
        )
    };
    let old = task(
        "pair-old",
        &format!("directives: {{ replicaof: '{one} 6379' }}"),
    );
    let refused = run("plan", &old, &[]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert!(
        refused.stdout.contains("a failover may have made it so"),
        "{}",
        refused.stdout
    );

    // What only a restart brings is not brought to a primary with a replica that would come back empty.
    let restart = task("pair-restart", "directives: { io-threads: 2 }");
    let refused = cachesmith(&["apply", &restart, "--yes", "--json", "-l", "bw3"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert!(
        refused.stdout.contains("restart_primary"),
        "{}",
        refused.stdout
    );
    assert_eq!(info("bw3", "run_id"), ids[1], "the primary was restarted");
    on("bw1", "kill $(cat /run/sentinel.pid)");
}

/// Old keys count as never used after a switch to frequency: memory is cut only after a while.
#[test]
fn b_a_switch_to_frequency_waits_before_memory_is_cut() {
    let host = "bw2";
    fleet(&["reset", host]);
    on(
        host,
        "redis-cli config set maxmemory 300mb maxmemory-policy allkeys-lru >/dev/null; \
         redis-benchmark -q -P 50 -r 100000000 -n 300000 -d 100 set key:__rand_int__ x >/dev/null",
    );
    let used: u64 = on(
        host,
        "redis-cli info memory | tr -d '\\r' | sed -n 's/^used_memory://p'",
    )
    .trim()
    .parse()
    .unwrap();
    let text = format!(
        "- hosts: {host}\n  become: true\n  tasks:\n    - redis_config: {{ directives: {{ maxmemory: {}, maxmemory-policy: allkeys-lfu }}, lfu_warm_up: 4, evictions_per_second: 50000 }}\n",
        // A table that is still being rehashed and the buffers of clients that have left are in it.
        used - used / 5
    );
    let path = playbook("frequency", &text);
    on(
        host,
        "nohup sh -c 'while :; do date +%s; redis-cli config get maxmemory*; sleep 0.3; done' >/run/seen.out 2>&1 & echo $! >/run/seen.pid",
    );
    let plan = cachesmith(&["plan", &path, "--json"]).expect(2);
    assert!(
        plan.stdout.contains("4 seconds, before memory is cut"),
        "{}",
        plan.stdout
    );
    cachesmith(&["apply", &path, "--json", "--yes"]).expect(0);
    on(host, "kill $(cat /run/seen.pid)");
    cachesmith(&["plan", &path, "--json"]).expect(0);
    // Between the first look with the policy and the first with less memory there are the four seconds.
    let seen = on(host, "cat /run/seen.out");
    let lines: Vec<&str> = seen.lines().collect();
    let mut time = 0_u64;
    let (mut policy, mut cut) = (None, None);
    for pair in lines.windows(2) {
        if let [line, _] = pair
            && let Ok(seconds) = line.parse::<u64>()
            && seconds > 1_700_000_000
        {
            time = seconds;
        }
        match pair {
            ["maxmemory-policy", "allkeys-lfu"] => {
                policy.get_or_insert(time);
            }
            ["maxmemory", value] if *value != "314572800" => {
                cut.get_or_insert(time);
            }
            _ => {}
        }
    }
    let (policy, cut) = (policy.unwrap(), cut.unwrap());
    assert!(
        cut >= policy + 3,
        "the policy came at {policy}, less memory at {cut}"
    );
}
