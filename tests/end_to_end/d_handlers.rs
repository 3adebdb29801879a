//! A restart that was earned is never lost.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{cachesmith, command, fleet, inventory, on, playbook};

#[test]
fn a_a_failed_task_does_not_cost_the_handlers_earned_before_it() {
    fleet(&["reset", "bw4"]);
    let playbook = playbook(
        "earned",
        "- hosts: all\n  tasks:\n    - copy: { dest: /etc/earned, content: x }\n      notify: told\n    - command: /bin/false\n  handlers:\n    - name: told\n      command: touch /run/told\n",
    );
    cachesmith(&["apply", &playbook, "--yes", "-l", "bw4"]).expect(3);
    on("bw4", "test -e /run/told");
}

#[test]
fn b_a_handler_that_could_not_run_runs_the_next_time() {
    fleet(&["reset", "bw4"]);
    let playbook = playbook(
        "owed",
        "- hosts: all\n  tasks:\n    - copy: { dest: /root/owed, content: x }\n      notify: told\n    - command: sleep 20\n      args: { creates: /root/well }\n  handlers:\n    - name: told\n      command: touch /root/told\n",
    );
    // The host loses its power between the change and the handler; the controller dies too.
    let mut child = command(&["apply", &playbook, "--yes", "-i", &inventory(), "-l", "bw4"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(100));
        if !on("bw4", "ls /root/owed 2>/dev/null; true").is_empty() {
            break;
        }
    }
    fleet(&["stop", "bw4"]);
    child.kill().expect("the program can be ended");
    child.wait().expect("the program ends");
    fleet(&["start", "bw4"]);
    on(
        "bw4",
        "test -e /root/owed && test ! -e /root/told && touch /root/well",
    );

    let plan = cachesmith(&["plan", &playbook, "-l", "bw4", "--json"]).expect(2);
    assert!(
        plan.stdout.contains("\"kind\":\"handler\""),
        "{}",
        plan.stdout
    );
    cachesmith(&["apply", &playbook, "--yes", "-l", "bw4"]).expect(0);
    on(
        "bw4",
        "test -e /root/told && test ! -e /var/lib/cachesmith/pending",
    );
}

#[test]
fn c_a_handler_that_fails_is_owed_with_those_behind_it() {
    fleet(&["reset", "bw4"]);
    let playbook = playbook(
        "failing",
        "- hosts: all\n  tasks:\n    - copy: { dest: /etc/earned, content: x }\n      notify: [first, second, third]\n  handlers:\n    - name: first\n      shell: echo first >>/root/told\n    - name: second\n      shell: test -e /root/well && echo second >>/root/told\n    - name: third\n      shell: echo third >>/root/told\n",
    );
    let failed = cachesmith(&["apply", &playbook, "--yes", "-l", "bw4", "--json"]).expect(3);
    let owed = serde_json::json!(["second", "third"]);
    assert_eq!(failed.host("bw4")["pending_handlers"], owed);
    let noted = "cat /root/told /var/lib/cachesmith/pending/*";
    assert_eq!(on("bw4", noted), "first\nsecond\nthird\n");
    on("bw4", "touch /root/well");
    cachesmith(&["apply", &playbook, "--yes", "-l", "bw4"]).expect(0);
    assert_eq!(
        on("bw4", "cat /root/told; ls /var/lib/cachesmith"),
        "first\nsecond\nthird\nlast-run\n",
        "the one that had succeeded is not run again"
    );
}
