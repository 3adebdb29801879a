//! Connections that stay open between runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::sshd::{Sshd, target};
use super::{LONG, lives, text, until};
use crate::model::step::{Action, Step};
use crate::transport::error::TransportErrorKind as Kind;
use crate::transport::kept::{Disconnected, disconnect_in};
use crate::transport::limits::Limits;
use crate::transport::script;
use crate::transport::session::Session;
use crate::transport::target::SshTarget;

const TIME: Duration = Duration::from_secs(300);

/// A directory for kept connections; what is in it ends with it.
struct Shelf {
    path: PathBuf,
    _parent: TempDir,
}

impl Shelf {
    fn new() -> Self {
        // Short enough for sockets, wherever temporary files go.
        let parent = tempfile::tempdir_in("/tmp").unwrap();
        Self {
            path: parent.path().join("kept"),
            _parent: parent,
        }
    }

    /// What one run has of all that runs share.
    fn run(&self) -> Limits {
        Limits::keeping_in(self.path.clone(), 10, TIME)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(&self.path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }

    fn sockets(&self) -> Vec<PathBuf> {
        let mut files = self.files();
        files.retain(|file| file.extension().is_none());
        files
    }

    async fn empty(&self) -> Disconnected {
        disconnect_in(vec![self.path.clone()]).await.unwrap()
    }
}

impl Drop for Shelf {
    /// For tests that fail: no master outlives them for long.
    fn drop(&mut self) {
        for socket in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let _ = Command::new("ssh")
                .args(["-F", "none", "-O", "exit", "-S"])
                .arg(socket.path())
                .arg("nowhere")
                .output();
        }
    }
}

/// One run: a script, and what its connection cost.
async fn run(ssh: SshTarget, limits: &Limits) -> (String, u64) {
    let session = Session::connect(&target(ssh), limits, None).await.unwrap();
    let said = text(&session, "echo $PPID").await;
    let opened = session.counters().connections;
    session.close().await;
    (said.trim().to_owned(), opened)
}

fn logins(sshd: &Sshd) -> usize {
    let log = fs::read_to_string(sshd.path("sshd.log")).unwrap();
    log.matches("Accepted publickey").count()
}

fn signal(pid: &str, signal: &str) {
    let sent = Command::new("kill").args(["-s", signal, pid]).status();
    assert!(sent.unwrap().success());
}

/// The sshd that serves a session's connection: its shell's parent, or that of a login shell between.
async fn server(session: &Session) -> String {
    let script = "pid=$PPID; until grep -q sshd /proc/$pid/comm; do pid=$(sed 's/.*) . //; s/ .*//' /proc/$pid/stat); done; echo $pid";
    text(session, script).await.trim().to_owned()
}

#[tokio::test]
async fn the_next_run_uses_the_connection_of_the_one_before() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    assert_eq!(run(sshd.ssh_target(), &shelf.run()).await.1, 1);
    for _ in 0..3 {
        assert_eq!(run(sshd.ssh_target(), &shelf.run()).await.1, 0);
    }
    // Also within one run, and after that.
    let limits = shelf.run();
    for _ in 0..2 {
        assert_eq!(run(sshd.ssh_target(), &limits).await.1, 0);
    }
    assert_eq!(logins(&sshd), 1);
    assert_eq!(shelf.sockets().len(), 1);
    assert_eq!(
        shelf.empty().await,
        Disconnected {
            ended: 1,
            in_use: 0
        }
    );
    assert_eq!(shelf.files(), Vec::<PathBuf>::new());
    assert_eq!(run(sshd.ssh_target(), &shelf.run()).await.1, 1);
    assert_eq!(logins(&sshd), 2);
    shelf.empty().await;
}

#[tokio::test]
async fn two_runs_at_once_have_connections_of_their_own() {
    let Some(sshd) = Sshd::start("MaxSessions 1") else {
        return;
    };
    let shelf = Shelf::new();
    let (first, second) = (shelf.run(), shelf.run());
    let one = Session::connect(&target(sshd.ssh_target()), &first, None)
        .await
        .unwrap();
    let other = Session::connect(&target(sshd.ssh_target()), &second, None)
        .await
        .unwrap();
    assert_eq!(text(&one, "echo one").await, "one\n");
    assert_eq!(text(&other, "echo other").await, "other\n");
    assert_eq!(
        shelf.empty().await,
        Disconnected {
            ended: 0,
            in_use: 2
        }
    );
    assert_eq!(text(&one, "echo one").await, "one\n");
    one.close().await;
    other.close().await;
    assert_eq!(logins(&sshd), 2);
    assert_eq!(shelf.empty().await.ended, 2);
}

#[tokio::test]
async fn what_is_not_alike_has_a_connection_of_its_own() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    run(sshd.ssh_target(), &shelf.run()).await;
    // The host's key was held against the known ones for the first, and is not for this one.
    let unchecked = SshTarget {
        host_key_checking: false,
        ..sshd.ssh_target()
    };
    assert_eq!(run(unchecked.clone(), &shelf.run()).await.1, 1);
    assert_eq!(run(unchecked, &shelf.run()).await.1, 0);
    // Another key in the same file.
    fs::copy(sshd.path("key"), sshd.path("copy")).unwrap();
    fs::rename(sshd.path("copy"), sshd.path("key")).unwrap();
    assert_eq!(run(sshd.ssh_target(), &shelf.run()).await.1, 1);
    assert_eq!(shelf.empty().await.ended, 3);
}

#[tokio::test]
async fn sockets_that_nobody_listens_at_are_removed() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    run(sshd.ssh_target(), &shelf.run()).await;
    let socket = shelf.sockets().pop().unwrap();
    let master = master_of(&socket);
    signal(&master.to_string(), "KILL");
    until("the master ends", || !lives(master)).await;
    assert!(socket.exists());
    assert_eq!(run(sshd.ssh_target(), &shelf.run()).await.1, 1);
    assert!(!socket.exists());
    assert!(!socket.with_extension("log").exists());
    assert_eq!(shelf.files().len(), 2);
    shelf.empty().await;
}

/// The master behind a socket.
fn master_of(socket: &Path) -> u32 {
    let said = Command::new("ssh")
        .args(["-F", "none", "-O", "check", "-S"])
        .arg(socket)
        .arg("nowhere")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    let pid = said.split_once("pid=").unwrap().1;
    pid.trim_end().trim_end_matches(')').parse().unwrap()
}

#[tokio::test]
async fn a_connection_whose_server_is_silent_is_replaced() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    let ssh = SshTarget {
        connect_timeout: Duration::from_secs(1),
        ..sshd.ssh_target()
    };
    let session = Session::connect(&target(ssh.clone()), &shelf.run(), None)
        .await
        .unwrap();
    let sshd_of_it = server(&session).await;
    session.close().await;
    let stale = master_of(&shelf.sockets()[0]);
    signal(&sshd_of_it, "STOP");
    let (_, opened) = run(ssh.clone(), &shelf.run()).await;
    signal(&sshd_of_it, "KILL");
    assert_eq!(opened, 1);
    assert!(!lives(stale));
    assert_eq!(run(ssh, &shelf.run()).await.1, 0);
    assert_eq!(shelf.empty().await.ended, 1);
}

#[tokio::test]
async fn several_scripts_at_once_replace_a_silent_connection_once() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    let ssh = SshTarget {
        connect_timeout: Duration::from_secs(1),
        ..sshd.ssh_target()
    };
    let session = Session::connect(&target(ssh.clone()), &shelf.run(), None)
        .await
        .unwrap();
    let sshd_of_it = server(&session).await;
    session.close().await;
    signal(&sshd_of_it, "STOP");
    let session = Session::connect(&target(ssh), &shelf.run(), None)
        .await
        .unwrap();
    let (one, other) = tokio::join!(text(&session, "echo one"), text(&session, "echo other"));
    signal(&sshd_of_it, "KILL");
    assert_eq!((one.as_str(), other.as_str()), ("one\n", "other\n"));
    assert_eq!(session.counters().connections, 1);
    session.close().await;
    assert_eq!(shelf.empty().await.ended, 1);
}

#[tokio::test]
async fn a_connection_whose_server_is_gone_is_replaced() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    // Between two runs, and when the second one has it already.
    for early in [true, false] {
        let session = Session::connect(&target(sshd.ssh_target()), &shelf.run(), None)
            .await
            .unwrap();
        let sshd_of_it = server(&session).await;
        session.close().await;
        if early {
            signal(&sshd_of_it, "KILL");
        }
        let session = Session::connect(&target(sshd.ssh_target()), &shelf.run(), None)
            .await
            .unwrap();
        if !early {
            assert_eq!(session.counters().connections, 0);
            signal(&sshd_of_it, "KILL");
        }
        assert_eq!(text(&session, "echo still").await, "still\n");
        session.close().await;
        shelf.empty().await;
    }
    assert_eq!(logins(&sshd), 4);
}

#[tokio::test]
async fn where_the_server_allows_no_further_channel_there_is_another_connection() {
    let Some(sshd) = Sshd::start("MaxSessions 1\nLogLevel VERBOSE") else {
        return;
    };
    let shelf = Shelf::new();
    run(sshd.ssh_target(), &shelf.run()).await;
    let mut holder = Command::new("ssh")
        .args(["-F", "none", "-S"])
        .arg(&shelf.sockets()[0])
        .args(["nowhere", "exec sleep 60"])
        .spawn()
        .unwrap();
    let log = sshd.path("sshd.log");
    let sessions = || {
        fs::read_to_string(&log)
            .unwrap()
            .matches("Starting session")
            .count()
    };
    until("it has the channel", || sessions() == 2).await;
    assert_eq!(run(sshd.ssh_target(), &shelf.run()).await.1, 1);
    holder.wait().unwrap();
    shelf.empty().await;
}

#[tokio::test]
async fn a_connection_with_something_under_way_is_not_kept() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    for way in ["cut", "late", "dropped"] {
        let session = Session::connect(&target(sshd.ssh_target()), &shelf.run(), None)
            .await
            .unwrap();
        assert_eq!(text(&session, "echo before").await, "before\n");
        let limit = if way == "late" {
            Duration::from_millis(300)
        } else {
            LONG
        };
        let hangs = session.run(b"sleep 60", None, limit);
        match way {
            "cut" => {
                let (lost, ()) = tokio::join!(hangs, async {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    session.close().await;
                });
                assert_eq!(lost.unwrap_err().kind, Kind::ConnectionLost);
            }
            "late" => assert_eq!(hangs.await.unwrap_err().kind, Kind::TimedOut),
            _ => {
                let given_up = tokio::time::timeout(Duration::from_millis(300), hangs);
                assert!(given_up.await.is_err());
            }
        }
        session.close().await;
        assert_eq!(shelf.files(), Vec::<PathBuf>::new(), "{way}");
    }
    assert_eq!(logins(&sshd), 3);
}

#[tokio::test]
async fn a_connection_from_before_a_change_of_logins_is_not_kept() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    let folder = tempfile::tempdir().unwrap();
    let touch = |name: &str| {
        let path = folder.path().join(name).display().to_string();
        [Step::new(Action::Remove { path })]
    };
    for (name, stays) in [("other", true), (".ssh/authorized_keys", false)] {
        let session = Session::connect(&target(sshd.ssh_target()), &shelf.run(), None)
            .await
            .unwrap();
        let script = script::compile_steps(&touch(name), &script::Options::default());
        session.serve(&script, None, LONG, None).await.unwrap();
        session.close().await;
        assert_eq!(!shelf.files().is_empty(), stays, "{name}");
    }
    assert_eq!(logins(&sshd), 1);
}

#[tokio::test]
async fn what_is_to_be_a_new_login_is_one() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    let limits = shelf.run();
    let session = Session::connect(&target(sshd.ssh_target()), &limits, None)
        .await
        .unwrap();
    assert_eq!(text(&session, "echo one").await, "one\n");
    session.end().await;
    assert_eq!(shelf.files(), Vec::<PathBuf>::new());
    assert_eq!(run(sshd.ssh_target(), &limits).await.1, 1);
    shelf.empty().await;
}

#[tokio::test]
async fn a_session_that_is_dropped_ends_its_connection() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    let session = Session::connect(&target(sshd.ssh_target()), &shelf.run(), None)
        .await
        .unwrap();
    let master = master_of(&shelf.sockets()[0]);
    drop(session);
    until("the master ends", || !lives(master)).await;
    assert_eq!(shelf.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_connection_that_nobody_uses_ends() {
    let Some(sshd) = Sshd::start("") else { return };
    let shelf = Shelf::new();
    let limits = || Limits::keeping_in(shelf.path.clone(), 10, Duration::from_secs(3));
    let session = Session::connect(&target(sshd.ssh_target()), &limits(), None)
        .await
        .unwrap();
    let master = master_of(&shelf.sockets()[0]);
    // As long as a session has it, it is in use.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(text(&session, "echo still").await, "still\n");
    session.close().await;
    drop(session);
    until("the master ends", || !lives(master)).await;
    assert_eq!(run(sshd.ssh_target(), &limits()).await.1, 1);
    shelf.empty().await;
}

#[tokio::test]
async fn a_directory_that_others_could_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let shelf = Shelf::new();
    fs::create_dir(&shelf.path).unwrap();
    fs::set_permissions(&shelf.path, fs::Permissions::from_mode(0o777)).unwrap();
    let error = Session::connect(&target(SshTarget::new("127.0.0.1")), &shelf.run(), None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Local);
    assert!(
        error.message.contains("kept has the mode 0777, not 0700"),
        "{error}"
    );
    assert!(disconnect_in(vec![shelf.path.clone()]).await.is_err());
}
