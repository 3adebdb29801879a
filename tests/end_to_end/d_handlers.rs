//! A restart that was earned is never lost.

use crate::support::{cachesmith, fleet, on, playbook};

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
        "- hosts: all\n  tasks:\n    - copy: { dest: /etc/owed, content: x }\n      notify: told\n    - command: sh -c 'test -e /run/well || kill -9 $(cat /proc/$PPID/stat | cut -d\" \" -f4)'\n      changed_when: false\n  handlers:\n    - name: told\n      command: touch /run/told\n",
    );
    let first = cachesmith(&["apply", &playbook, "--yes", "-l", "bw4", "--json"]);
    assert_ne!(first.code, 0, "{}", first.stdout);
    on("bw4", "test ! -e /run/told && touch /run/well");
    let plan = cachesmith(&["plan", &playbook, "-l", "bw4", "--json"]).expect(2);
    assert!(
        plan.stdout.contains("\"kind\":\"handler\""),
        "{}",
        plan.stdout
    );
    cachesmith(&["apply", &playbook, "--yes", "-l", "bw4"]).expect(0);
    on("bw4", "test -e /run/told && test ! -e /var/lib/cachesmith");
}
