//! Nothing is left behind.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::sshd::{Sshd, target};
use super::{LONG, lives, text, until};
use crate::transport::error::TransportErrorKind as Kind;
use crate::transport::limits::Limits;
use crate::transport::session::Session;
use crate::transport::target::SshTarget;

/// The ssh processes whose command line holds a text: while connecting its arguments, as a master its socket.
pub(super) fn masters(text: &str) -> Vec<u32> {
    let output = Command::new("ps")
        .args(["-e", "-o", "pid=,stat=,args="])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| line.contains("ssh") && line.contains(text))
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .filter(|pid| lives(*pid))
        .collect()
}

#[tokio::test]
async fn closing_ends_the_master_and_removes_its_files() {
    let Some(sshd) = Sshd::start("") else { return };
    let limits = Limits::default();
    let session = sshd.connect(&limits).await;
    let directory = limits.directory().unwrap().path().to_owned();
    let socket = directory.display().to_string();
    assert_eq!(masters(&socket).len(), 1);
    session.close().await;
    until("the master ends", || masters(&socket).is_empty()).await;
    let left: Vec<_> = std::fs::read_dir(&directory).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    drop(session);
    drop(limits);
    assert!(!directory.exists());
}

#[tokio::test]
async fn a_dropped_session_ends_too_even_with_a_script_running() {
    let Some(sshd) = Sshd::start("") else { return };
    let limits = Limits::default();
    let session = sshd.connect(&limits).await;
    let socket = limits.directory().unwrap().path().display().to_string();
    assert_eq!(masters(&socket).len(), 1);
    let run = session.run(b"sleep 60", None, LONG);
    assert!(
        tokio::time::timeout(Duration::from_millis(500), run)
            .await
            .is_err()
    );
    drop(session);
    until("the master ends", || masters(&socket).is_empty()).await;
}

#[tokio::test]
async fn everything_can_be_closed_at_once() {
    let Some(sshd) = Sshd::start("") else { return };
    let limits = Limits::default();
    let first = sshd.connect(&limits).await;
    let second = sshd.connect(&limits).await;
    let socket = limits.directory().unwrap().path().display().to_string();
    assert_eq!(masters(&socket).len(), 2);
    let (lost, ()) = tokio::join!(first.run(b"sleep 60", None, LONG), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        limits.close_all().await;
    });
    assert_eq!(lost.unwrap_err().kind, Kind::ConnectionLost);
    until("the masters end", || masters(&socket).is_empty()).await;
    second.close().await;
}

#[tokio::test]
async fn an_idle_session_stays_open() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    // Longer than a master waits for somebody to use it.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(text(&session, "echo still").await, "still\n");
    session.close().await;
}

/// Set in the process that is to be killed: where its server is.
const CONTROLLER: &str = "CACHESMITH_TEST_CONTROLLER";

#[tokio::test]
async fn a_killed_process_leaves_no_master_and_ssh_writes_nothing_on_our_terminal() {
    if let Ok(place) = std::env::var(CONTROLLER) {
        return controller(&place).await;
    }
    let Some(sshd) = Sshd::start("") else { return };
    let name = "transport::tests::close::a_killed_process_leaves_no_master_and_ssh_writes_nothing_on_our_terminal";
    let mut controller = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(
            CONTROLLER,
            format!("{} {}", sshd.port, sshd.path("").display()),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let socket = BufReader::new(controller.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("socket: ").map(|(_, path)| path.to_owned()))
        .unwrap();
    assert_eq!(masters(&socket).len(), 1);
    controller.kill().unwrap();
    controller.wait().unwrap();
    let mut stderr = String::new();
    controller
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(stderr, "");
    tokio::time::sleep(Duration::from_secs(9)).await;
    until("the master notices", || masters(&socket).is_empty()).await;
    std::fs::remove_dir_all(socket).unwrap();
}

/// What the killed process does: a connection that fails, and one that stays open.
async fn controller(place: &str) {
    let (port, directory) = place.split_once(' ').unwrap();
    let directory = Path::new(directory);
    let limits = Limits::default();
    let words = format!(
        "-F none -o UserKnownHostsFile={}",
        directory.join("known_hosts").display()
    );
    let mut ssh = SshTarget {
        port: Some(port.parse().unwrap()),
        user: Some("root".to_owned()),
        private_key_file: Some(directory.join("other-key")),
        common_args: words.split(' ').map(str::to_owned).collect(),
        ..SshTarget::new("127.0.0.1")
    };
    let error = Session::connect(&target(ssh.clone()), &limits, None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::PermissionDenied);
    ssh.private_key_file = Some(directory.join("key"));
    let session = Session::connect(&target(ssh), &limits, None).await.unwrap();
    println!("socket: {}", limits.directory().unwrap().path().display());
    tokio::time::sleep(LONG).await;
    session.close().await;
}

#[tokio::test]
async fn giving_up_while_connecting_leaves_no_process() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let ssh = SshTarget {
        port: Some(port),
        common_args: vec!["-F".to_owned(), "none".to_owned()],
        ..SshTarget::new("127.0.0.1")
    };
    let limits = Limits::default();
    let target = target(ssh);
    let connecting = Session::connect(&target, &limits, None);
    assert!(
        tokio::time::timeout(Duration::from_millis(700), connecting)
            .await
            .is_err()
    );
    let port = format!("-p {port}");
    until("ssh ends", || masters(&port).is_empty()).await;
}
