//! Runs inventory programs: a bounded time, a bounded output, and what they say on standard error is not lost.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;

/// How long a program may run.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(120);

/// How much a program may print, in bytes (256 MiB).
const OUTPUT_LIMIT: u64 = 256 * 1024 * 1024;

/// What a program printed.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) text: String,
    /// What it wrote on standard error although it succeeded, without the spaces around it.
    pub(super) complaints: String,
}

/// Runs a program with arguments and no input, in a process group of its own.
///
/// `Ok(None)` means that the file is not a program at all, although it may be executed: a text without `#!`.
///
/// # Errors
/// A program that cannot be started, fails, runs for longer than the limit, or prints something that is not UTF-8;
/// with what it wrote on standard error.
pub(super) fn run(path: &Path, arguments: &[&str], limit: Duration) -> Result<Option<Output>> {
    let shown = shown(path, arguments);
    // A name without a slash would be looked for on the PATH.
    let program = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        // ENOEXEC: neither a binary nor a script with `#!`.
        Err(error) if error.raw_os_error() == Some(8) => return Ok(None),
        Err(error) => {
            let summary = format!("cannot run {shown}: {error}");
            let diagnostic = Diagnostic::error(summary).help(
                "if this is not a program, take its permission to be executed away: `chmod a-x`",
            );
            return Err(Error::new(ErrorKind::Local, vec![diagnostic]));
        }
    };
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let deadline = Instant::now() + limit;
    let (Some(out), Some(err)) = (receive(&out, deadline), receive(&err, deadline)) else {
        stop(&mut child);
        return Err(failure(
            format!("{shown} did not end within {} seconds", limit.as_secs_f64()),
            &receive(&err, Instant::now() + Duration::from_millis(200)).unwrap_or_default(),
        ));
    };
    let Some(status) = wait(&mut child, deadline) else {
        stop(&mut child);
        return Err(failure(
            format!("{shown} closed its output, but did not end"),
            &err,
        ));
    };
    if !status.success() {
        return Err(failure(format!("{shown} failed: {status}"), &err));
    }
    if out.len() as u64 > OUTPUT_LIMIT {
        return Err(failure(
            format!("{shown} printed more than {} MiB", OUTPUT_LIMIT >> 20),
            &err,
        ));
    }
    let text = String::from_utf8(out)
        .map_err(|_| failure(format!("{shown} printed something that is not UTF-8"), &err))?;
    crate::load::inputs::note(Path::new(&shown), text.as_bytes());
    Ok(Some(Output {
        text,
        complaints: String::from_utf8_lossy(&err).trim().to_owned(),
    }))
}

/// The command as a person would type it.
pub(super) fn shown(path: &Path, arguments: &[&str]) -> String {
    let mut words = vec![path.display().to_string()];
    words.extend(arguments.iter().map(|word| (*word).to_owned()));
    format!("`{}`", words.join(" "))
}

/// Reads a pipe to its end beside the work, so that a program never waits for us.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error still counts; the exit status tells the rest.
            let _ = pipe.take(OUTPUT_LIMIT + 1).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

fn receive(pipe: &mpsc::Receiver<Vec<u8>>, deadline: Instant) -> Option<Vec<u8>> {
    pipe.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .ok()
}

fn wait(child: &mut Child, deadline: Instant) -> Option<std::process::ExitStatus> {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Ends the program and everything it started.
fn stop(child: &mut Child) {
    // The standard library can only end the program itself; its group needs the shell's `kill`.
    let _ = Command::new("sh")
        .args([
            "-c",
            "kill -s KILL -- \"-$1\"",
            "sh",
            &child.id().to_string(),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let _ = child.kill();
    let _ = child.wait();
}

fn failure(summary: String, err: &[u8]) -> Error {
    let text = String::from_utf8_lossy(err);
    let text = text.trim();
    let mut diagnostic = Diagnostic::error(summary);
    if !text.is_empty() {
        diagnostic = diagnostic.help(format!("it wrote on standard error: {text}"));
    }
    diagnostic.into()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(folder: &Path, text: &str) -> std::path::PathBuf {
        let path = folder.join("inventory");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn output_and_complaints_are_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = program(folder.path(), "#!/bin/sh\necho \"$1\"\necho careful >&2\n");
        let output = run(&path, &["--list"], TIME_LIMIT).unwrap().unwrap();
        assert_eq!(output.text, "--list\n");
        assert_eq!(output.complaints, "careful");
    }

    #[test]
    fn failures_show_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = program(folder.path(), "#!/bin/sh\necho no cloud >&2\nexit 3\n");
        let error = run(&path, &["--list"], TIME_LIMIT).unwrap_err();
        assert!(error.summary().contains("exit status: 3"), "{error}");
        assert!(error.diagnostics[0].help[0].contains("no cloud"));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let path = program(
            folder.path(),
            "#!/bin/sh\nsleep 300 &\necho $! > \"$(dirname \"$0\")/pid\"\nwait\n",
        );
        let start = Instant::now();
        let error = run(&path, &["--list"], Duration::from_millis(600)).unwrap_err();
        assert!(error.summary().contains("did not end"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(20));
        let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
        let stat = Path::new("/proc").join(pid.trim()).join("stat");
        let gone = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(20));
            // A process that nobody has asked for its exit status yet is gone as well.
            fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
        });
        assert!(gone, "the child {pid} still runs");
    }

    #[test]
    fn a_text_is_not_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = program(folder.path(), "cache01\n");
        assert!(run(&path, &["--list"], TIME_LIMIT).unwrap().is_none());
    }
}
