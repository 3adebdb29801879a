//! Limits of servers that run, and passwords that nobody sees.

use crate::support::{cachesmith, fleet, on, playbook, state};

const UNIT: &str = "redis-server.service";

/// The number of the server's main process.
fn pid(host: &str, unit: &str) -> String {
    on(
        host,
        &format!("systemctl show --property=MainPID --value {unit}"),
    )
    .trim()
    .to_owned()
}

fn process(host: &str, unit: &str, what: &str) -> String {
    let pid = pid(host, unit);
    on(
        host,
        &format!("sed -n 's/^Max open files *//p' /proc/{pid}/limits; cat /proc/{pid}/{what}"),
    )
}

/// A server that was started with little, as packagers give it, and a program that keeps the limits it is given.
fn start_with_little(host: &str) {
    on(
        host,
        "mkdir -p /etc/systemd/system/redis-server.service.d && \
         printf '[Service]\\nOOMScoreAdjust=300\\n' >/etc/systemd/system/redis-server.service.d/10-low.conf && \
         printf '[Service]\\nExecStart=/bin/sleep infinity\\nLimitNOFILE=1024:16000\\nOOMScoreAdjust=300\\n' >/etc/systemd/system/keeper.service && \
         systemctl daemon-reload && systemctl restart redis-server && systemctl start keeper",
    );
}

#[test]
fn a_limits_hold_for_a_running_server_without_a_restart() {
    fleet(&["reset", "bw2"]);
    start_with_little("bw2");
    on("bw2", "redis-cli set still here");
    let before = (pid("bw2", UNIT), pid("bw2", "keeper"));
    assert!(process("bw2", "keeper", "oom_score_adj").starts_with("1024"));

    let playbook = playbook(
        "unit",
        "- hosts: all\n  tasks:\n    - redis_unit: { name: [redis-server, keeper], nofile: 12000, oom_score_adjust: 0, oom_policy: continue, timeout_start: infinity, restart: always, restart_sec: 5 }\n",
    );
    let plan = cachesmith(&["plan", &playbook, "-l", "bw2"]).expect(2);
    assert!(plan.stdout.contains("live"), "{}", plan.stdout);
    assert!(
        !plan.stdout.contains("! "),
        "something restarts: {}",
        plan.stdout
    );
    cachesmith(&["apply", &playbook, "--yes", "-l", "bw2"]).expect(0);

    assert_eq!(
        before,
        (pid("bw2", UNIT), pid("bw2", "keeper")),
        "a server was restarted"
    );
    assert_eq!(on("bw2", "redis-cli get still").trim(), "here");
    let keeper = process("bw2", "keeper", "oom_score_adj");
    assert!(keeper.starts_with("12000 "), "{keeper}");
    assert!(keeper.trim().ends_with("\n0"), "{keeper}");
    assert!(
        process("bw2", UNIT, "oom_score_adj")
            .trim()
            .ends_with("\n0")
    );
    let told = on(
        "bw2",
        "systemctl show --property=OOMPolicy,Restart,TimeoutStartUSec redis-server",
    );
    for line in [
        "OOMPolicy=continue",
        "Restart=always",
        "TimeoutStartUSec=infinity",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let again = cachesmith(&["plan", &playbook, "--json", "-l", "bw2"]).expect(0);
    assert!(
        again.statuses().values().all(|status| status == "ok"),
        "{}",
        again.stdout
    );

    // What a next start brings is no less.
    on("bw2", "systemctl restart keeper");
    assert!(process("bw2", "keeper", "oom_score_adj").starts_with("12000 "));
}

/// The decision was made about one process, and another one runs when it is carried out.
#[test]
fn b_a_process_that_was_replaced_meanwhile_is_looked_at_again() {
    fleet(&["reset", "bw2"]);
    start_with_little("bw2");
    let playbook = playbook(
        "replaced",
        "- hosts: all\n  tasks:\n    - copy: { dest: /etc/first, content: x, validate: \"sh -c 'systemctl restart keeper; : %s'\" }\n    - redis_unit: { name: keeper, nofile: 12000, oom_score_adjust: 0 }\n",
    );
    let before = pid("bw2", "keeper");
    cachesmith(&["apply", &playbook, "--yes", "-l", "bw2"]).expect(0);
    assert_ne!(before, pid("bw2", "keeper"));
    let keeper = process("bw2", "keeper", "oom_score_adj");
    assert!(
        keeper.starts_with("12000 ") && keeper.trim().ends_with("\n0"),
        "{keeper}"
    );
}

/// A container cannot write what belongs to its machine: it is told, and the rest is done.
#[test]
fn c_what_is_the_machines_is_told() {
    fleet(&["reset", "bw2"]);
    on(
        "bw2",
        "mount --bind /proc/sys/vm /proc/sys/vm && mount -o remount,ro,bind /proc/sys/vm",
    );
    let playbook = playbook(
        "outside",
        "- hosts: all\n  tasks:\n    - sysctl: { values: { vm.max_map_count: { value: 2147483647, at_least: true }, net.ipv4.tcp_max_syn_backlog: { value: 5000, at_least: true } }, sysctl_file: /etc/sysctl.d/60-cachesmith.conf }\n",
    );
    let apply = cachesmith(&["apply", &playbook, "--yes", "-l", "bw2"]).expect(0);
    for words in [
        "vm.max_map_count",
        "at least 2147483647",
        "on the machine that runs this container",
    ] {
        let said = apply
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(said.contains(words), "{}", apply.stdout);
    }
    assert_eq!(
        on("bw2", "sysctl -n net.ipv4.tcp_max_syn_backlog").trim(),
        "5000"
    );
    assert!(!on("bw2", "cat /etc/sysctl.d/60-cachesmith.conf").contains("max_map_count"));
    cachesmith(&["plan", &playbook, "-l", "bw2"]).expect(0);
}

#[test]
fn d_checks_look_at_the_process_and_twice_at_the_server() {
    fleet(&["reset", "bw2", "tr2"]);
    let playbook = playbook(
        "watch",
        "- hosts: all\n  tasks:\n    - redis_check: { watch: 1s }\n      register: checked\n      failed_when: false\n",
    );
    for host in ["bw2", "tr2"] {
        let run = cachesmith(&["apply", &playbook, "--json", "--yes", "-l", host]).expect(0);
        let check = |name: &str| {
            let found = run
                .events()
                .into_iter()
                .flat_map(|event| event["checks"].as_array().cloned().unwrap_or_default());
            found
                .into_iter()
                .find(|check| check["name"] == name)
                .unwrap_or_else(|| panic!("no check {name} in {}", run.stdout))
        };
        for name in [
            "open_files",
            "swap",
            "maps",
            "huge_pages",
            "restarts",
            "clients",
        ] {
            assert_ne!(
                check(name)["status"],
                "not_applicable",
                "{host} {name}: {}",
                check(name)
            );
        }
        assert_eq!(check("clients")["status"], "passed");
        assert_eq!(check("swap")["found"], "0");
    }
}

/// The password of a cache is in its configuration file, readable by its server alone, and nowhere else.
#[test]
fn e_a_password_is_seen_nowhere() {
    const PASSWORD: &str = "tr0ub4dor \"and\" 3";
    fleet(&["reset", "bw2"]);
    // Watches what every process of the host was called with, for as long as the run goes on.
    on(
        "bw2",
        "printf '%s\\n' '#!/bin/sh' 'while [ -e /run/watching ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr \"\\0\" \" \" >>/run/seen; done' >/run/watch.sh; \
         touch /run/watching; systemd-run --quiet --unit=watching sh /run/watch.sh",
    );
    let extra = serde_json::json!({ "cache_password": PASSWORD }).to_string();
    let file = state().join("password.json");
    std::fs::write(&file, extra).expect("the variables can be written");
    let extra = format!("@{}", file.display());
    let playbook = "playbooks/redis-cache.yml";
    let mut said = String::new();
    for arguments in [
        &["plan", playbook, "-l", "bw2", "-vv", "-e", &extra][..],
        &[
            "apply", playbook, "-l", "bw2", "--yes", "--json", "-e", &extra,
        ],
        &["apply", playbook, "-l", "bw2", "--yes", "-vv", "-e", &extra],
        &["verify", playbook, "-l", "bw2", "-vv", "-e", &extra],
    ] {
        let run = cachesmith(arguments);
        assert!(
            run.code == 0 || run.code == 2,
            "{arguments:?}: {}{}",
            run.stdout,
            run.stderr
        );
        said.push_str(&run.stdout);
        said.push_str(&run.stderr);
    }
    on("bw2", "rm /run/watching");
    let hidden = |text: &str| !text.contains("tr0ub4dor");
    assert!(hidden(&said), "{said}");
    // It does what it is for.
    assert!(on("bw2", "redis-cli ping 2>&1; true").contains("NOAUTH"));
    let login = format!("REDISCLI_AUTH='{PASSWORD}' redis-cli ping");
    assert_eq!(on("bw2", &login).trim(), "PONG");

    let seen = on("bw2", "cat /run/seen");
    assert!(seen.contains("redis-server"), "nothing was watched");
    assert!(hidden(&seen), "{seen}");
    let files = on(
        "bw2",
        "grep -rlIs tr0ub4dor /etc /var /run /tmp /root /home /srv 2>/dev/null; true",
    );
    let mut files: Vec<&str> = files.lines().collect();
    files.sort_unstable();
    // The server has to read it, and so has the guard that asks the server.
    let guard = "/etc/cachesmith/guard/6379.password";
    assert_eq!(files, [guard, "/etc/redis/redis.conf"]);
    for (file, attributes) in [(guard, "600 root"), ("/etc/redis/redis.conf", "640 redis")] {
        assert_eq!(
            on("bw2", &format!("stat -c '%a %U' {file}")).trim(),
            attributes
        );
    }
    assert!(hidden(&on("bw2", "journalctl --no-pager")));
    let record = std::process::Command::new("grep")
        .args(["-rl", "tr0ub4dor"])
        .arg(state().join("xdg"))
        .output()
        .expect("grep runs");
    assert_eq!(
        String::from_utf8_lossy(&record.stdout),
        "",
        "the journal holds it"
    );

    // A wrong one is a failure, and not a look as nobody.
    let wrong = cachesmith(&[
        "verify",
        playbook,
        "-l",
        "bw2",
        "-e",
        "{\"cache_password\": \"another\"}",
    ]);
    assert_ne!(wrong.code, 0);
    assert!(wrong.stdout.contains("WRONGPASS"), "{}", wrong.stdout);
}
