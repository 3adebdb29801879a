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

#[test]
fn e_an_interrupted_run_says_where_each_host_stands() {
    let playbook = playbook(
        "slow",
        "- hosts: all\n  tasks:\n    - command: sleep 3\n    - copy: { dest: /etc/after, content: x }\n    - command: sleep 6\n",
    );
    let child = command(&[
        "apply",
        &playbook,
        "--yes",
        "--json",
        "-i",
        &inventory(),
        "-l",
        "bw3",
    ])
    .stdout(std::process::Stdio::piped())
    .stderr(std::process::Stdio::piped())
    .spawn()
    .expect("the program runs");
    std::thread::sleep(Duration::from_millis(1500));
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let run = run_of(&child.wait_with_output().expect("the program ends"));
    assert_eq!(run.code, 130, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.host("bw3")["status"], "interrupted", "{}", run.stdout);
}
