//! Scripts on this machine.

use std::time::{Duration, Instant};

use super::{LONG, lives, text, until};
use crate::transport::error::TransportErrorKind as Kind;
use crate::transport::limits::Limits;
use crate::transport::session::{Exit, Session};
use crate::transport::target::{Target, TargetKind};

async fn session() -> Session {
    let target = Target {
        name: "localhost".to_owned(),
        kind: TargetKind::Local,
    };
    Session::connect(&target, &Limits::default(), None)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_script_runs_here() {
    let session = session().await;
    assert_eq!(text(&session, "echo $((6 * 7))").await, "42\n");
    let answer = session
        .run(b"echo e >&2; exit 3", None, LONG)
        .await
        .unwrap();
    assert_eq!(
        (answer.stderr.as_slice(), answer.exit),
        (&b"e\n"[..], Exit::Code(3))
    );
    let answer = session.run(b"kill -KILL $$", None, LONG).await.unwrap();
    assert_eq!(answer.exit, Exit::Signal);
}

/// What our allocator has the kernel do is for this process alone. Kernels before 5.0 do not tell.
#[tokio::test]
async fn programs_here_have_the_huge_pages_of_the_machine() {
    let session = session().await;
    let told = text(&session, "grep -s ^THP_enabled: /proc/self/status").await;
    assert!(matches!(told.as_str(), "" | "THP_enabled:\t1\n"), "{told}");
}

#[tokio::test]
async fn a_time_limit_ends_everything_that_was_started() {
    let session = session().await;
    let started = Instant::now();
    let error = session
        .run(
            b"trap '' TERM; sleep 60 & echo $!; echo $$; wait",
            None,
            Duration::from_millis(500),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::TimedOut);
    assert!(error.kind.may_have_run());
    assert!(started.elapsed() < Duration::from_secs(20));
    let pids = String::from_utf8(error.partial.stdout).unwrap();
    assert_eq!(pids.lines().count(), 2);
    for pid in pids.lines().map(|pid| pid.parse().unwrap()) {
        until("the process ends", || !lives(pid)).await;
    }
}
