//! Runs a script on this machine.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Command;
use tokio::time::timeout_at;

use super::error::{TransportError, TransportErrorKind};
use super::exchange::{Collected, End, Errand, Pipes, exchange};
use super::processes::signal_group;
use super::script::Known;
use super::session::Exit;
use super::sudo::Dialogue;

/// How long a process group may take to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(1);

/// Runs `sh` as a child in its own process group, so that a Ctrl-C at our terminal does not reach it and a time limit can
/// end all of it.
pub(super) async fn run(
    name: &str,
    errand: &mut Errand<'_>,
) -> Result<Collected<Exit>, TransportError> {
    let local = |message: String| TransportError::new(TransportErrorKind::Local, name, message);
    let words = errand
        .dialogue
        .as_ref()
        .map_or_else(|| vec!["sh".to_owned()], Dialogue::command);
    // Our allocator has the kernel give this process none, which what it starts would inherit. Where the kernel does not know
    // of that, there is nothing to be undone.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(false);
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        // Where an SSH session would begin, too.
        .current_dir(home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| local(format!("cannot start `sh`: {error}")))?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(local("cannot make pipes to `sh`".to_owned()));
    };
    let group = child.id();
    let mut pipes = Pipes {
        stdin: Some(stdin),
        stdout,
        stderr,
    };
    let Collected {
        stdout,
        stderr,
        end,
    } = exchange(&mut pipes, errand, &Known::default()).await;
    let end = match end {
        End::Exited(()) => match timeout_at(errand.deadline, child.wait()).await {
            Ok(Ok(status)) => End::Exited(exit(status)),
            Ok(Err(error)) => return Err(local(format!("cannot wait for `sh`: {error}"))),
            Err(_) => End::TimedOut,
        },
        End::Stayed => End::Stayed,
        End::TimedOut => End::TimedOut,
        End::TooLarge => End::TooLarge,
        End::Cut => End::Cut,
    };
    if !matches!(end, End::Exited(_))
        && let Some(group) = group
    {
        // sudo passes TERM on to what it runs in another group; KILL it cannot.
        signal_group(group, Signal::TERM);
        tokio::time::sleep(GRACE).await;
        signal_group(group, Signal::KILL);
    }
    Ok(Collected {
        stdout,
        stderr,
        end,
    })
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, _) => Exit::Signal,
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_dir())
        .unwrap_or_else(|| PathBuf::from("/"))
}
