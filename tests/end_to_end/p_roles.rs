//! Ends of servers that nobody asked for by name: a package whose scripts restart what it brings, and a rollback that
//! would restart what has another role by now.

use crate::h_topology::{PASSWORD, cli, eventually, field, follow, servers};
use crate::support::{address, cachesmith, fleet, on, playbook};

const PAIR: [&str; 2] = ["rp1", "rp2"];

/// A newer package of the same server, in an archive of the host's own.
fn newer_package(host: &str) {
    on(
        host,
        r#"set -e
mkdir -p /srv/newer && cd /srv/newer
version=$(dpkg-query -W -f '${Version}' redis-server)
dpkg-deb -R /srv/packages/redis-server_*.deb made
sed -i "s/^Version: .*/Version: $version+newer1/" made/DEBIAN/control
dpkg-deb -b made redis-server.deb >/dev/null
rm -r made
{ dpkg-deb -f redis-server.deb; printf 'Filename: ./redis-server.deb\nSize: %s\nSHA256: %s\n' \
    "$(stat -c %s redis-server.deb)" "$(sha256sum redis-server.deb | cut -d' ' -f1)"; } > Packages
echo 'deb [trusted=yes] file:/srv/newer ./' > /etc/apt/sources.list.d/newer.list
apt-get -q update >/dev/null"#,
    );
}

fn upgrade(name: &str, more: &str) -> String {
    playbook(
        name,
        &format!(
            "- hosts: rp1,rp2\n  become: true\n  serial: 1\n{more}  tasks:\n    - package: {{ name: redis-server, state: latest }}\n"
        ),
    )
}

fn installed(host: &str) -> String {
    on(host, "dpkg-query -W -f '${Version}' redis-server")
}

#[test]
fn a_an_upgrade_that_restarts_a_primary_is_refused_or_comes_behind_a_handover() {
    servers("");
    follow("rp2", "rp1");
    PAIR.into_iter().for_each(newer_package);
    cli("rp1", "set kept 1");
    let lives = PAIR.map(|host| field(host, "run_id"));

    // Nobody could take over: nothing is known of the other host.
    let alone = upgrade("upgrade-alone", "");
    let plan = cachesmith(&["plan", &alone, "-l", "rp1", "--json"]).expect(3);
    let message = plan.of_kind("task_ended")[0]["failure"]["message"].to_string();
    assert!(
        message.contains("package redis-server ends redis-server.service: this is a primary"),
        "{message}"
    );
    cachesmith(&["apply", &alone, "-l", "rp1", "--yes"]).expect(3);
    assert_eq!(field("rp1", "run_id"), lives[0], "it was restarted");

    let led = upgrade("upgrade-led", "  topology: redis\n");
    let plan = cachesmith(&["plan", &led]).expect(2);
    assert!(plan.stdout.contains("failover to rp2"), "{}", plan.stdout);
    let run = cachesmith(&["apply", &led, "--yes", "--json"]).expect(0);
    assert_eq!(run.of_kind("failed_over").len(), 1, "{}", run.stdout);
    for (host, life) in PAIR.into_iter().zip(lives) {
        assert!(installed(host).ends_with("+newer1"), "{host}");
        assert_ne!(field(host, "run_id"), life, "{host} runs the old program");
    }
    assert_eq!(PAIR.map(|host| field(host, "role")), ["slave", "master"]);
    assert_eq!(cli("rp2", "get kept").trim(), "1");
    eventually("the link", || field("rp1", "master_link_status") == "up");
    assert_eq!(cli("rp1", "get kept").trim(), "1");
    cachesmith(&["plan", &led]).expect(0);

    // The way back would restart the new primary, too.
    let back = cachesmith(&["rollback", "last", "--yes", "--json"]).expect(3);
    assert!(
        back.stdout
            .contains("package redis-server: it is a primary that keeps nothing on disk"),
        "{}",
        back.stdout
    );
    assert_eq!(cli("rp2", "get kept").trim(), "1", "{}", back.stdout);
    assert_eq!(PAIR.map(|host| field(host, "role")), ["slave", "master"]);
}

#[test]
fn b_a_rollback_across_a_failover_is_refused_with_the_roles_of_then_and_now() {
    servers("");
    follow("rp2", "rp1");
    cli("rp1", "set kept 1");
    let change = playbook(
        "before-failover",
        &format!(
            "- hosts: rp1,rp2\n  become: true\n  tasks:\n    - redis_config: {{ directives: {{ timeout: 77 }}, password: {PASSWORD} }}\n"
        ),
    );
    let applied = cachesmith(&["apply", &change, "--yes", "--json"]).expect(0);
    let name = applied.of_kind("run_started")[0]["run"].clone();
    let name = name.as_str().unwrap();
    // By hand, and no file says so.
    cli("rp1", "failover");
    eventually("the failover", || field("rp2", "role") == "master");
    eventually("the link", || field("rp1", "master_link_status") == "up");
    let files = PAIR.map(|host| on(host, "sha256sum /etc/redis/redis.conf"));

    for force in [false, true] {
        let mut words = vec!["rollback", name, "--yes", "--json"];
        words.extend(force.then_some("--force"));
        let run = cachesmith(&words);
        assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
        let (one, two) = (address("rp1"), address("rp2"));
        for words in [
            format!(
                "it is a replica of {two}:6379 now, and what would come back makes it a primary when it starts"
            ),
            format!(
                "it is a primary now, and what would come back makes it a replica of {one}:6379 when it starts"
            ),
        ] {
            assert!(run.stdout.contains(&words), "{words}: {}", run.stdout);
        }
    }
    assert_eq!(
        PAIR.map(|host| on(host, "sha256sum /etc/redis/redis.conf")),
        files
    );
    assert_eq!(cli("rp1", "config get timeout").lines().last(), Some("77"));
    assert_eq!(PAIR.map(|host| field(host, "role")), ["slave", "master"]);

    // Roles that are as they were are no obstacle.
    cli("rp2", "failover");
    eventually("the failover", || field("rp1", "role") == "master");
    eventually("the link", || field("rp2", "master_link_status") == "up");
    cachesmith(&["rollback", name, "--yes"]).expect(0);
    assert_eq!(cli("rp1", "config get timeout").lines().last(), Some("0"));
    for host in PAIR {
        fleet(&["reset", host]);
    }
}
