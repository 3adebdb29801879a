//! Connections that one command leaves open and the next one uses.

use std::process::Output;

use crate::support::{Run, command, fleet, inventory, on, playbook, run_of, state};

const HOST: &str = "bw1";

fn output(arguments: &[&str]) -> Output {
    let runtime = state().join("runtime");
    std::fs::create_dir_all(&runtime).unwrap();
    command(arguments)
        .env("XDG_RUNTIME_DIR", runtime)
        .output()
        .unwrap()
}

/// A command that keeps its connections.
fn keeping(arguments: &[&str]) -> Run {
    let inventory = inventory();
    let rest = ["--json", "--persist", "-l", HOST, "-i", &inventory];
    run_of(&output(&[arguments, &rest].concat()))
}

/// How many connections a run opened.
fn opened(run: &Run) -> u64 {
    run.host(HOST)["connections"].as_u64().unwrap()
}

fn disconnect() -> String {
    run_of(&output(&["disconnect"])).expect(0).stdout
}

#[test]
fn a_the_next_command_uses_them_until_they_are_ended() {
    fleet(&["reset", HOST]);
    let site = playbook(
        "kept",
        "- hosts: all\n  tasks:\n    - copy: { dest: /etc/kept.conf, content: \"one\\n\" }\n",
    );
    assert_eq!(opened(&keeping(&["plan", &site]).expect(2)), 1);
    assert_eq!(opened(&keeping(&["apply", &site, "--yes"]).expect(0)), 0);
    assert_eq!(opened(&keeping(&["plan", &site]).expect(0)), 0);
    assert_eq!(disconnect(), "Ended 1 kept connection.\n");
    assert_eq!(disconnect(), "There was no kept connection.\n");
    assert_eq!(opened(&keeping(&["plan", &site]).expect(0)), 1);

    // The host is a new one at the same address, and the connection leads nowhere.
    fleet(&["reset", HOST]);
    assert_eq!(opened(&keeping(&["plan", &site]).expect(2)), 1);
    assert_eq!(opened(&keeping(&["apply", &site, "--yes"]).expect(0)), 0);
    assert_eq!(on(HOST, "cat /etc/kept.conf"), "one\n");
    assert_eq!(disconnect(), "Ended 1 kept connection.\n");
}

#[test]
fn b_a_run_that_changes_what_a_login_is_leaves_none() {
    fleet(&["reset", HOST]);
    let look = playbook(
        "kept-look",
        "- hosts: all\n  tasks:\n    - command: id -Gn\n      register: groups\n      changed_when: false\n    - debug: { msg: \"{{ groups.stdout }}\" }\n",
    );
    assert_eq!(opened(&keeping(&["apply", &look, "--yes"]).expect(0)), 1);
    let join = playbook(
        "kept-join",
        "- hosts: all\n  tasks:\n    - group: { name: wheelers }\n    - user: { name: root, groups: [wheelers], append: true }\n",
    );
    assert_eq!(opened(&keeping(&["apply", &join, "--yes"]).expect(0)), 0);
    assert_eq!(disconnect(), "There was no kept connection.\n");
    let after = keeping(&["apply", &look, "--yes"]).expect(0);
    assert_eq!(opened(&after), 1);
    assert!(after.stdout.contains("wheelers"), "{}", after.stdout);
    assert_eq!(disconnect(), "Ended 1 kept connection.\n");
}
