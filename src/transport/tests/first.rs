//! The session that a new connection has of itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::close::masters;
use super::shells::{ask, kill, program, shell};
use super::sshd::{Sshd, target};
use super::{LONG, lives, text, until};
use crate::model::probe::{Observation, Probe, Program};
use crate::transport::error::TransportErrorKind as Kind;
use crate::transport::limits::Limits;
use crate::transport::script;
use crate::transport::session::{Exit, Session};
use crate::transport::target::Become;

fn sessions(sshd: &Sshd) -> usize {
    let log = fs::read_to_string(sshd.path("sshd.log")).unwrap();
    log.matches("Starting session").count()
}

fn parent(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let rest = stat.rsplit_once(") ").unwrap().1;
    rest.split(' ').nth(1).unwrap().parse().unwrap()
}

fn socket(limits: &Limits) -> String {
    limits.directory().unwrap().path().display().to_string()
}

/// Set in a process that runs one of these tests with another environment.
const AGAIN: &str = "CACHESMITH_TEST_AGAIN";

/// Runs a test in a process of its own with another environment. Whether this is that process.
fn with_environment(test: &str, environment: &[(&str, &str)]) -> bool {
    if std::env::var_os(AGAIN).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("transport::tests::first::{test}")])
        .env(AGAIN, "yes")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    false
}

#[tokio::test]
async fn the_language_does_not_go_along() {
    let environment = [("LC_ALL", "de_DE.UTF-8"), ("LANG", "fr_FR.UTF-8")];
    if !with_environment("the_language_does_not_go_along", &environment) {
        return;
    }
    let Some(sshd) = Sshd::start("AcceptEnv LANG LC_* CACHESMITH_*") else {
        return;
    };
    let mut ssh = sshd.ssh_target();
    let file = sshd.path("ssh_config");
    let sent = "SendEnv LANG LC_* CACHESMITH_TEST_AGAIN\n";
    fs::write(
        &file,
        format!(
            "UserKnownHostsFile {}\n{sent}",
            sshd.path("known_hosts").display()
        ),
    )
    .unwrap();
    ssh.common_args = vec!["-F".to_owned(), file.display().to_string()];
    let session = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap();
    let said = ask(&session, "env | grep -E '^(LANG|CACHESMITH_TEST)'", None).await;
    assert_eq!(said.stdout.to_lossy(), "CACHESMITH_TEST_AGAIN=yes\n");
    session.close().await;
}

#[tokio::test]
async fn an_ssh_that_cannot_be_asked_for_it_is_used_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("ssh");
    // As one before 8.7.
    let words = "#!/bin/sh\ncase \"$*\" in *SessionType=*)\n\
        echo 'command-line: line 0: Bad configuration option: sessiontype' >&2; echo once >>\"${0%/*}/refused\"; exit 255\n\
        esac\nPATH=${PATH#*:}; exec ssh \"$@\"\n";
    fs::write(&old, words).unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let name = "an_ssh_that_cannot_be_asked_for_it_is_used_as_it_is";
    if !with_environment(name, &[("PATH", &path)]) {
        let refused = folder.path().join("refused");
        // It was asked by one connection, and by no other.
        assert_eq!(fs::read_to_string(refused).unwrap(), "once\n");
        return;
    }
    let Some(sshd) = Sshd::start("") else { return };
    let limits = Limits::default();
    for _ in 0..2 {
        let session = sshd.connect(&limits).await;
        let said = ask(&session, "echo said", None).await;
        assert_eq!(said.stdout.to_lossy(), "said\n");
        session.close().await;
    }
}

#[tokio::test]
async fn a_connection_costs_one_process_here_and_one_session_there() {
    let Some(sshd) = Sshd::start("LogLevel VERBOSE") else {
        return;
    };
    let limits = Limits::default();
    let session = sshd.connect(&limits).await;
    let masters = masters(&socket(&limits));
    assert_eq!(masters.len(), 1);
    assert_eq!(parent(masters[0]), std::process::id());
    let first = shell(&session, None).await;
    assert_eq!(shell(&session, None).await, first);
    assert_eq!(sessions(&sshd), 1);
    // Another shell is a further session on the same connection, and outlives the first.
    assert_eq!(text(&session, "echo other").await, "other\n");
    kill(first);
    until("the shell ends", || !lives(first)).await;
    assert_ne!(shell(&session, None).await, first);
    assert_eq!(session.counters().connections, 1);
    session.close().await;
    until("the master ends", || !lives(masters[0])).await;
}

#[tokio::test]
async fn it_is_the_shell_of_the_account_that_comes_first() {
    let Some(sshd) = Sshd::start("LogLevel VERBOSE") else {
        return;
    };
    let root = Become {
        exe: "/nonexistent/sudo".to_owned(),
        ..Become::user("root")
    };
    let target = target(sshd.ssh_target());
    let session = Session::connect(&target, &Limits::default(), Some(&root))
        .await
        .unwrap();
    let first = shell(&session, Some(&root)).await;
    assert_eq!(shell(&session, Some(&root)).await, first);
    assert_eq!(sessions(&sshd), 1);
    // Whoever is logged in has another one.
    assert_ne!(shell(&session, None).await, first);
    assert_eq!(sessions(&sshd), 2);
    session.close().await;
}

#[tokio::test]
async fn where_it_ends_another_connection_takes_its_place() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    for opened in 2..4 {
        let first = shell(&session, None).await;
        kill(first);
        until("the shell ends", || !lives(first)).await;
        assert_ne!(shell(&session, None).await, first);
        // That one has a master in the background, which needs no other.
        assert_eq!(session.counters().connections, opened.min(2));
    }
    session.close().await;
}

#[tokio::test]
async fn what_is_given_up_does_not_stand_in_the_way() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let script = script::compile_probes(&[program(&["sleep", "1"])]);
    let hangs = session.serve(&script, None, LONG, None);
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(300), hangs);
    assert!(given_up.await.is_err());
    let said = ask(&session, "echo still", None).await;
    assert_eq!(said.stdout.to_lossy(), "still\n");
    session.close().await;
}

#[tokio::test]
async fn a_server_that_allows_none_is_told_of() {
    let Some(sshd) = Sshd::start("MaxSessions 0") else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    let script = script::compile_probes(&[program(&["true"])]);
    let error = session.serve(&script, None, LONG, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::TooManyChannels, "{error}");
    session.close().await;
}

#[tokio::test]
async fn an_account_without_a_shell_is_told_apart() {
    let Some(sshd) = Sshd::start("ForceCommand /usr/sbin/nologin") else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    let script = script::compile_probes(&[program(&["true"])]);
    let error = session.serve(&script, None, LONG, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::NoShell, "{error}");
    session.close().await;
}

#[tokio::test]
async fn a_shell_that_ends_with_the_status_of_a_failed_ssh_is_no_lost_connection() {
    // Words that end before any script is read.
    for (command, exit) in [
        ("exit 255", Exit::Code(255)),
        ("exit 7", Exit::Code(7)),
        ("kill -KILL $$", Exit::Signal),
    ] {
        let Some(sshd) = Sshd::start(&format!("ForceCommand {command}")) else {
            return;
        };
        let session = sshd.connect(&Limits::default()).await;
        let script = script::compile_probes(&[program(&["true"])]);
        let answer = session.serve(&script, None, LONG, None).await.unwrap();
        assert_eq!(answer.exit, exit);
        session.close().await;
    }
}

#[tokio::test]
async fn a_banner_is_not_among_what_a_script_says() {
    let folder = tempfile::tempdir().unwrap();
    let banner = folder.path().join("banner");
    fs::write(&banner, "Sorry, try again.\n".repeat(20)).unwrap();
    let Some(sshd) = Sshd::start(&format!("Banner {}", banner.display())) else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    // It looks at what stands in the errors, too.
    let said = ask(&session, "echo said", None).await;
    assert_eq!(said.stdout.to_lossy(), "said\n");
    session.close().await;
}

#[tokio::test]
async fn what_a_proxy_command_says_is_not_either() {
    let Some(sshd) = Sshd::start("LogLevel VERBOSE") else {
        return;
    };
    let proxy = format!(
        "ProxyCommand=bash -c 'exec 3<>/dev/tcp/127.0.0.1/{}; echo words >&2; cat <&3 & cat >&3'",
        sshd.port
    );
    let mut ssh = sshd.ssh_target();
    ssh.extra_args = vec!["-o".to_owned(), proxy];
    let session = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap();
    let first = shell(&session, None).await;
    assert_eq!(shell(&session, None).await, first);
    assert_eq!(sessions(&sshd), 1);
    session.close().await;
}

#[tokio::test]
async fn what_a_proxy_command_leaves_behind_does_not_hold_up_the_end() {
    let Some(sshd) = Sshd::start("") else { return };
    // It has our pipe for errors, too, and outlives its ssh.
    let proxy = format!(
        "ProxyCommand=bash -c \"(trap '' HUP TERM; exec sleep 30) & exec 3<>/dev/tcp/127.0.0.1/{}; cat <&3 & cat >&3\"",
        sshd.port
    );
    let mut ssh = sshd.ssh_target();
    ssh.extra_args = vec!["-o".to_owned(), proxy];
    let session = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap();
    let script = script::compile_probes(&[program(&[
        "sh",
        "-c",
        "kill -KILL $(cut -d' ' -f4 /proc/$PPID/stat)",
    ])]);
    let started = std::time::Instant::now();
    let answer = session.serve(&script, None, LONG, None).await.unwrap();
    assert_eq!(answer.exit, Exit::Signal);
    assert!(started.elapsed() < std::time::Duration::from_secs(25));
    session.close().await;
}

#[tokio::test]
async fn a_large_script_ends_with_a_shell_that_dies_while_others_are_there() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let first = shell(&session, None).await;
    // Another channel, so that the master is held.
    assert_eq!(text(&session, "echo other").await, "other\n");
    kill(first);
    let large = "text\n".repeat(50_000);
    let mut program = Program::new(["cat"]);
    program.stdin = Some(large.as_str().into());
    let probes = [Probe::Program(Box::new(program))];
    let script = script::compile_probes(&probes);
    let answer = session.serve(&script, None, LONG, None).await.unwrap();
    let said = script::parse_observations(&script, &probes, &answer.stdout).unwrap();
    let Observation::Program(result) = &said[0] else {
        panic!("{said:?}");
    };
    assert_eq!(result.stdout.to_lossy(), large);
    assert_eq!(session.counters().connections, 1);
    session.close().await;
}

#[tokio::test]
async fn a_connection_that_is_lost_while_others_are_there_is_told_of() {
    let Some(sshd) = Sshd::start("MaxSessions 2") else {
        return;
    };
    let session = std::sync::Arc::new(sshd.connect(&Limits::default()).await);
    assert_eq!(text(&session, "echo other").await, "other\n");
    let script = script::compile_probes(&[program(&[
        "sh",
        "-c",
        "sleep 1; pid=$PPID; until grep -q sshd /proc/$pid/comm; do pid=$(sed 's/.*) . //; s/ .*//' /proc/$pid/stat); done; kill -KILL $pid; sleep 20",
    ])]);
    let other = std::sync::Arc::clone(&session);
    // Those that are refused are in the same log.
    let refused = tokio::spawn(async move {
        let three = [(); 3].map(|()| other.run(b"sleep 0.2", None, LONG));
        let [one, two, three] = three;
        tokio::join!(one, two, three)
    });
    let error = session.serve(&script, None, LONG, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::ConnectionLost, "{error}");
    let _ = refused.await;
    session.close().await;
}
