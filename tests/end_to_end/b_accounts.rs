//! Accounts: root, sudo without and with a password, and every way in which that is refused.

use crate::support::{address, cachesmith_with, connection, fleet, inventory_of, on, playbook};

fn inventory(name: &str, user: &str, more: &str) -> String {
    let text = format!(
        "all:\n  hosts:\n    bw3:\n      ansible_host: {}\n  vars:\n    ansible_user: {user}\n{}{more}",
        address("bw3"),
        connection()
    );
    inventory_of(name, &text)
}

fn writes(name: &str) -> String {
    playbook(
        name,
        "- hosts: all\n  become: true\n  tasks:\n    - copy: { dest: /etc/by-sudo, content: \"it worked\\n\", mode: \"0600\" }\n",
    )
}

#[test]
fn a_sudo_without_a_password() {
    fleet(&["reset", "bw3"]);
    cachesmith_with(
        &inventory("ops", "ops", ""),
        &["apply", &writes("ops"), "--yes"],
    )
    .expect(0);
    assert_eq!(
        on("bw3", "cat /etc/by-sudo; stat -c '%U %a' /etc/by-sudo"),
        "it worked\nroot 600\n"
    );
}

#[test]
fn b_sudo_with_a_password_that_nobody_sees() {
    on("bw3", "rm -f /etc/by-sudo");
    let inventory = inventory(
        "deploy",
        "deploy",
        "    ansible_become_password: correct horse\n",
    );
    let run =
        cachesmith_with(&inventory, &["apply", &writes("deploy"), "--yes", "--json"]).expect(0);
    assert!(!run.stdout.contains("correct horse"));
    assert_eq!(on("bw3", "cat /etc/by-sudo"), "it worked\n");
    let journal = crate::support::state().join("xdg/cachesmith");
    let found = std::process::Command::new("grep")
        .args(["-r", "correct horse"])
        .arg(&journal)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&found.stdout),
        "",
        "the password is in the journal"
    );
    assert_eq!(
        on("bw3", "journalctl | grep -c 'correct horse'; true").trim(),
        "0"
    );
}

#[test]
fn c_refusals_end_the_host_with_their_reason() {
    let cases = [
        ("deploy", "    ansible_become_password: wrong\n", "password"),
        ("deploy", "", "password"),
        (
            "nosudo",
            "    ansible_become_password: correct horse\n",
            "nosudo",
        ),
        (
            "ops",
            "    ansible_become_user: nobody-here\n",
            "nobody-here",
        ),
        ("stranger", "", "stranger"),
    ];
    for (number, (user, more, expected)) in cases.iter().enumerate() {
        let inventory = inventory(&format!("refused{number}"), user, more);
        let run = cachesmith_with(
            &inventory,
            &["apply", &writes("refused"), "--yes", "--json"],
        );
        assert!(
            run.code == 3 || run.code == 4,
            "{user}: {} {}",
            run.code,
            run.stdout
        );
        let report = run.host("bw3");
        let message = report["failure"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(message.contains(expected), "{user} {more}: {report}");
        assert!(
            !report["failure"]["help"]
                .as_array()
                .is_none_or(Vec::is_empty),
            "{user}: no way out in {report}"
        );
    }
}

#[test]
fn d_what_one_account_makes_belongs_to_it() {
    let playbook = playbook(
        "becomes",
        "- hosts: all\n  tasks:\n    - copy: { dest: /tmp/mine, content: a }\n    - copy: { dest: /tmp/theirs, content: b }\n      become: true\n      become_user: nobody\n",
    );
    cachesmith_with(
        &inventory("ops2", "ops", ""),
        &["apply", &playbook, "--yes"],
    )
    .expect(0);
    assert_eq!(
        on("bw3", "stat -c %U /tmp/mine /tmp/theirs"),
        "ops\nnobody\n"
    );
}
