//! Two controllers and the same hosts: one works, the other is told who does.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Run, command, fleet, inventory, on, playbook, run_of, state};

const LIMIT: Duration = Duration::from_secs(60);

/// A controller of its own: another user with another record of runs.
fn controller(user: &str, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command
        .args(["-i", &inventory()])
        .env("XDG_STATE_HOME", state().join("xdg").join(user))
        .env("USER", user);
    command
}

fn run(user: &str, arguments: &[&str]) -> Run {
    run_of(&controller(user, arguments).output().unwrap())
}

/// Two tasks that write who they are, for as long as the file `go` is not there.
fn slow(name: &str, word: &str) -> String {
    playbook(
        name,
        &format!(
            "- hosts: all\n  tasks:\n    - shell: \"for n in 1 2; do echo {word} >> /root/trace; sleep 0.3; done; touch /root/began; until [ -e /root/go ]; do sleep 0.2; done; echo {word} >> /root/trace\"\n    - shell: \"for n in 1 2 3; do echo {word} >> /root/trace; sleep 0.2; done\"\n  post_checks:\n    - command: test -e /root/go\n"
        ),
    )
}

/// Starts a run, and waits until it is in the middle of its first task on these hosts.
fn begin(user: &str, playbook: &str, hosts: &[&str]) -> Child {
    let child = controller(
        user,
        &["apply", playbook, "--yes", "--json", "-l", &hosts.join(",")],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    for host in hosts {
        wait_for(host, "test -e /root/began");
    }
    child
}

fn wait_for(host: &str, condition: &str) {
    let deadline = Instant::now() + LIMIT;
    while on(host, &format!("{condition} && echo yes; true")).trim() != "yes" {
        assert!(Instant::now() < deadline, "{condition} on {host}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The name of the run that a controller recorded last.
fn last_run(user: &str) -> String {
    let runs: &Path = &state().join("xdg").join(user).join("cachesmith/runs");
    let mut names: Vec<String> = std::fs::read_dir(runs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.pop().unwrap()
}

/// Lets what was begun go on, and gives what it said.
fn finish(child: Child, hosts: &[&str]) -> Run {
    for host in hosts {
        on(host, "touch /root/go");
    }
    run_of(&child.wait_with_output().unwrap())
}

fn failure(run: &Run, host: &str) -> String {
    run.host(host)["failure"]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_of_two_runs_at_once_one_is_refused_with_the_name_of_the_other() {
    let hosts = ["bw3", "bw4"];
    for host in hosts {
        fleet(&["reset", host]);
    }
    let (alice, bob) = (slow("alice", "alice"), slow("bob", "bob"));
    let first = begin("alice", &alice, &hosts);
    let name = last_run("alice");

    // Everything that another controller does meanwhile is refused or only looks.
    let refused = run("bob", &["apply", &bob, "--yes", "--json", "-l", "bw3,bw4"]).expect(7);
    for host in hosts {
        let ended = refused.host(host);
        assert_eq!(ended["status"], "refused", "{ended}");
        let message = failure(&refused, host);
        assert!(
            message.contains(&name) && message.contains("alice@"),
            "{message}"
        );
    }
    assert_eq!(refused.of_kind("run_ended")[0]["refused"][0], "bw3");
    let plan = run("bob", &["plan", &bob, "--json", "-l", "bw3,bw4"]).expect(2);
    assert_eq!(plan.of_kind("host_noted").len(), 2, "{}", plan.stdout);
    let locks = run("bob", &["locks", "bw3", "--json"]).expect(0);
    assert!(locks.stdout.contains(&name), "{}", locks.stdout);

    // On the same controller it is known before anything is connected to.
    let again = run("alice", &["apply", &bob, "--yes", "--json", "-l", "bw4"]).expect(7);
    assert_eq!(again.stdout, "");
    assert!(again.stderr.contains(&name), "{}", again.stderr);

    finish(first, &hosts).expect(0);
    run("bob", &["apply", &bob, "--yes", "-l", "bw3,bw4"]).expect(0);
    for host in hosts {
        let trace = on(host, "cat /root/trace");
        assert_eq!(
            trace.split_whitespace().collect::<Vec<_>>(),
            [vec!["alice"; 6], vec!["bob"; 6]].concat(),
            "on {host}"
        );
        on(host, "test ! -e /var/lib/cachesmith/lease");
    }
}

#[test]
fn b_a_killed_controller_leaves_a_lease_that_only_its_own_user_takes_over_at_once() {
    fleet(&["reset", "bw4"]);
    let (alice, bob) = (slow("alice", "alice"), slow("bob", "bob"));
    let mut first = begin("alice", &alice, &["bw4"]);
    let name = last_run("alice");
    first.kill().unwrap();
    first.wait().unwrap();
    // Its script is still at work on the host: nobody may begin.
    let early = run("alice", &["apply", &alice, "--yes", "--json", "-l", "bw4"]).expect(7);
    assert!(failure(&early, "bw4").contains(&name), "{}", early.stdout);
    on("bw4", "touch /root/go");
    wait_for("bw4", "! pgrep -f '[b]egan'");
    let refused = run("bob", &["apply", &bob, "--yes", "--json", "-l", "bw4"]).expect(7);
    assert!(
        failure(&refused, "bw4").contains(&name),
        "{}",
        refused.stdout
    );
    run("alice", &["apply", &alice, "--yes", "-l", "bw4"]).expect(0);
    // Only what was under way came to its end; the rest of the killed run never began.
    assert_eq!(on("bw4", "grep -c alice /root/trace").trim(), "9");
    on("bw4", "test ! -e /var/lib/cachesmith/lease");
}

#[test]
fn c_a_lease_that_has_run_out_is_nobodys() {
    fleet(&["reset", "bw4"]);
    on(
        "bw4",
        "mkdir /var/lib/cachesmith; printf 'run gone\\nby carol@lost\\nwhat apply\\nsince 2026-01-01T00:00:00Z\\nterm 900\\nboot x\\nuntil 1\\nshell 1 1\\ntoken x-1\\n' > /var/lib/cachesmith/lease",
    );
    // The host says that it began a moment ago: the lease may have been renewed a moment before.
    let bob = playbook(
        "quick",
        "- hosts: all\n  tasks:\n    - copy: { dest: /root/quick, content: x }\n",
    );
    let refused = run("bob", &["apply", &bob, "--yes", "--json", "-l", "bw4"]).expect(7);
    assert!(
        failure(&refused, "bw4").contains("carol@lost"),
        "{}",
        refused.stdout
    );
    on(
        "bw4",
        "sed -i 's/^term .*/term 1/' /var/lib/cachesmith/lease",
    );
    // Whatever its clock says.
    run("bob", &["apply", &bob, "--yes", "-l", "bw4"]).expect(0);
    on("bw4", "test ! -e /var/lib/cachesmith/lease");
}

#[test]
fn d_a_lock_with_a_reason_keeps_runs_away() {
    fleet(&["reset", "bw4"]);
    let quick = playbook(
        "quick",
        "- hosts: all\n  tasks:\n    - copy: { dest: /root/quick, content: x }\n",
    );
    run(
        "alice",
        &[
            "lock",
            "bw4",
            "--why",
            "memory is being replaced",
            "--for",
            "2h",
        ],
    )
    .expect(0);
    let refused = run(
        "bob",
        &["apply", &quick, "--yes", "--json", "-l", "bw3,bw4"],
    )
    .expect(7);
    let message = failure(&refused, "bw4");
    assert!(
        message.contains("alice@") && message.contains("memory is being replaced"),
        "{message}"
    );
    assert_eq!(refused.host("bw3")["status"], "done");
    on("bw4", "test ! -e /root/quick");
    let listed = run("bob", &["locks"]).expect(0);
    assert!(
        listed.stdout.contains("memory is being replaced"),
        "{}",
        listed.stdout
    );
    run("bob", &["unlock", "bw4"]).expect(7);
    run("alice", &["unlock", "bw4"]).expect(0);
    run("bob", &["apply", &quick, "--yes", "-l", "bw4"]).expect(0);
    on("bw4", "test ! -e /var/lib/cachesmith/lease");
}

#[test]
fn e_a_run_whose_lease_is_broken_by_hand_stops_before_its_next_step() {
    fleet(&["reset", "bw4"]);
    let alice = slow("alice", "alice");
    let first = begin("alice", &alice, &["bw4"]);
    let broken = run("bob", &["unlock", "bw4", "--force", "--json"]).expect(0);
    assert!(broken.stdout.contains("\"broken\""), "{}", broken.stdout);
    let ended = finish(first, &["bw4"]).expect(3);
    assert!(
        failure(&ended, "bw4").contains("lost the host"),
        "{}",
        ended.stdout
    );
    // Three words of the first task, none of the second.
    assert_eq!(on("bw4", "grep -c alice /root/trace").trim(), "3");
    on("bw4", "test ! -e /var/lib/cachesmith/lease");
}

/// Accounts without root keep their leases at home; root's keeps everybody out.
#[test]
fn f_accounts_without_root() {
    fleet(&["reset", "bw4"]);
    let own = playbook(
        "own",
        "- hosts: all\n  become: true\n  become_user: deploy\n  tasks:\n    - command: cat .cachesmith/lease\n      args: { chdir: /home/deploy }\n      register: lease\n    - assert: { that: \"'apply' in lease.stdout\" }\n",
    );
    run(
        "alice",
        &[
            "apply",
            &own,
            "--yes",
            "-l",
            "bw4",
            "-e",
            "ansible_user=ops",
        ],
    )
    .expect(0);
    on(
        "bw4",
        "test ! -e /home/deploy/.cachesmith && test ! -e /var/lib/cachesmith/lease",
    );
}
