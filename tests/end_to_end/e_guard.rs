//! A guard on real hosts: it is there once, lowers `maxmemory` while memory is short, survives what hosts go through,
//! and is off in one command.
//!
//! What is short of memory here is made so by a limit that the server's data passes by itself (`limit`), so that no
//! host is brought near its end and nothing depends on how fast the machine is.

use std::time::Duration;

use crate::support::{cachesmith, fleet, on, playbook};

const MIB: u64 = 1024 * 1024;
/// 100 MB in keys that an `allkeys` policy may evict.
const FILL: &str = "redis-cli config set maxmemory-policy allkeys-lfu >/dev/null; \
     redis-benchmark -q -t set -n 60000 -r 100000000 -d 1500 -P 100 >/dev/null 2>&1";

/// Looks again until something is true on a host: five times as long as it takes on a slow machine.
#[track_caller]
fn until(host: &str, words: &str, is_so: impl Fn(&str) -> bool) -> String {
    let mut said = String::new();
    for _ in 0..300 {
        said = on(host, &format!("{words} 2>&1; true"));
        if is_so(said.trim()) {
            return said;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!(
        "{host}: `{words}` still says {said}\n{}",
        on(
            host,
            "journalctl --no-pager -n 40 -u 'cachesmith-guard@*'; cat /run/cachesmith-guard/*.status; true"
        )
    );
}

fn live(host: &str, port: u16) -> u64 {
    on(
        host,
        &format!("redis-cli -p {port} config get maxmemory | tail -n 1"),
    )
    .trim()
    .parse()
    .unwrap()
}

/// A guard that may use so much for the server of a host; what is planned is what the server has.
fn guarded(name: &str, settings: &str) -> String {
    playbook(
        name,
        &format!(
            "- hosts: all\n  become: true\n  tasks:\n    - redis_guard: {{ {settings} }}\n  post_checks:\n    - redis_check: {{ port: 6379 }}\n"
        ),
    )
}

#[test]
fn a_a_guard_lowers_and_raises_and_survives() {
    fleet(&["reset", "bw2"]);
    on("bw2", "redis-cli config set maxmemory 150mb");
    on("bw2", FILL);
    // The server alone passes 80 MiB at once.
    let tight = guarded("tight", "maxmemory: 150mb, floor: 20mb, limit: 80mb");
    cachesmith(&["plan", &tight, "-l", "bw2"]).expect(2);
    cachesmith(&["apply", &tight, "--yes", "-l", "bw2"]).expect(0);
    cachesmith(&["plan", &tight, "-l", "bw2"]).expect(0);
    until(
        "bw2",
        "grep -c ^holds=maxmemory /run/cachesmith-guard/6379.status",
        |said| said == "1",
    );
    let lowered = until(
        "bw2",
        "redis-cli config get maxmemory | tail -n 1",
        |said| said.parse::<u64>().is_ok_and(|bytes| bytes < 100 * MIB),
    );
    assert!(lowered.trim().parse::<u64>().unwrap() >= 20 * MIB);
    let verify = cachesmith(&["verify", &tight, "-l", "bw2", "--json"]).expect(0);
    assert!(
        verify.stdout.contains("it holds maxmemory at"),
        "{}",
        verify.stdout
    );
    let facts = cachesmith(&["facts", "-l", "bw2"]);
    assert!(
        facts.stdout.contains("holds maxmemory at"),
        "{}",
        facts.stdout
    );

    // Killed, it leaves what it held and is started again.
    let pid = on(
        "bw2",
        "systemctl show -p MainPID --value cachesmith-guard@6379",
    );
    on(
        "bw2",
        "kill -9 $(systemctl show -p MainPID --value cachesmith-guard@6379)",
    );
    assert!(live("bw2", 6379) < 100 * MIB);
    until(
        "bw2",
        "systemctl show -p MainPID --value cachesmith-guard@6379",
        |said| said != pid.trim() && said != "0",
    );
    until(
        "bw2",
        "journalctl --no-pager -u cachesmith-guard@6379 | grep -c adopted",
        |said| said.parse::<u32>().is_ok_and(|times| times > 0),
    );

    // A server that is started again is found; its own file says what it has then.
    on(
        "bw2",
        "redis-cli flushall && systemctl restart redis-server && redis-cli config set maxmemory 150mb",
    );
    until(
        "bw2",
        "journalctl --no-pager -u cachesmith-guard@6379 | grep -c ' attached: '",
        |said| said.parse::<u32>().is_ok_and(|times| times > 2),
    );

    // So is one after a boot.
    fleet(&["stop", "bw2"]);
    fleet(&["start", "bw2"]);
    until("bw2", "systemctl is-active cachesmith-guard@6379", |said| {
        said == "active"
    });
    until(
        "bw2",
        "grep -c ^state=steady /run/cachesmith-guard/6379.status",
        |said| said == "1",
    );

    // Room again: another limit is a change of the guard's, not of the server's.
    let server = on("bw2", "systemctl show -p MainPID --value redis-server");
    let wide = guarded("wide", "maxmemory: 150mb, floor: 20mb");
    let apply = cachesmith(&["apply", &wide, "--yes", "-l", "bw2"]).expect(0);
    assert!(
        apply
            .stdout
            .contains("restart cachesmith-guard@6379.service"),
        "{}",
        apply.stdout
    );
    cachesmith(&["plan", &wide, "-l", "bw2"]).expect(0);
    assert_eq!(
        on("bw2", "systemctl show -p MainPID --value redis-server"),
        server
    );
}

#[test]
fn b_what_is_held_comes_back_when_there_is_room() {
    fleet(&["reset", "bw2"]);
    on("bw2", "redis-cli config set maxmemory 150mb");
    on("bw2", FILL);
    let tight = guarded("tight", "maxmemory: 150mb, floor: 20mb, limit: 80mb");
    cachesmith(&["apply", &tight, "--yes", "-l", "bw2"]).expect(0);
    until(
        "bw2",
        "redis-cli config get maxmemory | tail -n 1",
        |said| said.parse::<u64>().is_ok_and(|bytes| bytes < 90 * MIB),
    );
    // The data goes, and with it the pressure.
    on("bw2", "redis-cli flushall");
    until(
        "bw2",
        "redis-cli config get maxmemory | tail -n 1",
        |said| said == (150 * MIB).to_string(),
    );
    until(
        "bw2",
        "grep -c '^holds=$' /run/cachesmith-guard/6379.status",
        |said| said == "1",
    );
}

#[test]
fn c_off_in_one_command_and_gone_without_a_trace() {
    fleet(&["reset", "bw2"]);
    on("bw2", "redis-cli config set maxmemory 150mb");
    let there = guarded("there", "maxmemory: 150mb");
    cachesmith(&["apply", &there, "--yes", "-l", "bw2"]).expect(0);
    until(
        "bw2",
        "grep -c ^state=steady /run/cachesmith-guard/6379.status",
        |said| said == "1",
    );
    on("bw2", "systemctl stop cachesmith-guard@6379");
    assert!(on("bw2", "cat /run/cachesmith-guard/6379.status").contains("state=off"));

    let off = guarded("off", "state: off");
    cachesmith(&["apply", &off, "--yes", "-l", "bw2"]).expect(0);
    cachesmith(&["plan", &off, "-l", "bw2"]).expect(0);
    assert_eq!(
        on("bw2", "systemctl is-enabled cachesmith-guard@6379; true").trim(),
        "disabled"
    );

    cachesmith(&["apply", &there, "--yes", "-l", "bw2"]).expect(0);
    let absent = guarded("absent", "state: absent");
    cachesmith(&["apply", &absent, "--yes", "-l", "bw2"]).expect(0);
    cachesmith(&["plan", &absent, "-l", "bw2"]).expect(0);
    let left = "ls /etc/cachesmith/guard/* /usr/local/lib/cachesmith/guard /etc/systemd/system/cachesmith* \
                /etc/systemd/system/*.wants/cachesmith* /run/cachesmith-guard/*.status 2>/dev/null; true";
    assert_eq!(on("bw2", left), "");
}

/// A second server, with a password and a unix socket alone, as another account.
#[test]
fn d_two_servers_one_of_them_with_a_password() {
    fleet(&["reset", "tr1"]);
    on(
        "tr1",
        "mkdir -p /etc/second /run/second && printf '%s\\n' 'port 0' 'unixsocket /run/second/second.sock' 'unixsocketperm 700' 'requirepass hunter2' 'maxmemory 100mb' 'maxmemory-policy allkeys-lru' 'save \"\"' >/etc/second/second.conf",
    );
    on(
        "tr1",
        "printf '%s\\n' '[Service]' 'ExecStart=/usr/bin/redis-server /etc/second/second.conf' 'RuntimeDirectory=second' 'User=redis' '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/second.service && systemctl daemon-reload && systemctl enable -q --now second",
    );
    until(
        "tr1",
        "redis-cli -s /run/second/second.sock -a hunter2 --no-auth-warning ping",
        |said| said == "PONG",
    );
    let two = playbook(
        "two",
        "- hosts: all\n  become: true\n  tasks:\n    - redis_guard: { instances: [6379], maxmemory: 100mb }\n    - redis_guard: { instances: [second.sock], maxmemory: 100mb, password: hunter2, limit: 60mb, floor: 10mb }\n  post_checks:\n    - redis_check: { port: 6379 }\n    - redis_check: { socket: /run/second/second.sock, password: hunter2 }\n      register: second\n",
    );
    let apply = cachesmith(&["apply", &two, "--yes", "-l", "tr1"]).expect(0);
    assert!(!apply.stdout.contains("hunter2"), "{}", apply.stdout);
    cachesmith(&["plan", &two, "-l", "tr1"]).expect(0);
    cachesmith(&["verify", &two, "-l", "tr1"]).expect(0);
    until(
        "tr1",
        "grep -h ^state= /run/cachesmith-guard/*.status | sort -u",
        |said| said == "state=steady",
    );
    on(
        "tr1",
        "redis-benchmark -q -s /run/second/second.sock -a hunter2 -t set -n 60000 -r 100000000 -d 1500 -P 100 >/dev/null 2>&1",
    );
    until(
        "tr1",
        "redis-cli -s /run/second/second.sock -a hunter2 --no-auth-warning config get maxmemory | tail -n 1",
        |said| said.parse::<u64>().is_ok_and(|bytes| bytes < 90 * MIB),
    );
    assert_eq!(
        on(
            "tr1",
            "stat -c %a:%U /etc/cachesmith/guard/second.sock.password"
        )
        .trim(),
        "600:root"
    );
    assert_eq!(
        on(
            "tr1",
            "journalctl --no-pager | grep -c hunter2 | head -n 1; true"
        )
        .trim(),
        "0"
    );
    assert_eq!(
        on("tr1", "ps -eo args | grep -c '[h]unter2'; true").trim(),
        "0"
    );
}
