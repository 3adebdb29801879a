//! Hosts that misbehave: each ends alone, with its own clear error, and leaves no half-written file.

use std::time::Duration;

use crate::support::{
    cachesmith, cachesmith_with, command, fleet, inventory, inventory_of, on, playbook, run_of,
    state,
};

fn faults() -> String {
    std::fs::read_to_string(state().join("faults.yml"))
        .expect("the fleet has an inventory of faults")
}

#[test]
fn a_unreachable_hosts_do_not_stop_the_others() {
    fleet(&["blackhole", "up"]);
    let faulty = inventory_of("faulty", &faults());
    let playbook = playbook(
        "uname",
        "- hosts: all\n  tasks:\n    - command: uname\n      changed_when: false\n",
    );
    let run = cachesmith_with(
        &faulty,
        &["apply", &playbook, "--yes", "--json", "-i", &inventory()],
    );
    assert_eq!(run.code, 4, "{}", run.stdout);
    for name in ["hanging", "refusing", "silent", "impostor"] {
        let report = run.host(name);
        assert_eq!(report["status"], "unreachable", "{report}");
        assert!(
            !report["failure"]["message"]
                .as_str()
                .unwrap_or_default()
                .is_empty(),
            "{report}"
        );
    }
    let impostor = run.host("impostor")["failure"].to_string();
    assert!(impostor.contains("key"), "{impostor}");
    assert_eq!(run.host("bw3")["status"], "done");
    fleet(&["blackhole", "down"]);
}

#[test]
fn b_a_full_disk_keeps_the_old_file() {
    fleet(&["reset", "bw4"]);
    on(
        "bw4",
        "mkdir -p /mnt/small && mount -t tmpfs -o size=64k tmpfs /mnt/small && echo old > /mnt/small/file",
    );
    let big = "x".repeat(200_000);
    let playbook = playbook(
        "full",
        &format!(
            "- hosts: all\n  tasks:\n    - copy: {{ dest: /mnt/small/file, content: {big} }}\n"
        ),
    );
    let run = cachesmith(&["apply", &playbook, "--yes", "--json", "-l", "bw4"]).expect(3);
    assert!(
        run.stdout.contains("No space left") || run.stdout.contains("disk"),
        "{}",
        &run.stdout[run.stdout.len().saturating_sub(1500)..]
    );
    assert_eq!(
        on(
            "bw4",
            "cat /mnt/small/file; ls -A /mnt/small; umount /mnt/small"
        ),
        "old\nfile\n"
    );
}

#[test]
fn c_a_read_only_kernel_is_told_as_such() {
    on(
        "bw4",
        "mount -o remount,ro,bind /proc/sys || mount --bind -o ro /proc/sys /proc/sys",
    );
    let playbook = playbook(
        "kernel",
        "- hosts: all\n  tasks:\n    - sysctl: { name: net.core.somaxconn, value: 5000, sysctl_file: /etc/sysctl.d/61-x.conf, host_level: '{{ level }}' }\n",
    );
    // A container may leave to the outer machine what it cannot set, and says so; who insists gets a failure.
    for (level, code, words) in [
        ("level=fail", 3, "cannot be changed"),
        ("level=report", 0, "a host-level setting"),
    ] {
        let run = cachesmith(&[
            "apply", &playbook, "--yes", "--json", "-l", "bw4", "-e", level,
        ])
        .expect(code);
        assert!(run.stdout.contains(words), "{}", run.stdout);
        assert_eq!(
            on("bw4", "ls /etc/sysctl.d/61-x.conf 2>/dev/null; true"),
            "",
            "a value that the kernel refused was kept ({level})"
        );
    }
    fleet(&["reset", "bw4"]);
}

#[test]
fn d_a_host_without_sha256sum_says_so() {
    on("bw4", "mv /usr/bin/sha256sum /usr/bin/sha256sum.away");
    on("bw4", "echo a > /etc/one");
    let playbook = playbook(
        "sums",
        "- hosts: all\n  tasks:\n    - copy: { dest: /etc/one, content: b }\n",
    );
    let run = cachesmith(&["apply", &playbook, "--yes", "--json", "-l", "bw4"]);
    on("bw4", "mv /usr/bin/sha256sum.away /usr/bin/sha256sum");
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("sha256sum"), "{}", run.stdout);
}

/// A playbook whose second change goes on until the test lets it.
/// It asks for no facts: what a host is owed is seen all the same.
const HELD: &str = "- hosts: all\n  gather_facts: false\n  tasks:\n    \
    - { name: first, copy: { dest: /run/held-first, content: x }, notify: owed }\n    \
    - { name: long, shell: \"touch /run/held-started; until [ -e /run/held-go ]; do sleep 0.1; done; touch /run/held-long\" }\n    \
    - { name: never, copy: { dest: /run/held-never, content: x } }\n  handlers:\n    \
    - { name: owed, command: touch /run/held-owed }\n";

#[test]
fn e_an_interrupted_run_ends_between_two_changes_of_each_host() {
    let hosts = ["bw3", "tr2"];
    let playbook = playbook("held", HELD);
    let child = command(&["apply", &playbook, "--yes", "--json", "-i", &inventory()])
        .args(["-l", "bw3,tr2"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    for host in hosts {
        on(host, "until [ -e /run/held-started ]; do sleep 0.1; done");
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    // The word has to reach the scripts before the change ends; then it is let go on.
    std::thread::sleep(Duration::from_secs(1));
    for host in hosts {
        on(host, "touch /run/held-go");
    }
    let run = run_of(&child.wait_with_output().expect("the program ends"));
    assert_eq!(run.code, 130, "{}{}", run.stdout, run.stderr);
    for host in hosts {
        let ended = run.host(host);
        assert_eq!(ended["status"], "interrupted", "{}", run.stdout);
        assert_eq!(
            ended["failure"]["message"],
            "stopped behind the task \"long\""
        );
        assert_eq!(ended["pending_handlers"], serde_json::json!(["owed"]));
        let made = on(host, "ls /run | grep held");
        let made: Vec<&str> = made.split_whitespace().collect();
        assert_eq!(
            made,
            ["held-first", "held-go", "held-long", "held-started"],
            "the change that was being made is whole, and nothing began behind it"
        );
    }
    // The next run makes what is left, and the handler that was owed.
    let run = cachesmith(&["apply", &playbook, "--yes", "--json", "-l", "bw3,tr2"]).expect(0);
    assert_eq!(run.of_kind("task_ended").len(), 8, "{}", run.stdout);
    for host in hosts {
        on(host, "ls /run/held-never /run/held-owed && rm /run/held-*");
    }
}
