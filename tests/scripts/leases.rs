//! Leases: one run at a time on a host, whatever happens between.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;

use cachesmith::model::lock::LockKind;
use cachesmith::model::probe::{Observation, Probe, Program};
use cachesmith::model::step::{Action, Outcome, Step, StepStatus};
use cachesmith::transport::script::lease::{
    Held, Hold, Mode, Order, Said, compile_give_back, compile_order, parse, parse_order,
};
use cachesmith::transport::script::parse_outcomes;

use crate::host::{Host, NOBODY, executable, held, hosts, in_parallel, is_root};

const TERM: u64 = 900;

fn hold(run: &str, mode: Mode) -> Hold {
    Hold {
        name: "host".to_owned(),
        run: run.to_owned(),
        by: format!("{run}'s user@elsewhere"),
        what: "apply site.yml".to_owned(),
        term: TERM,
        mode,
        dead: Vec::new(),
        give_back: false,
    }
}

fn program(text: &str) -> Step {
    Step::new(Action::Program {
        program: Box::new(Program::shell(text)),
        accepted: vec![0],
    })
}

fn carry_out(host: &Host, hold: &Hold, steps: &[Step]) -> (Held, Vec<Outcome>) {
    let script = held(steps, hold);
    let output = host.run(&script);
    (
        parse(&script, &output),
        parse_outcomes(&script, steps, &output),
    )
}

/// Takes or renews the lease and does nothing under it.
fn take(host: &Host, run: &str, mode: Mode) -> Held {
    carry_out(host, &hold(run, mode), &[]).0
}

fn holder(held: &Held) -> &str {
    match held {
        Held::Refused(lock) => &lock.run,
        other => panic!("{other:?}"),
    }
}

fn order(host: &Host, order: &Order) -> Vec<Said> {
    let script = compile_order(order);
    parse_order(&script, &host.run(&script)).unwrap()
}

/// Each kind of host with a folder of its own for leases, below one that is there.
fn places() -> Vec<(Host, tempfile::TempDir)> {
    hosts()
        .into_iter()
        .map(|host| {
            let around = tempfile::tempdir().unwrap();
            let folder = around.path().join("state");
            (
                host.with("CACHESMITH_HOST_FOLDER", folder.to_str().unwrap()),
                around,
            )
        })
        .collect()
}

/// Changes a line of the lease.
fn rewrite(around: &Path, word: &str, text: &str) {
    let path = around.join("state/lease");
    let lines: Vec<String> = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| match line.split_once(' ') {
            Some((name, _)) if name == word => format!("{word} {text}"),
            _ => line.to_owned(),
        })
        .collect();
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn word(around: &Path, word: &str) -> String {
    let text = fs::read_to_string(around.join("state/lease")).unwrap();
    let mut lines = text.lines();
    lines
        .find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
        .unwrap()
        .to_owned()
}

fn names(around: &Path) -> Vec<String> {
    fs::read_dir(around.join("state"))
        .map(|entries| {
            entries
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default()
}

#[test]
fn it_is_taken_with_the_first_step_and_given_back_behind_the_last() {
    for (host, around) in places() {
        let file = around.path().join("state/lease");
        let look = program(&format!("cat '{}'", file.display()));
        let mut wish = hold("one", Mode::Join);
        wish.give_back = true;
        let (held, outcomes) = carry_out(&host, &wish, &[look]);
        assert_eq!(held, Held::GivenBack, "{}", host.name);
        let text = outcomes[0].stdout.to_lossy();
        assert!(
            text.contains("run one\nfor host\nby one's user@elsewhere\nwhat apply site.yml\n"),
            "{text}"
        );
        // Nothing is left, not even the folder.
        assert!(!around.path().join("state").exists(), "{}", host.name);
    }
}

#[test]
fn another_run_is_refused_with_the_name_of_the_first() {
    for (host, around) in places() {
        assert_eq!(take(&host, "one", Mode::Join), Held::Held, "{}", host.name);
        let mode = fs::metadata(around.path().join("state/lease")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o644);
        let trace = around.path().join("trace");
        let step = program(&format!("touch '{}'", trace.display()));
        let (held, outcomes) = carry_out(&host, &hold("two", Mode::Join), &[step]);
        assert_eq!(holder(&held), "one", "{}", host.name);
        assert_eq!(outcomes[0].status, StepStatus::NotRun);
        assert!(!trace.exists());
        // Facts tell it, too.
        let Observation::Facts(facts) = host.observe_one(Probe::Facts) else {
            panic!("no facts");
        };
        assert_eq!(facts.locks.len(), 1, "{}: {:?}", host.name, facts.missing);
        assert_eq!(facts.locks[0].run, "one");
        assert_eq!(facts.locks[0].kind, LockKind::Lease);
        assert!((TERM - 60..=TERM).contains(&facts.locks[0].left.unwrap()));
        // The first goes on, and gives back; then it is the other's.
        assert_eq!(take(&host, "one", Mode::Keep), Held::Held);
        host.run(&compile_give_back("host", "two"));
        assert_eq!(word(around.path(), "run"), "one");
        host.run(&compile_give_back("host", "one"));
        assert_eq!(take(&host, "two", Mode::Join), Held::Held);
        assert_eq!(names(around.path()), ["lease"]);
    }
}

/// The clock of the host may say anything.
#[test]
fn only_what_the_kernel_counts_is_time() {
    for (host, around) in places() {
        let clocks = tempfile::tempdir().unwrap();
        executable(&clocks.path().join("date"), "echo 2099-01-01T00:00:00Z\n");
        assert_eq!(take(&host, "one", Mode::Join), Held::Held);
        let future = host.with_programs(clocks.path());
        assert_eq!(holder(&take(&future, "two", Mode::Join)), "one");
        // It has run out.
        rewrite(around.path(), "until", "0");
        assert_eq!(take(&host, "two", Mode::Join), Held::Held);
        let Held::Lost(Some(now)) = take(&host, "one", Mode::Keep) else {
            panic!("it is lost");
        };
        assert_eq!(now.run, "two");
    }
}

/// How long ago a lease of another boot was renewed nobody knows: at least as long as this boot lasts.
#[test]
fn a_lease_from_before_a_restart_holds_until_its_time_has_passed_since() {
    for (host, around) in places() {
        assert_eq!(take(&host, "one", Mode::Join), Held::Held);
        rewrite(around.path(), "boot", "another");
        rewrite(around.path(), "until", "1");
        // Longer than this machine has been up.
        rewrite(around.path(), "term", "4000000000");
        assert_eq!(holder(&take(&host, "two", Mode::Join)), "one");
        // Its own run goes on.
        assert_eq!(take(&host, "one", Mode::Keep), Held::Held);
        rewrite(around.path(), "boot", "another");
        rewrite(around.path(), "term", "1");
        assert_eq!(take(&host, "two", Mode::Join), Held::Held, "{}", host.name);
    }
}

#[test]
fn a_lease_that_was_torn_by_a_loss_of_power_is_nobodys() {
    for (host, around) in places() {
        fs::create_dir(around.path().join("state")).unwrap();
        fs::write(around.path().join("state/lease"), "").unwrap();
        rewrite_as_old(around.path());
        assert_eq!(take(&host, "one", Mode::Join), Held::Held, "{}", host.name);
    }
}

/// Writes the beginning of a lease only.
fn rewrite_as_old(around: &Path) {
    fs::write(around.join("state/lease"), "run torn\nby someb").unwrap();
}

/// A run that is known to be dead is no obstacle, unless its last script is still at work on the host.
#[test]
fn a_dead_run_is_taken_over_when_its_script_has_ended() {
    in_parallel(hosts(), |host| {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("state");
        let host = host.with("CACHESMITH_HOST_FOLDER", folder.to_str().unwrap());
        let runs = around.path().join("runs");
        let go = around.path().join("go");
        let steps = [program(&format!(
            "touch '{}'; until [ -e '{}' ]; do sleep 0.1; done",
            runs.display(),
            go.display()
        ))];
        let mut over = hold("two", Mode::Join);
        over.dead = vec!["one".to_owned()];
        std::thread::scope(|scope| {
            let first = scope.spawn(|| carry_out(&host, &hold("one", Mode::Join), &steps));
            while !runs.exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let (held, _) = carry_out(&host, &over, &[]);
            let Held::Refused(lock) = held else {
                panic!("{held:?}");
            };
            assert!(lock.busy, "{}", host.name);
            // Not even one that has run out.
            rewrite(around.path(), "until", "0");
            assert_eq!(holder(&take(&host, "three", Mode::Join)), "one");
            fs::write(&go, "").unwrap();
            first.join().unwrap();
        });
        assert_eq!(carry_out(&host, &over, &[]).0, Held::Held, "{}", host.name);
    });
}

#[test]
fn a_script_that_loses_its_lease_stops_before_its_next_step() {
    for (host, around) in places() {
        let trace = around.path().join("trace");
        let broken = format!("rm '{}/state/lease'", around.path().display());
        let steps = [
            program(&broken),
            program(&format!("touch '{}'", trace.display())),
        ];
        let (held, outcomes) = carry_out(&host, &hold("one", Mode::Join), &steps);
        assert_eq!(held, Held::Lost(None), "{}", host.name);
        assert_eq!(outcomes[0].status, StepStatus::Done);
        assert_eq!(outcomes[1].status, StepStatus::GuardFailed);
        assert!(!trace.exists());
        // What is known to be ours is not taken again unseen.
        assert_eq!(take(&host, "one", Mode::Keep), Held::Lost(None));
    }
}

#[test]
fn a_long_script_renews_its_lease_between_two_steps() {
    for (host, around) in places() {
        let file = around.path().join("state/lease");
        let age = format!(
            "read -r up rest </proc/uptime; sed -i \"s/^until .*/until $((${{up%%.*}} + 20))/\" '{}'",
            file.display()
        );
        let steps = [program(&age), program("true"), program("true")];
        let (held, outcomes) = carry_out(&host, &hold("one", Mode::Join), &steps);
        assert_eq!(held, Held::Held);
        assert!(outcomes.iter().all(|step| step.status == StepStatus::Done));
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let now: u64 = uptime.split('.').next().unwrap().parse().unwrap();
        let until: u64 = word(around.path(), "until").parse().unwrap();
        assert!(until > now + TERM / 2, "{until} at {now}");
    }
}

/// Renewed beside a script that is at work, it stays that script's.
#[test]
fn renewing_beside_a_script_keeps_whose_it_is() {
    for (host, around) in places() {
        assert_eq!(take(&host, "one", Mode::Join), Held::Held);
        let (shell, since) = (word(around.path(), "shell"), word(around.path(), "since"));
        let token = word(around.path(), "token");
        assert_eq!(take(&host, "one", Mode::Renew), Held::Held);
        assert_eq!(word(around.path(), "shell"), shell, "{}", host.name);
        assert_eq!(word(around.path(), "since"), since);
        assert_ne!(word(around.path(), "token"), token);
    }
}

/// Many at the same moment, over nothing and over a lease that has run out: one of them has it.
#[test]
fn of_many_at_once_one_gets_it() {
    const MANY: usize = 6;
    for (host, around) in places() {
        for round in 0..6 {
            if round % 2 == 0 {
                let _ = fs::remove_dir_all(around.path().join("state"));
            } else {
                rewrite(around.path(), "until", "0");
            }
            let barrier = Barrier::new(MANY);
            let got: Vec<Held> = std::thread::scope(|scope| {
                let running: Vec<_> = (0..MANY)
                    .map(|number| {
                        let (host, barrier) = (&host, &barrier);
                        scope.spawn(move || {
                            barrier.wait();
                            take(host, &format!("run-{round}-{number}"), Mode::Join)
                        })
                    })
                    .collect();
                running.into_iter().map(|run| run.join().unwrap()).collect()
            });
            let winner: Vec<usize> = (0..MANY)
                .filter(|index| got[*index] == Held::Held)
                .collect();
            assert_eq!(winner.len(), 1, "{}: {got:#?}", host.name);
            assert_eq!(
                word(around.path(), "run"),
                format!("run-{round}-{}", winner[0])
            );
            assert_eq!(names(around.path()), ["lease"]);
        }
    }
}

/// A machine that stands under two names in an inventory is given back when both have come to their end.
#[test]
fn two_names_of_one_machine_share_its_lease() {
    for (host, around) in places() {
        let named = |name: &str, mode| Hold {
            name: name.to_owned(),
            ..hold("one", mode)
        };
        assert_eq!(carry_out(&host, &named("a", Mode::Join), &[]).0, Held::Held);
        let mut last = named("b", Mode::Join);
        last.give_back = true;
        assert_eq!(
            carry_out(&host, &last, &[program("true")]).0,
            Held::GivenBack
        );
        assert_eq!(word(around.path(), "for"), "a", "{}", host.name);
        assert_eq!(carry_out(&host, &named("a", Mode::Keep), &[]).0, Held::Held);
        assert_eq!(holder(&take(&host, "two", Mode::Join)), "one");
        host.run(&compile_give_back("a", "one"));
        assert!(!around.path().join("state").exists(), "{}", host.name);
    }
}

/// A marker whose script has been killed is taken away.
#[test]
fn a_marker_that_was_left_behind_does_not_lock_for_ever() {
    in_parallel(hosts(), |host| {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("state");
        let host = host.with("CACHESMITH_HOST_FOLDER", folder.to_str().unwrap());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("lease-after-none"), "").unwrap();
        assert_eq!(take(&host, "one", Mode::Join), Held::Held, "{}", host.name);
        assert_eq!(names(around.path()), ["lease"]);
    });
}

#[test]
fn an_account_keeps_its_lease_at_home_where_nobody_can_plant_it() {
    if !is_root() {
        return;
    }
    for host in hosts() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let host = host.as_nobody().with("HOME", home.path().to_str().unwrap());
        assert_eq!(take(&host, "one", Mode::Join), Held::Held, "{}", host.name);
        assert!(home.path().join(".cachesmith/lease").exists());
        assert_eq!(holder(&take(&host, "two", Mode::Join)), "one");
        host.run(&compile_give_back("host", "one"));
        assert!(!home.path().join(".cachesmith").exists());
        // Made by somebody else.
        fs::create_dir(home.path().join(".cachesmith")).unwrap();
        let held = take(&host, "one", Mode::Join);
        assert!(
            matches!(&held, Held::Impossible(why) if why.contains("of this account's own")),
            "{held:?}"
        );
        let nowhere = host.with("HOME", "/nonexistent");
        let held = take(&nowhere, "one", Mode::Join);
        assert!(
            matches!(&held, Held::Impossible(why) if why.contains("no home directory")),
            "{held:?}"
        );
        // A guest needs none.
        let step = program("echo done");
        let (held, outcomes) = carry_out(&nowhere, &hold("one", Mode::Guest), &[step]);
        assert_eq!(held, Held::Unsaid);
        assert_eq!(outcomes[0].status, StepStatus::Done);
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    if !is_root() {
        return;
    }
    for host in hosts() {
        let host = host.with("CACHESMITH_HOST_FOLDER", "/proc/nothing/here");
        let held = take(&host, "one", Mode::Join);
        assert!(
            matches!(&held, Held::Impossible(why) if why.contains("cannot make the directory")),
            "{held:?}"
        );
    }
}

#[test]
fn a_lock_keeps_runs_away_until_it_is_taken_away() {
    for (host, around) in places() {
        let set = |by: &str, seconds| Order::Set {
            by: by.to_owned(),
            why: "memory is being\nreplaced".to_owned(),
            seconds,
        };
        let said = order(&host, &set("alice@laptop", 0));
        let [Said::Set(lock)] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert_eq!(
            (lock.what.as_str(), lock.left),
            ("memory is being replaced", None)
        );
        let Held::Refused(lock) = take(&host, "one", Mode::Join) else {
            panic!("it is locked");
        };
        assert_eq!(
            (lock.kind, lock.by.as_str()),
            (LockKind::Lock, "alice@laptop")
        );
        assert_eq!(names(around.path()), ["lock"]);
        // Others can neither replace it nor take it away; whoever set it can.
        assert!(matches!(
            order(&host, &set("bob@desk", 60))[0],
            Said::Refused(_)
        ));
        let away = |by: &str, force| Order::Remove {
            by: by.to_owned(),
            force,
        };
        assert!(matches!(
            order(&host, &away("bob@desk", false))[0],
            Said::Refused(_)
        ));
        let said = order(&host, &set("alice@laptop", 7200));
        let [Said::Set(lock)] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert_eq!((lock.left, lock.busy), (Some(7200), false));
        // Once its time is over, it is nobody's.
        let file = around.path().join("state/lock");
        let text = std::fs::read_to_string(&file).unwrap();
        let until = text
            .lines()
            .find(|line| line.starts_with("until "))
            .unwrap();
        std::fs::write(&file, text.replace(until, "until 1")).unwrap();
        let said = order(&host, &set("bob@desk", 60));
        assert!(matches!(said.as_slice(), [Said::Set(lock)] if lock.by == "bob@desk"));
        assert!(matches!(
            order(&host, &away("bob@desk", false))[0],
            Said::Removed(_)
        ));
        assert_eq!(take(&host, "one", Mode::Join), Held::Held);
        // A run goes on where somebody locks the host meanwhile; the next one is kept away.
        order(&host, &set("alice@laptop", 60));
        assert_eq!(take(&host, "one", Mode::Keep), Held::Held);
        let said = order(&host, &Order::List);
        assert_eq!(said.len(), 2, "{said:?}");
        let said = order(&host, &away("bob@desk", true));
        assert!(
            matches!(said.as_slice(), [Said::Removed(lock), Said::Removed(lease)]
                if lock.kind == LockKind::Lock && lease.kind == LockKind::Lease),
            "{said:?}"
        );
        assert!(!around.path().join("state").exists(), "{}", host.name);
        assert_eq!(order(&host, &away("bob@desk", true)), []);
        assert_eq!(order(&host, &Order::List), []);
    }
}

/// A script that is ended in the middle leaves no marker.
#[test]
fn a_killed_script_leaves_its_lease_and_nothing_else() {
    for (host, around) in places() {
        let steps = [program("kill -TERM $PPID; sleep 5")];
        let script = held(&steps, &hold("one", Mode::Join));
        let mut command = Command::new(crate::host::which("env"));
        command.arg("--default-signal=HUP,INT,QUIT,TERM");
        let mut child = host.wrapped(command).stderr(Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.text()).unwrap();
        child.wait().unwrap();
        assert_eq!(names(around.path()), ["lease"], "{}", host.name);
    }
}
