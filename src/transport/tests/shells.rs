//! One shell serves script after script.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use tokio::sync::watch;

use super::sshd::Sshd;
use super::{LONG, lives, until};
use crate::model::blob::Blob;
use crate::model::probe::{Observation, Probe, Program, ProgramResult};
use crate::model::secret::Secret;
use crate::model::step::{Action, Attributes, Outcome, Step, StepStatus};
use crate::transport::error::TransportErrorKind as Kind;
use crate::transport::limits::Limits;
use crate::transport::script;
use crate::transport::session::{Exit, Session};
use crate::transport::target::Become;

/// Tells which process reads the scripts: a program's parent is the subshell of its script, and that one's is the shell.
const SHELL: &str = "read -r pid name state parent rest </proc/$PPID/stat; echo $parent";

pub(super) fn program(words: &[&str]) -> Probe {
    Probe::Program(Box::new(Program::new(words.iter().copied())))
}

pub(super) async fn ask(session: &Session, words: &str, as_user: Option<&Become>) -> ProgramResult {
    let probes = [program(&["sh", "-c", words])];
    let script = script::compile_probes(&probes);
    let answer = session.serve(&script, as_user, LONG, None).await.unwrap();
    assert_eq!(answer.exit, Exit::Code(0));
    assert_eq!(String::from_utf8_lossy(&answer.stderr), "");
    let observations = script::parse_observations(&script, &probes, &answer.stdout).unwrap();
    match observations.into_iter().next() {
        Some(Observation::Program(result)) => result,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn shell(session: &Session, as_user: Option<&Become>) -> u32 {
    let result = ask(session, SHELL, as_user).await;
    result.stdout.to_lossy().trim().parse().unwrap()
}

pub(super) fn kill(pid: u32) {
    let status = Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

fn touch(path: &std::path::Path) -> Step {
    Step::new(Action::WriteFile {
        path: path.display().to_string(),
        content: Blob::from("text\n"),
        attributes: Attributes::default(),
        validate: None,
        backup: None,
    })
}

/// Carries steps out that may be told to end before any of them.
async fn carry_out(session: &Session, steps: &[Step], told: &watch::Sender<bool>) -> Vec<Outcome> {
    let stops: BTreeSet<usize> = (0..steps.len()).collect();
    let script = script::compile_orders(
        &script::Orders {
            steps,
            stops: Some(&stops),
            ..script::Orders::default()
        },
        &script::Options::default(),
    );
    let answer = session
        .serve(&script, None, LONG, Some(told.subscribe()))
        .await
        .unwrap();
    script::parse_outcomes(&script, steps, &answer.stdout)
}

#[tokio::test]
async fn one_shell_serves_many_scripts() {
    let Some(sshd) = Sshd::start("LogLevel VERBOSE") else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    for _ in 0..5 {
        assert_eq!(shell(&session, None).await, first);
    }
    // What a program says, without a newline at its end and on both outputs, does not hide the end of the script.
    let result = ask(&session, "printf out; printf err >&2; exit 3", None).await;
    assert_eq!(result.code, 3);
    assert_eq!(
        (result.stdout, result.stderr),
        (Blob::from("out"), Blob::from("err"))
    );
    assert_eq!(shell(&session, None).await, first);
    let log = std::fs::read_to_string(sshd.path("sshd.log")).unwrap();
    assert_eq!(log.matches("Starting session").count(), 1, "{log}");
    session.close().await;
    until("the shell ends", || !lives(first)).await;
}

/// The file that a script's program writes to, and what it says further.
async fn output_of(session: &Session, words: &str) -> (std::path::PathBuf, String) {
    let words = format!("readlink /proc/self/fd/1; {words}");
    let result = ask(session, &words, None).await;
    let said = result.stdout.to_lossy();
    let (path, rest) = said.split_once('\n').unwrap();
    (path.into(), rest.to_owned())
}

#[tokio::test]
async fn the_scripts_of_a_shell_share_a_room_that_goes_with_it() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    // Something that outlives its script goes on writing, to what nobody reads any more.
    let lasting = "(trap '' HUP; while sleep 0.05; do echo late; done) & echo $!";
    let (first, said) = output_of(&session, lasting).await;
    let writer: u32 = said.lines().next().unwrap().parse().unwrap();
    let room = first.parent().unwrap().to_owned();
    let mode = std::fs::metadata(&room).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // What is soon over is not watched.
    assert!(!room.join("watcher").exists());

    let watched = format!(
        "until [ -s {}/watcher ]; do sleep 0.1; done",
        room.display()
    );
    let (second, said) = output_of(&session, &watched).await;
    assert_eq!(second.parent(), Some(room.as_path()));
    assert_ne!(second, first);
    assert_eq!(said, "");
    assert_eq!(std::fs::metadata(&second).unwrap().len(), 0);
    let watcher = std::fs::read_to_string(room.join("watcher")).unwrap();
    // One watches for all.
    output_of(&session, "sleep 1.5").await;
    assert_eq!(
        std::fs::read_to_string(room.join("watcher")).unwrap(),
        watcher
    );
    kill(writer);

    let watcher: u32 = watcher.trim().parse().unwrap();
    kill(watcher);
    until("the watcher ends", || !lives(watcher)).await;
    let late = Program {
        time_limit: Some(1),
        ..Program::new(["sleep", "60"])
    };
    let probes = [Probe::Program(Box::new(late))];
    let script = script::compile_probes(&probes);
    let answer = session.serve(&script, None, LONG, None).await.unwrap();
    let observations = script::parse_observations(&script, &probes, &answer.stdout).unwrap();
    assert!(
        matches!(&observations[0], Observation::Program(result) if result.timed_out),
        "{observations:?}"
    );
    session.close().await;
    until("the room goes", || !room.exists()).await;
}

/// The word to watch comes before the shell begins to read, and it reads that along with its script.
#[tokio::test]
async fn a_shell_that_is_slow_to_begin_keeps_time_limits_too() {
    let programs = tempfile::tempdir().unwrap();
    let slow = programs.path().join("sh");
    std::fs::write(&slow, "#!/bin/sh\nsleep 1.5\nexec /bin/sh\n").unwrap();
    std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("SetEnv PATH={}:/usr/bin:/bin", programs.path().display());
    let Some(sshd) = Sshd::start(&path) else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    let probes = ["60", "61"].map(|seconds| {
        Probe::Program(Box::new(Program {
            time_limit: Some(1),
            ..Program::new(["sleep", seconds])
        }))
    });
    let script = script::compile_probes(&probes);
    let answer = session.serve(&script, None, LONG, None).await.unwrap();
    let observations = script::parse_observations(&script, &probes, &answer.stdout).unwrap();
    let is_late = |observation: &Observation| matches!(observation, Observation::Program(result) if result.timed_out);
    assert!(observations.iter().all(is_late), "{observations:?}");
    session.close().await;
}

/// A script does without what its shell has read for others, and without the room.
#[tokio::test]
async fn a_script_without_programs_is_served_behind_one_with_them() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let (output, _) = output_of(&session, ":").await;
    std::fs::remove_dir_all(output.parent().unwrap()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let steps = [Step::new(Action::SetAttributes {
        path: file.path().display().to_string(),
        attributes: Attributes {
            mode: Some(0o640),
            ..Attributes::default()
        },
    })];
    let outcomes = carry_out(&session, &steps, &watch::Sender::new(false)).await;
    assert_eq!(outcomes[0].status, StepStatus::Done, "{outcomes:?}");
    session.close().await;
}

#[tokio::test]
async fn scripts_at_once_have_shells_of_their_own() {
    let Some(sshd) = Sshd::start("MaxSessions 2") else {
        return;
    };
    let session = std::sync::Arc::new(sshd.connect(&Limits::default()).await);
    let mut running = tokio::task::JoinSet::new();
    for number in 0..6 {
        let session = std::sync::Arc::clone(&session);
        running.spawn(async move {
            let words = format!("sleep 0.2; echo {number}");
            let said = ask(&session, &words, None).await.stdout;
            assert_eq!(said, Blob::from(format!("{number}\n")));
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    // One waits. It makes room for others where there is no room for more.
    let first = shell(&session, None).await;
    let (one, other) = tokio::join!(
        session.run(b"sleep 0.3; echo a", None, LONG),
        session.run(b"sleep 0.3; echo b", None, LONG)
    );
    assert_eq!(one.unwrap().stdout, b"a\n");
    assert_eq!(other.unwrap().stdout, b"b\n");
    assert_ne!(shell(&session, None).await, first);
    session.close().await;
}

#[tokio::test]
async fn a_shell_that_is_gone_is_replaced() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    kill(first);
    until("the shell ends", || !lives(first)).await;
    assert_ne!(shell(&session, None).await, first);
    session.close().await;
}

#[tokio::test]
async fn a_script_that_is_killed_is_told_and_its_shell_serves_no_other() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    let probes = [program(&["sh", "-c", "kill -KILL $PPID"])];
    let script = script::compile_probes(&probes);
    let answer = session.serve(&script, None, LONG, None).await.unwrap();
    assert_eq!(
        script::parse_observations(&script, &probes, &answer.stdout),
        Err(script::Garbled::Cut)
    );
    assert_ne!(shell(&session, None).await, first);
    session.close().await;
}

#[tokio::test]
async fn a_time_limit_ends_the_shell_only() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    let probes = [program(&["sleep", "20"])];
    let script = script::compile_probes(&probes);
    let error = session
        .serve(&script, None, Duration::from_secs(1), None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert_ne!(shell(&session, None).await, first);
    session.close().await;
}

#[tokio::test]
async fn what_can_be_stopped_leaves_the_shell_to_others() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    let told = watch::Sender::new(false);
    for number in 0..20 {
        let steps = [touch(&sshd.path(&format!("file-{number}")))];
        let outcomes = carry_out(&session, &steps, &told).await;
        assert_eq!(outcomes[0].status, StepStatus::Done);
        assert_eq!(shell(&session, None).await, first);
    }
    session.close().await;
}

#[tokio::test]
async fn what_was_stopped_does_not() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    let told = watch::Sender::new(false);
    let wait = Step::new(Action::Program {
        program: Box::new(Program::new(["sleep", "2"])),
        accepted: vec![0],
    });
    let steps = [wait, touch(&sshd.path("file"))];
    let (outcomes, ()) = tokio::join!(carry_out(&session, &steps, &told), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        told.send_replace(true);
    });
    assert_eq!(outcomes[0].status, StepStatus::Done);
    assert_eq!(outcomes[1].status, StepStatus::NotRun);
    assert!(!sshd.path("file").exists());
    assert_ne!(shell(&session, None).await, first);
    session.close().await;
}

#[tokio::test]
async fn behind_what_may_change_a_login_there_is_another_shell() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    let told = watch::Sender::new(false);
    let steps = [Step::new(Action::Program {
        program: Box::new(Program::new(["/bin/sh", "-c", "usermod --help"])),
        accepted: vec![0],
    })];
    let outcomes = carry_out(&session, &steps, &told).await;
    assert_eq!(outcomes[0].status, StepStatus::Done);
    assert_ne!(shell(&session, None).await, first);
    session.close().await;
}

#[tokio::test]
async fn an_account_has_a_shell_of_its_own() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    let root = Become::user("root");
    let with_password = Become {
        password: Some(Secret::new("not asked for")),
        ..Become::user("root")
    };
    let of_root = shell(&session, Some(&root)).await;
    let of_other = shell(&session, Some(&with_password)).await;
    assert!(first != of_root && of_root != of_other && first != of_other);
    assert_eq!(shell(&session, Some(&with_password)).await, of_other);
    assert_eq!(shell(&session, Some(&root)).await, of_root);
    assert_eq!(shell(&session, None).await, first);
    session.close().await;
}
