//! A program that the user wants run on this machine.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Command;

use super::processes::signal_group;

/// What is to be run.
#[derive(Debug)]
pub struct OwnProgram<'p> {
    pub argv: &'p [String],
    pub folder: &'p Path,
    pub environment: Vec<(&'static str, String)>,
    pub time_limit: Duration,
}

/// How it ended.
#[derive(Debug)]
pub enum OwnEnded {
    /// By itself. `code`: `None` where a signal ended it.
    Code {
        code: Option<i32>,
        said: String,
    },
    /// It was ended, with all that it had started, because its time was over.
    TimedOut,
    /// The same, because `stop` came true.
    Stopped,
    NotStarted(std::io::Error),
}

/// Runs a program without a terminal, in a process group of its own, until it ends, its time is over, or `stop` comes
/// true.
pub async fn run(program: &OwnProgram<'_>, stop: impl Future<Output = ()>) -> OwnEnded {
    let Some((name, arguments)) = program.argv.split_first() else {
        return OwnEnded::NotStarted(std::io::ErrorKind::InvalidInput.into());
    };
    let started = Command::new(name)
        .args(arguments)
        .current_dir(program.folder)
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn();
    let child = match started {
        Ok(child) => child,
        Err(error) => return OwnEnded::NotStarted(error),
    };
    let group = child.id();
    let ended = tokio::select! {
        output = child.wait_with_output() => match output {
            Ok(output) => {
                let said = [output.stdout, output.stderr].concat();
                return OwnEnded::Code {
                    code: output.status.code(),
                    said: String::from_utf8_lossy(&said).into_owned(),
                };
            }
            Err(error) => OwnEnded::NotStarted(error),
        },
        () = tokio::time::sleep(program.time_limit) => OwnEnded::TimedOut,
        () = stop => OwnEnded::Stopped,
    };
    if let Some(group) = group {
        signal_group(group, Signal::KILL);
    }
    ended
}
