//! What is kept on a host from run to run.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use cachesmith::model::step::{Action, Outcome, Step, StepStatus};
use cachesmith::transport::script::{Options, compile_steps, parse_outcomes};

use crate::host::{Host, executable, feed, hosts, is_root, told, which};

fn keep(path: &Path, lines: &[&str]) -> Action {
    keep_by(path, lines, false)
}

fn keep_by(path: &Path, lines: &[&str], by_root_alone: bool) -> Action {
    Action::KeepNote {
        path: path.to_str().unwrap().to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        by_root_alone,
    }
}

fn remove(path: &Path) -> Action {
    Action::RemoveNote {
        path: path.to_str().unwrap().to_owned(),
    }
}

fn carry_out(host: &Host, action: Action) -> Outcome {
    host.carry_out_one(Step::new(action))
}

#[track_caller]
fn done(host: &Host, outcome: &Outcome) {
    assert_eq!(
        outcome.status,
        StepStatus::Done,
        "{}: {}",
        host.name,
        told(outcome)
    );
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_note_is_for_its_account_alone_and_goes_with_its_folders() {
    for host in hosts() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("state/pending");
        let (one, other) = (folder.join("one"), folder.join("other"));
        done(
            &host,
            &carry_out(&host, keep(&one, &["it's $(owed)", "twice"])),
        );
        assert_eq!(fs::read_to_string(&one).unwrap(), "it's $(owed)\ntwice\n");
        assert_eq!((mode(&one), mode(&folder)), (0o600, 0o700), "{}", host.name);
        let first = fs::metadata(&one).unwrap().ino();
        done(&host, &carry_out(&host, keep(&one, &["two\nlines"])));
        assert_eq!(fs::read_to_string(&one).unwrap(), "two lines\n");
        assert_ne!(fs::metadata(&one).unwrap().ino(), first, "in place");
        assert_eq!(names(&folder), ["one"], "{}", host.name);

        done(&host, &carry_out(&host, keep(&other, &["x"])));
        done(&host, &carry_out(&host, remove(&one)));
        assert_eq!(names(&folder), ["other"], "{}", host.name);
        done(&host, &carry_out(&host, remove(&other)));
        assert_eq!(names(around.path()), [""; 0], "{}", host.name);
        // There is none.
        done(&host, &carry_out(&host, remove(&other)));
        // What else is in the outer folder keeps it.
        done(&host, &carry_out(&host, keep(&one, &["x"])));
        fs::write(around.path().join("state/.other"), "").unwrap();
        done(&host, &carry_out(&host, remove(&one)));
        assert_eq!(names(&around.path().join("state")), [".other"]);
    }
}

/// It is on the disk, and its name and folders are, before anything comes behind it.
#[test]
fn a_note_is_flushed_before_and_behind_its_renaming() {
    for host in hosts() {
        let around = tempfile::tempdir().unwrap();
        let note = around.path().join("state/pending/one");
        let programs = around.path().join("programs");
        fs::create_dir(&programs).unwrap();
        let log = around.path().join("log");
        for name in ["sync", "mv"] {
            let real = which(name);
            let text = format!(
                "echo {name} \"$*\" >>'{}'\nexec {} \"$@\"\n",
                log.display(),
                real.display()
            );
            executable(&programs.join(name), &text);
        }
        let host = host.with_programs(&programs);
        done(&host, &carry_out(&host, keep(&note, &["x"])));
        let calls = fs::read_to_string(&log).unwrap();
        let state = around.path().join("state").display().to_string();
        let calls: Vec<&str> = calls.lines().collect();
        assert!(calls[0].starts_with(&format!("sync {state}/pending/.cachesmith-")));
        assert!(calls[1].starts_with(&format!("mv -f {state}/pending/.cachesmith-")));
        let behind = format!("sync {state}/pending {state} {}", around.path().display());
        assert_eq!(calls[2..], [behind.as_str()], "{}", host.name);
    }
}

#[test]
fn a_note_that_cannot_be_kept_is_a_failure_and_the_old_one_stays() {
    assert!(is_root(), "mounts can only be made by root");
    for host in hosts() {
        let around = tempfile::tempdir().unwrap();
        let steps = [Step::new(keep(
            &around.path().join("note"),
            &[&"x".repeat(200_000)],
        ))];
        let script = compile_steps(&steps, &Options::default());
        let mut command = Command::new("unshare");
        let words = "mount -t tmpfs -o size=64k none \"$0\" && echo old >\"$0/note\" && \"$@\"; ls -A \"$0\"; cat \"$0/note\"";
        command.args(["-m", "sh", "-c", words]).arg(around.path());
        let output = feed(host.wrapped(command), script.text());
        let outcome = parse_outcomes(&script, &steps, &output.stdout).remove(0);
        assert_eq!(outcome.status, StepStatus::Failed, "{}", told(&outcome));
        let words = outcome.stderr.to_lossy().into_owned();
        assert!(words.contains("No space left"), "{}: {words}", host.name);
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            answer.ends_with("finish\nnote\nold\n"),
            "{}: {answer}",
            host.name
        );
    }
}

#[test]
fn what_root_alone_keeps_others_leave_out() {
    assert!(is_root(), "only root can become another user");
    for host in hosts() {
        let around = tempfile::tempdir().unwrap();
        fs::set_permissions(around.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let note = around.path().join("note");
        let nobody = host.as_nobody();
        let outcome = carry_out(&nobody, keep(&note, &["x"]));
        assert_eq!(outcome.status, StepStatus::Failed, "{}", told(&outcome));
        assert!(outcome.stderr.to_lossy().contains("Permission denied"));
        done(&host, &carry_out(&nobody, keep_by(&note, &["x"], true)));
        assert!(!note.exists(), "{}", host.name);
        done(&host, &carry_out(&host, keep_by(&note, &["x"], true)));
        assert!(note.exists(), "{}", host.name);
    }
}

/// Runs steps where nothing is below /var/lib, and gives what there is then.
fn below_var_lib(host: &Host, prepare: &str, steps: &[Step]) -> (Vec<Outcome>, String) {
    let script = compile_steps(steps, &Options::default());
    let mut command = Command::new("unshare");
    let words = format!(
        "mount -t tmpfs none /var/lib && {prepare} && \"$@\"; cd /var/lib; stat -c '%a %n' * */* 2>/dev/null; cat cachesmith/last-run 2>/dev/null; ls -A cachesmith"
    );
    command.args(["-m", "sh", "-c", &words, "sh"]);
    let output = feed(host.wrapped(command), script.text());
    let outcomes = parse_outcomes(&script, steps, &output.stdout);
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, left) = answer.split_once(" finish\n").unwrap();
    (outcomes, left.to_owned())
}

fn record() -> Step {
    Step::new(Action::RecordRun {
        run: "2026-11-29T00-00-00Z-0123".to_owned(),
        by: "alice@desk".to_owned(),
        what: "apply it's.yml".to_owned(),
    })
}

#[test]
fn the_last_run_is_put_down_for_everybody() {
    assert!(is_root(), "mounts can only be made by root");
    for host in hosts() {
        let programs = tempfile::tempdir().unwrap();
        executable(
            &programs.path().join("date"),
            "echo asked >&2; [ \"$*\" = '-u +%Y-%m-%dT%H:%M:%SZ' ] && echo 2026-11-29T12:00:00Z\n",
        );
        let host = host.with_programs(programs.path());
        let owed = PathBuf::from("/var/lib/cachesmith/pending/key");
        let steps = [record(), Step::new(keep(&owed, &["restart redis"]))];
        let (outcomes, left) = below_var_lib(&host, "true", &steps);
        outcomes.iter().for_each(|outcome| done(&host, outcome));
        let expected = "755 cachesmith\n644 cachesmith/last-run\n700 cachesmith/pending\n\
                        run=2026-11-29T00-00-00Z-0123\ntime=2026-11-29T12:00:00Z\nby=alice@desk\nwhat=apply it's.yml\n\
                        last-run\npending\n";
        assert_eq!(left, expected, "{}", host.name);
        // Where it cannot be, the run goes on.
        let (outcomes, left) = below_var_lib(&host, ": >/var/lib/cachesmith", &[record()]);
        done(&host, &outcomes[0]);
        assert_eq!(outcomes[0].stderr.to_lossy(), "");
        assert!(left.ends_with("644 cachesmith\ncachesmith\n"), "{left}");
    }
}

#[test]
fn others_put_down_no_run() {
    assert!(is_root(), "only root can become another user");
    for host in hosts() {
        let outcome = host.as_nobody().carry_out_one(record());
        done(&host, &outcome);
        assert_eq!(outcome.stderr.to_lossy(), "", "{}", host.name);
    }
}
