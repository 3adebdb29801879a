//! Scripts over SSH.

use super::sshd::{Sshd, target};
use super::{LONG, text};
use crate::transport::error::TransportErrorKind as Kind;
use crate::transport::limits::Limits;
use crate::transport::session::{Counters, Exit, Session};
use crate::transport::target::Become;

#[tokio::test]
async fn one_connection_carries_many_scripts() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    assert_eq!(text(&session, "echo $((6 * 7))").await, "42\n");
    let answer = session
        .run(b"echo out; echo err >&2; exit 3", None, LONG)
        .await
        .unwrap();
    assert_eq!(answer.stdout, b"out\n");
    assert_eq!(answer.stderr, b"err\n");
    assert_eq!(answer.exit, Exit::Code(3));
    assert_eq!(
        text(&session, "echo ${SSH_CONNECTION##* }").await,
        format!("{}\n", sshd.port)
    );
    assert_eq!(
        session.counters(),
        Counters {
            connections: 1,
            round_trips: 3
        }
    );
    session.close().await;
    let error = session.run(b"echo", None, LONG).await.unwrap_err();
    assert_eq!(error.kind, Kind::Closed);
}

#[tokio::test]
async fn every_end_of_the_shell_is_told() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    for (script, exit) in [
        ("exit 0", Exit::Code(0)),
        ("exit 255", Exit::Code(255)),
        ("echo x; exit 127", Exit::Code(127)),
        ("exec kill -KILL $$", Exit::Signal),
    ] {
        let answer = session.run(script.as_bytes(), None, LONG).await.unwrap();
        assert_eq!(answer.exit, exit, "{script}");
    }
    session.close().await;
}

#[tokio::test]
async fn any_bytes_come_back() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let script =
        r"i=0; while [ $i -lt 256 ]; do printf '%b' $(printf '\\0%o' $i); i=$((i+1)); done";
    let answer = session.run(script.as_bytes(), None, LONG).await.unwrap();
    assert_eq!(answer.stdout, (0..=255).collect::<Vec<u8>>());
    session.close().await;
}

#[tokio::test]
async fn large_scripts_and_large_answers_do_not_block_each_other() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    // Five MiB in, all of it echoed while it is still being sent, on both streams.
    let line = "x".repeat(1000);
    let mut script = String::new();
    for number in 0..5200 {
        script.push_str(&format!("echo {number} {line} >&{}\n", 1 + number % 2));
    }
    assert!(script.len() > 5 * 1024 * 1024);
    let answer = session.run(script.as_bytes(), None, LONG).await.unwrap();
    let expect = |odd: usize| -> String {
        (0..5200)
            .filter(|number| number % 2 == odd)
            .map(|number| format!("{number} {line}\n"))
            .collect()
    };
    for (stream, odd) in [(answer.stdout, 0), (answer.stderr, 1)] {
        let expected = expect(odd);
        assert_eq!(stream.len(), expected.len());
        assert!(stream == expected.as_bytes());
    }
    let answer = session
        .run(b"head -c 30000000 /dev/zero", None, LONG)
        .await
        .unwrap();
    assert_eq!(answer.stdout.len(), 30_000_000);
    session.close().await;
}

#[tokio::test]
async fn a_shell_that_ends_before_it_read_all_is_no_error() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let script = format!("echo done; exit 4\n{}", "# a comment\n".repeat(400_000));
    let answer = session.run(script.as_bytes(), None, LONG).await.unwrap();
    assert_eq!(answer.stdout, b"done\n");
    assert_eq!(answer.exit, Exit::Code(4));
    session.close().await;
}

#[tokio::test]
async fn more_scripts_than_channels_wait_for_each_other() {
    let Some(sshd) = Sshd::start("") else { return };
    let limits = Limits::default();
    let session = std::sync::Arc::new(sshd.connect(&limits).await);
    let mut running = tokio::task::JoinSet::new();
    for number in 0..20 {
        let session = std::sync::Arc::clone(&session);
        running.spawn(async move {
            let script = format!("sleep 0.2; echo {number}");
            assert_eq!(text(&session, &script).await, format!("{number}\n"));
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    assert_eq!(session.counters().connections, 1);
    session.close().await;
}

#[tokio::test]
async fn what_a_login_shell_says_first_comes_through_before_the_answer() {
    let noise = "ForceCommand printf 'Welcome!'; exec sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let Some(sshd) = Sshd::start(noise) else {
        return;
    };
    let session = sshd.connect(&Limits::default()).await;
    assert_eq!(text(&session, "echo answer").await, "Welcome!answer\n");
    session.close().await;
}

#[tokio::test]
async fn root_becomes_root_without_sudo() {
    let Some(sshd) = Sshd::start("") else { return };
    let session = sshd.connect(&Limits::default()).await;
    let as_root = Become {
        exe: "/nonexistent/sudo".to_owned(),
        ..Become::user("root")
    };
    let answer = session
        .run(b"id -un; echo e >&2", Some(&as_root), LONG)
        .await
        .unwrap();
    assert_eq!(
        (answer.stdout.as_slice(), answer.stderr.as_slice()),
        (&b"root\n"[..], &b"e\n"[..])
    );
    session.close().await;
}

#[tokio::test]
async fn words_of_the_inventory_reach_ssh() {
    let Some(sshd) = Sshd::start("AcceptEnv CACHESMITH_*") else {
        return;
    };
    let mut ssh = sshd.ssh_target();
    ssh.port = None;
    ssh.extra_args = [
        "-p",
        &sshd.port.to_string(),
        "-o",
        "SetEnv=CACHESMITH_TEST=yes",
    ]
    .map(str::to_owned)
    .into();
    let session = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap();
    assert_eq!(text(&session, "echo $CACHESMITH_TEST").await, "yes\n");
    session.close().await;
}

#[tokio::test]
async fn through_a_jump_host() {
    let (Some(jump), Some(sshd)) = (Sshd::start(""), Sshd::start("")) else {
        return;
    };
    let known = |sshd: &Sshd| std::fs::read_to_string(sshd.path("known_hosts")).unwrap();
    std::fs::write(sshd.path("both"), known(&jump) + &known(&sshd)).unwrap();
    let configuration = format!(
        "Host *\n  User root\n  UserKnownHostsFile {}\n  IdentityFile {}\n  IdentityFile {}\n",
        sshd.path("both").display(),
        jump.path("key").display(),
        sshd.path("key").display(),
    );
    std::fs::write(sshd.path("ssh_config"), configuration).unwrap();
    let mut ssh = sshd.ssh_target();
    let file = sshd.path("ssh_config").display().to_string();
    let way = format!("127.0.0.1:{}", jump.port);
    ssh.common_args = ["-F", &file, "-J", &way].map(str::to_owned).into();
    let session = Session::connect(&target(ssh.clone()), &Limits::default(), None)
        .await
        .unwrap();
    assert_eq!(
        text(&session, "echo ${SSH_CONNECTION##* }").await,
        format!("{}\n", sshd.port)
    );
    session.close().await;

    // The jump host's own trouble is told as such.
    std::fs::write(sshd.path("both"), known(&sshd)).unwrap();
    let error = Session::connect(&target(ssh), &Limits::default(), None)
        .await
        .unwrap_err();
    println!("{error}\n  {}", error.help.join("\n  "));
    assert_eq!(error.kind, Kind::HostKeyUnknown);
    assert!(error.help.join("\n").contains("jump host"));
}
