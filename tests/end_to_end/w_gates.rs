//! Every reason for which a gate stops a rollout, as far as it can be brought about here, on real servers.

use std::fmt::Write;

use crate::support::{address, cachesmith, fleet, on, playbook};

/// How a server comes to serve worse than before.
struct Reason {
    /// The check that does not hold.
    check: &'static str,
    name: &'static str,
    /// On the host, before the run.
    before: &'static str,
    /// While its wave is under way.
    meanwhile: &'static str,
}

const REASONS: [Reason; 7] = [
    Reason {
        check: "evictions",
        name: "evictions",
        before: "redis-cli config set maxmemory 20mb maxmemory-policy allkeys-lru",
        meanwhile: "redis-benchmark -q -t set -r 100000000 -n 200000 -d 200 -P 50",
    },
    Reason {
        check: "latency",
        name: "latency",
        before: "redis-benchmark -q -t get -n 2000 -c 1",
        meanwhile: "redis-benchmark -q -n 1100 -c 1 eval 'for i = 1, 1000000 do end return 1' 0",
    },
    Reason {
        check: "a backlog of evictions",
        name: "backlog",
        before: "redis-benchmark -q -t set -r 100000000 -n 50000 -d 200 -P 50",
        meanwhile: "redis-cli config set maxmemory-policy noeviction maxmemory 3mb",
    },
    Reason {
        check: "quiet",
        name: "fork",
        before: "redis-cli set key value; redis-cli config set rdb-key-save-delay 60000000",
        meanwhile: "redis-cli bgsave",
    },
    Reason {
        check: "LOADING",
        name: "loading",
        before: "redis-cli config set maxmemory 0; redis-benchmark -q -t set -r 100000000 -n 5000 -d 1000 -P 50; redis-cli save; \
                 printf 'key-load-delay 20000\\nloading-process-events-interval-bytes 1024\\n' >> /etc/redis/redis.conf",
        meanwhile: "systemctl restart --no-block redis-server; \
                    until redis-cli info persistence | grep -q ^loading:1; do sleep 0.1; done",
    },
    // The one that follows may not come back.
    Reason {
        check: "replication",
        name: "replica",
        before: "true",
        meanwhile: "redis-cli acl setuser default -psync -sync; redis-cli client kill type replica",
    },
    // It is there, and does not move.
    Reason {
        check: "replication",
        name: "lag",
        before: "true",
        meanwhile: "redis-benchmark -q -t set -r 1000000 -n 20000 -d 200 -P 50",
    },
];

/// A rollout over two hosts, with a task that the reader of its playbook would not suspect.
fn rollout(name: &str, meanwhile: &str) -> String {
    let mut text = format!(
        "- hosts: rp1,rp3\n  become: true\n  serial: 1\n  max_fail: 0\n  on_failure: rollback_wave\n  gate: {{ redis: yes, retries: 1, delay: 1 }}\n  tasks:\n    - copy: {{ dest: /etc/rolled-{name}, content: \"rolled\\n\" }}\n"
    );
    let _ = write!(
        text,
        "    - shell: |\n        exec >/dev/null\n        {meanwhile}\n      when: inventory_hostname == 'rp1'\n      changed_when: false\n"
    );
    playbook(&format!("gate-{name}"), &text)
}

/// Two servers that are as new, and a third that follows the first.
fn servers() {
    for host in ["rp1", "rp2"] {
        fleet(&["reset", host]);
        on(
            host,
            "sed -i 's/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf; \
             printf 'save \"\"\\nrepl-diskless-sync-delay 0\\n' >>/etc/redis/redis.conf; systemctl restart redis-server",
        );
    }
    on(
        "rp2",
        &format!(
            "redis-cli replicaof {} 6379; for try in $(seq 300); do redis-cli info replication | grep -q master_link_status:up && exit; sleep 0.2; done; exit 1",
            address("rp1")
        ),
    );
}

#[test]
fn what_makes_a_server_worse_than_before_stops_a_rollout_behind_its_wave() {
    fleet(&["up", "replicas"]);
    fleet(&["reset", "rp3"]);
    servers();
    // What makes nothing worse passes both waves.
    let well = rollout("well", "redis-benchmark -q -t set,get -n 2000");
    let run = cachesmith(&["apply", &well, "--yes", "--json"]).expect(0);
    assert_eq!(run.of_kind("gate_ended").len(), 2);
    for reason in REASONS {
        servers();
        let Reason { check, name, .. } = reason;
        on("rp1", &format!("exec >/dev/null; {}", reason.before));
        if name == "lag" {
            on("rp2", "systemctl kill --signal=SIGSTOP redis-server");
        }
        let path = rollout(name, reason.meanwhile);
        let run = cachesmith(&["apply", &path, "--yes", "--json"]).expect(9);
        let gates = run.of_kind("gate_ended");
        assert_eq!(gates.len(), 1, "{name}: {gates:?}");
        let failures = &gates[0]["failures"];
        assert_eq!(failures[0]["host"], "rp1", "{name}: {failures}");
        let message = failures[0]["failure"]["message"].as_str().unwrap();
        assert!(message.contains(check), "{name}: {message}");
        let ended = &run.of_kind("run_ended")[0];
        assert_eq!(ended["not_reached"], serde_json::json!(["rp3"]), "{name}");
        assert_eq!(ended["rolled_back"], serde_json::json!(["rp1"]), "{name}");
        for host in ["rp1", "rp3"] {
            on(host, &format!("test ! -e /etc/rolled-{name}"));
        }
    }
}
