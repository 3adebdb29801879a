//! Replicas first, then a failover, the old primary last: with a client that writes and reads all the while, for plain
//! replication, Sentinel and a cluster.

mod client;

use std::time::Duration;

use client::Client;

use crate::support::{Run, address, cachesmith, fleet, on, playbook};

pub(crate) const PASSWORD: &str = "correct-horse";
const HOSTS: [&str; 3] = ["rp1", "rp2", "rp3"];

/// What a client may have to wait at most, on a machine that does much else beside. The pause itself is told.
const PATIENCE: Duration = Duration::from_secs(15);

/// Something that only a restart can bring.
const TASK: &str = "    - redis_config: { directives: { tcp-backlog: 400 } }\n";

fn play(name: &str, hosts: &str, tasks: &str) -> String {
    let text = format!(
        "- name: A longer backlog\n  hosts: {hosts}\n  become: true\n  serial: 1\n  topology: redis\n  tasks:\n{tasks}"
    );
    playbook(name, &text)
}

/// Servers that listen to each other, with a password and nothing on disk.
pub(crate) fn servers(extra: &str) {
    fleet(&["up", "replicas"]);
    for host in HOSTS {
        fleet(&["reset", host]);
        on(
            host,
            &format!(
                "sed -i 's/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf; \
                 printf 'requirepass {PASSWORD}\\nmasterauth {PASSWORD}\\nsave \"\"\\n{extra}' >>/etc/redis/redis.conf; \
                 systemctl restart redis-server"
            ),
        );
    }
}

pub(crate) fn cli(host: &str, words: &str) -> String {
    let words = format!("REDISCLI_AUTH={PASSWORD} redis-cli {words} | tr -d '\\r'");
    on(host, &words)
}

pub(crate) fn field(host: &str, name: &str) -> String {
    cli(host, &format!("info all | sed -n 's/^{name}://p'"))
        .trim()
        .to_owned()
}

/// Waits until something is so; what is waited for comes by itself, sooner or later.
#[track_caller]
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..240 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    panic!("{what} did not come to be");
}

pub(crate) fn follow(replica: &str, primary: &str) {
    let place = address(primary);
    on(
        replica,
        &format!(
            "echo 'replicaof {place} 6379' >>/etc/redis/redis.conf; systemctl restart redis-server"
        ),
    );
    eventually("the replica's link", || {
        field(replica, "master_link_status") == "up"
    });
}

/// The order in which hosts came to their end.
fn order(run: &Run) -> Vec<String> {
    let ended = run.of_kind("host_ended");
    ended
        .iter()
        .map(|event| event["host"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What the run itself says of the longest stall. Milliseconds.
fn told_stall(run: &Run) -> u64 {
    let ended = run.of_kind("run_ended");
    ended[0]["longest_stall"]["stall_milliseconds"]
        .as_u64()
        .expect("the run tells its longest stall")
}

#[test]
fn a_pair_is_updated_under_a_client_and_no_confirmed_write_is_lost() {
    servers("");
    follow("rp2", "rp1");
    follow("rp3", "rp1");
    let text = play("pair", "rp1,rp2,rp3", TASK);

    // The plan says what will be done, and does nothing.
    let plan = cachesmith(&["plan", &text]).expect(2);
    assert!(
        plan.stdout.contains("takes over before it restarts"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("failover to rp"), "{}", plan.stdout);
    assert_eq!(field("rp1", "role"), "master");

    let client = Client::start(HOSTS.map(address).to_vec(), PASSWORD);
    let run = cachesmith(&["apply", &text, "--yes", "--json"]).expect(0);
    let seen = client.stop();

    let order = order(&run);
    assert_eq!(order.last().map(String::as_str), Some("rp1"), "{order:?}");
    assert_eq!(field("rp1", "role"), "slave");
    for host in HOSTS {
        assert!(
            cli(host, "config get tcp-backlog").contains("400"),
            "{host}"
        );
    }
    // Both servers know their roles after their next start.
    let primary = if field("rp2", "role") == "master" {
        "rp2"
    } else {
        "rp3"
    };
    let file = |host| on(host, "cat /etc/redis/redis.conf");
    assert!(file("rp1").contains(&format!("replicaof {} 6379", address(primary))));
    assert!(
        !file(primary)
            .lines()
            .any(|line| line.starts_with("replicaof"))
    );
    let other = if primary == "rp2" { "rp3" } else { "rp2" };
    assert_eq!(field(other, "master_host"), address(primary));

    let stall = told_stall(&run);
    assert!(
        seen.confirmed > 100,
        "the client did next to nothing: {seen:?}"
    );
    assert_eq!(seen.lost(&address(primary), PASSWORD), Vec::<u64>::new());
    assert!(seen.longest_stall < PATIENCE, "{seen:?}");
    println!(
        "{} confirmed writes, none lost; the client's longest stall {} ms, the run's {stall} ms",
        seen.confirmed,
        seen.longest_stall.as_millis()
    );

    // It is as it should be: nothing hands over again.
    let again = cachesmith(&["apply", &text, "--yes", "--json"]).expect(0);
    assert!(again.of_kind("failed_over").is_empty());
}

#[test]
fn a_primary_that_would_come_back_empty_is_not_restarted_in_place() {
    servers("");
    follow("rp2", "rp1");
    let refused = |name: &str, task: &str| {
        let text = format!("- hosts: rp1\n  become: true\n  tasks:\n{task}");
        let run = cachesmith(&["plan", &playbook(name, &text), "--json"]).expect(3);
        assert!(run.stdout.contains("copy its emptiness"), "{}", run.stdout);
        assert!(run.stdout.contains("topology: redis"), "{}", run.stdout);
    };
    refused("in-place", TASK);
    refused(
        "in-place-service",
        "    - service: { name: redis-server, state: restarted }\n",
    );
    refused("in-place-reboot", "    - reboot:\n");
    // With its data on disk it may.
    cli("rp1", "config set appendonly yes");
    let text = "- hosts: rp1\n  become: true\n  tasks:\n    - service: { name: redis-server, state: restarted }\n";
    cachesmith(&["plan", &playbook("kept", text)]).expect(2);
}

#[test]
fn a_failover_by_choice_goes_where_it_is_told_and_can_be_repeated() {
    servers("");
    follow("rp2", "rp1");
    follow("rp3", "rp1");
    let text = play(
        "choice",
        "rp1,rp2,rp3",
        "    - redis_failover: { to: rp3 }\n      when: inventory_hostname == 'rp1'\n",
    );
    let run = cachesmith(&["apply", &text, "--yes", "--json"]).expect(0);
    assert_eq!(run.of_kind("failed_over").len(), 1);
    assert_eq!(field("rp3", "role"), "master");
    eventually("the others follow", || {
        field("rp3", "connected_slaves") == "2"
    });
    cachesmith(&["apply", &text, "--yes", "--json"]).expect(0);
    assert_eq!(field("rp3", "role"), "master");
}

#[test]
fn sentinels_are_told_and_no_confirmed_write_is_lost() {
    servers("");
    follow("rp2", "rp1");
    follow("rp3", "rp1");
    let primary = address("rp1");
    for host in HOSTS {
        on(
            host,
            &format!(
                "install -d -o redis /var/lib/sentinel; printf 'port 26379\\nbind 0.0.0.0\\nprotected-mode no\\ndaemonize yes\\ndir /var/lib/sentinel\\nlogfile /var/lib/sentinel/log\\n\
                 sentinel monitor cache {primary} 6379 2\\nsentinel auth-pass cache {PASSWORD}\\nsentinel down-after-milliseconds cache 10000\\n' >/var/lib/sentinel/sentinel.conf; \
                 chown redis /var/lib/sentinel/sentinel.conf; cd /var/lib/sentinel; runuser -u redis -- redis-server /var/lib/sentinel/sentinel.conf --sentinel"
            ),
        );
    }
    for host in HOSTS {
        eventually("all Sentinels know each other and both replicas", || {
            let said = on(host, "redis-cli -p 26379 info sentinel");
            said.contains("slaves=2,sentinels=3")
        });
    }
    let facts = cachesmith(&["facts", "rp1"]).expect(0);
    assert!(
        facts.stdout.contains("watched by 3 Sentinels"),
        "{}",
        facts.stdout
    );
    let client = Client::start(HOSTS.map(address).to_vec(), PASSWORD);
    let run = cachesmith(&[
        "apply",
        &play("sentinel", "rp1,rp2,rp3", TASK),
        "--yes",
        "--json",
    ])
    .expect(0);
    let seen = client.stop();
    assert_eq!(order(&run).last().map(String::as_str), Some("rp1"));
    assert_eq!(field("rp1", "role"), "slave");
    let now = HOSTS
        .into_iter()
        .find(|host| field(host, "role") == "master")
        .expect("one of them is the primary");
    for host in HOSTS {
        let said = on(
            host,
            "redis-cli -p 26379 sentinel get-master-addr-by-name cache",
        );
        assert!(said.starts_with(&address(now)), "{host}: {said}");
    }
    assert_eq!(seen.lost(&address(now), PASSWORD), Vec::<u64>::new());
    assert!(
        seen.confirmed > 100 && seen.longest_stall < PATIENCE,
        "{seen:?}"
    );
    println!(
        "Sentinel: {} confirmed writes, none lost; the client's longest stall {} ms, the run's {} ms",
        seen.confirmed,
        seen.longest_stall.as_millis(),
        told_stall(&run)
    );
    // The servers of the tests that follow are not theirs.
    for host in HOSTS {
        on(host, "redis-cli -p 26379 shutdown");
    }
}

#[test]
fn nodes_of_a_cluster_hand_over_with_its_consent() {
    servers("cluster-enabled yes\\ncluster-node-timeout 5000\\n");
    // A second node on each host, so that three shards have a replica each on another host.
    for host in HOSTS {
        on(
            host,
            "cp /etc/redis/redis.conf /etc/redis/second.conf; chown redis:redis /etc/redis/second.conf; \
             sed -i 's/^port .*/port 6380/; s/^pidfile .*//; s#^logfile .*#logfile /var/log/redis/second.log#' /etc/redis/second.conf; \
             printf 'port 6380\\ncluster-config-file nodes-6380.conf\\ndbfilename second.rdb\\n' >>/etc/redis/second.conf; \
             sed 's#/etc/redis/redis.conf#/etc/redis/second.conf#; /^Alias/d; /^PIDFile/d' /lib/systemd/system/redis-server.service >/etc/systemd/system/redis-second.service; \
             systemctl daemon-reload; systemctl start redis-second",
        );
    }
    let places: Vec<String> = ["6379", "6380"]
        .iter()
        .flat_map(|port| HOSTS.map(|host| format!("{}:{port}", address(host))))
        .collect();
    cli(
        "rp1",
        &format!(
            "--cluster create {} --cluster-replicas 1 --cluster-yes",
            places.join(" ")
        ),
    );
    eventually("the cluster", || {
        HOSTS.iter().all(|host| {
            cli(host, "cluster info").contains("cluster_state:ok")
                && cli(host, "cluster info").contains("cluster_known_nodes:6")
                && cli(host, "-p 6380 info replication").contains("master_link_status:up")
        })
    });
    let tasks = "    - redis_config: { dest: /etc/redis/redis.conf, directives: { tcp-backlog: 400 } }\n    - redis_config: { dest: /etc/redis/second.conf, directives: { tcp-backlog: 400 } }\n";
    let run = cachesmith(&[
        "apply",
        &play("cluster", "rp1,rp2,rp3", tasks),
        "--yes",
        "--json",
    ])
    .expect(0);
    assert!(run.of_kind("failed_over").len() >= 3, "{}", run.stdout);
    for host in HOSTS {
        for port in ["6379", "6380"] {
            assert!(cli(host, &format!("-p {port} config get tcp-backlog")).contains("400"));
            let said = cli(host, &format!("-p {port} cluster info"));
            assert!(
                said.contains("cluster_state:ok") && said.contains("cluster_slots_ok:16384"),
                "{said}"
            );
        }
    }
    println!(
        "Cluster: {} failovers, the longest stall {} ms",
        run.of_kind("failed_over").len(),
        told_stall(&run)
    );
}
