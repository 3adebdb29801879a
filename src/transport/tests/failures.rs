//! Hosts that cannot be reached, and connections that break.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::LONG;
use super::sshd::{Sshd, free_port, target};
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::limits::Limits;
use crate::transport::session::Session;
use crate::transport::target::SshTarget;

async fn failure(ssh: SshTarget) -> TransportError {
    let error = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap_err();
    println!("{error}\n  {}", error.help.join("\n  "));
    assert!(error.kind.is_unreachable());
    error
}

fn plain(port: u16) -> SshTarget {
    SshTarget {
        port: Some(port),
        common_args: vec!["-F".to_owned(), "none".to_owned()],
        connect_timeout: Duration::from_secs(1),
        ..SshTarget::new("127.0.0.1")
    }
}

#[tokio::test]
async fn an_unknown_host_key_is_refused() {
    let Some(sshd) = Sshd::start("") else { return };
    let mut ssh = sshd.ssh_target();
    ssh.common_args = sshd.words("no_known_hosts");
    let error = failure(ssh).await;
    assert_eq!(error.kind, Kind::HostKeyUnknown);
    assert!(error.message.contains("SHA256:"));
    let help = error.help.join("\n");
    assert!(help.contains("no_known_hosts"), "{help}");
    assert!(
        help.contains(&format!("ssh-keyscan -p {} 127.0.0.1", sshd.port)),
        "{help}"
    );
    assert!(!sshd.path("no_known_hosts").exists());
}

#[tokio::test]
async fn an_unknown_host_key_is_accepted_when_it_is_not_checked() {
    let Some(sshd) = Sshd::start("") else { return };
    let mut ssh = sshd.ssh_target();
    ssh.common_args = sshd.words("no_known_hosts");
    ssh.host_key_checking = false;
    let session = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap();
    session.close().await;
}

#[tokio::test]
async fn another_host_key_is_refused() {
    let Some(sshd) = Sshd::start("") else { return };
    let mut ssh = sshd.ssh_target();
    ssh.common_args = sshd.words("wrong_known_hosts");
    let error = failure(ssh).await;
    assert_eq!(error.kind, Kind::HostKeyChanged);
    assert!(error.message.contains("wrong_known_hosts:1"), "{error}");
    assert!(error.help.join("\n").contains("ssh-keygen"));
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_is_named() {
    let Some(sshd) = Sshd::start("") else { return };
    let mut ssh = sshd.ssh_target();
    ssh.private_key_file = Some(sshd.path("other-key"));
    let error = failure(ssh).await;
    assert_eq!(error.kind, Kind::PermissionDenied);
    assert!(error.message.contains("root"), "{error}");
    assert!(
        error.help.join("\n").contains("other-key ED25519 SHA256:"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_missing_key_file_is_named() {
    let Some(sshd) = Sshd::start("") else { return };
    let mut ssh = sshd.ssh_target();
    ssh.private_key_file = Some(sshd.path("absent-key"));
    let error = failure(ssh).await;
    assert_eq!(error.kind, Kind::PermissionDenied);
    let help = error.help.join("\n");
    assert!(
        help.contains("absent-key cannot be read: No such file"),
        "{help}"
    );
}

#[tokio::test]
async fn nobody_listens() {
    assert_eq!(failure(plain(free_port())).await.kind, Kind::Refused);
}

#[tokio::test]
async fn a_name_without_an_address() {
    let ssh = SshTarget {
        host: "cache01.invalid".to_owned(),
        ..plain(22)
    };
    assert_eq!(failure(ssh).await.kind, Kind::NameNotResolved);
}

#[tokio::test]
async fn a_host_that_accepts_and_stays_silent() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let started = Instant::now();
    let error = failure(plain(listener.local_addr().unwrap().port())).await;
    assert_eq!(error.kind, Kind::ConnectTimedOut);
    assert!(error.message.contains("does not speak SSH"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_host_that_greets_and_then_stays_silent() {
    use std::io::Write;
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        stream
    });
    let started = Instant::now();
    let error = failure(plain(port)).await;
    assert_eq!(error.kind, Kind::ConnectTimedOut);
    assert!(started.elapsed() < Duration::from_secs(8));
    drop(server.join().unwrap());
}

#[tokio::test]
async fn a_server_with_fewer_channels_is_waited_for() {
    let Some(sshd) = Sshd::start("MaxSessions 2") else {
        return;
    };
    let session = std::sync::Arc::new(sshd.connect(&Limits::default()).await);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let session = std::sync::Arc::clone(&session);
        running.spawn(async move { session.run(b"sleep 0.2; echo done", None, LONG).await });
    }
    for answer in running.join_all().await {
        assert_eq!(answer.unwrap().stdout, b"done\n");
    }
    assert_eq!(session.counters().round_trips, 8);
    session.close().await;
}

#[tokio::test]
async fn a_server_without_any_channel() {
    let Some(sshd) = Sshd::start("MaxSessions 0") else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    // Side by side, so that none waits for a channel that the others do not have either.
    let (first, second) = tokio::join!(
        session.run(b"echo", None, LONG),
        session.run(b"echo", None, LONG)
    );
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.kind, Kind::TooManyChannels, "{error}");
    }
    session.close().await;
}

#[tokio::test]
async fn words_that_ssh_cannot_obey() {
    let mut ssh = plain(22);
    ssh.extra_args = vec!["-A".to_owned()];
    let error = failure(ssh).await;
    assert_eq!(error.kind, Kind::Arguments);
    assert!(error.message.contains("ansible_ssh_extra_args"));
    let mut ssh = plain(22);
    ssh.extra_args = vec!["-oNoSuchOption=1".to_owned()];
    let error = failure(ssh).await;
    assert_eq!(error.kind, Kind::Arguments);
    assert!(
        error.message.to_lowercase().contains("nosuchoption"),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_gives_what_had_arrived() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    // The shell's parent is the sshd that serves this connection, or a login shell between.
    let script = "echo begun; sleep 0.3; kill -KILL $PPID; sleep 20";
    let error = session
        .run(script.as_bytes(), None, LONG)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::ConnectionLost, "{error}");
    assert!(error.kind.may_have_run());
    assert_eq!(error.partial.stdout, b"begun\n");
    let error = session.run(b"echo", None, LONG).await.unwrap_err();
    assert_eq!(error.kind, Kind::Closed);
    assert!(!error.kind.may_have_run());
    session.close().await;
}

#[tokio::test]
async fn a_host_that_falls_silent_is_noticed() {
    let Some(sshd) = Sshd::start("") else { return };
    let mut ssh = sshd.ssh_target();
    ssh.extra_args = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2"]
        .map(str::to_owned)
        .into();
    let session = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap();
    let script = "echo $PPID; sleep 0.3; kill -STOP $PPID; sleep 60";
    let error = session
        .run(script.as_bytes(), None, LONG)
        .await
        .unwrap_err();
    println!("{error}");
    assert_eq!(error.kind, Kind::ConnectionLost);
    assert!(error.message.contains("not responding"), "{error}");
    let stopped = String::from_utf8(error.partial.stdout).unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", stopped.trim()])
        .status()
        .unwrap();
    assert!(killed.success());
    session.close().await;
}

#[tokio::test]
async fn a_time_limit_leaves_the_connection_usable() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let started = Instant::now();
    let error = session
        .run(b"echo begun; sleep 20", None, Duration::from_secs(1))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert_eq!(error.partial.stdout, b"begun\n");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(super::text(&session, "echo still").await, "still\n");
    session.close().await;
}

#[tokio::test]
async fn an_account_without_a_shell_is_told_apart() {
    let Some(sshd) = Sshd::start("ForceCommand /usr/sbin/nologin") else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    let error = session.run(b"echo", None, LONG).await.unwrap_err();
    assert_eq!(error.kind, Kind::NoShell);
    session.close().await;
}

#[tokio::test]
async fn a_busy_server_is_tried_again() {
    let Some(sshd) = Sshd::start("MaxStartups 4:100:4") else {
        return;
    };
    let limits = Limits::default();
    let mut connecting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (target, limits) = (target(sshd.ssh_target()), limits.clone());
        connecting.spawn(async move { Session::connect(&target, &limits, None).await });
    }
    let mut connections = 0;
    for session in connecting.join_all().await {
        let session = session.unwrap();
        connections += session.counters().connections;
        session.close().await;
    }
    assert!(connections > 10, "nobody was turned away");
}
