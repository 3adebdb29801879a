//! This machine as a host: its shells, with coreutils or with busybox.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use cachesmith::model::probe::{Observation, Probe};
use cachesmith::model::step::{Outcome, Step};
use cachesmith::transport::script::lease::Hold;
use cachesmith::transport::script::{
    Options, Orders, Script, compile_orders, compile_probes, compile_steps, parse_observations,
    parse_outcomes,
};

/// A user without rights.
pub(crate) const NOBODY: u32 = 65534;

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Makes a shell script that can be called as a program.
pub(crate) fn executable(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Does the same on all hosts at once: for what takes time.
pub(crate) fn in_parallel(hosts: Vec<Host>, test: impl Fn(Host) + Sync) {
    std::thread::scope(|scope| {
        for host in hosts {
            scope.spawn(|| test(host));
        }
    });
}

/// A shell and the programs that it finds.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    shell: Vec<&'static str>,
    /// Comes first in PATH.
    pub(crate) path: String,
    /// Set beside what the environment holds.
    pub(crate) environment: Vec<(String, String)>,
    /// Whether a user without rights asks.
    nobody: bool,
}

/// The three kinds of hosts. A shell that is not installed here fails the tests: they must not pass unseen.
pub(crate) fn hosts() -> Vec<Host> {
    let system = std::env::var("PATH").unwrap();
    let host = |name, shell: &[&'static str], path: String| Host {
        name,
        shell: shell.to_vec(),
        path,
        environment: Vec::new(),
        nobody: false,
    };
    vec![
        host("dash", &["dash"], system.clone()),
        host("bash", &["bash", "--posix"], system.clone()),
        host(
            "busybox",
            &["busybox", "sh"],
            format!("{}:{system}", applets().display()),
        ),
    ]
}

/// A directory in which every applet of busybox goes by its name, but for those that stand in for a package
/// manager of the real host.
fn applets() -> &'static Path {
    static APPLETS: OnceLock<PathBuf> = OnceLock::new();
    APPLETS.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("applets");
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let list = Command::new("busybox").arg("--list").output().unwrap();
        let busybox = which("busybox");
        for applet in String::from_utf8(list.stdout).unwrap().lines() {
            if !["rpm", "rpm2cpio", "reboot", "poweroff", "halt", "nc"].contains(&applet) {
                symlink(&busybox, directory.join(applet)).unwrap();
            }
        }
        directory
    })
}

pub(crate) fn which(program: &str) -> PathBuf {
    std::env::split_paths(&std::env::var("PATH").unwrap())
        .map(|directory| directory.join(program))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{program} is not installed"))
}

impl Host {
    /// The same host with a directory in front of its programs.
    pub(crate) fn with_programs(&self, directory: &Path) -> Self {
        let mut host = self.clone();
        host.path = format!("{}:{}", directory.display(), self.path);
        host
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut host = self.clone();
        host.environment.push((name.to_owned(), value.to_owned()));
        host
    }

    /// The same host asked by a user without rights. Where the tests run as one, nothing has to be done.
    pub(crate) fn as_nobody(&self) -> Self {
        let mut host = self.clone();
        host.nobody = is_root();
        host
    }

    /// A command that will run the shell.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.shell[0]);
        command.args(&self.shell[1..]);
        self.dressed(command)
    }

    /// A command whose last arguments are the shell's words.
    pub(crate) fn wrapped(&self, mut command: Command) -> Command {
        command.args(&self.shell);
        self.dressed(command)
    }

    fn dressed(&self, mut command: Command) -> Command {
        command
            .env("PATH", &self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        if self.nobody {
            command.uid(NOBODY).gid(NOBODY).current_dir("/");
        }
        command
    }

    /// The same through other words that end by calling the shell.
    fn through(&self, words: &[&str], script: &Script) -> Vec<u8> {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        feed(self.wrapped(command), script.text()).stdout
    }

    pub(crate) fn observe_wrapped(&self, words: &[&str], probes: &[Probe]) -> Vec<Observation> {
        let script = compile_probes(probes);
        parse_observations(&script, probes, &self.through(words, &script)).unwrap()
    }

    pub(crate) fn carry_out_wrapped(&self, words: &[&str], steps: &[Step]) -> Vec<Outcome> {
        let script = compile_steps(steps, &Options::default());
        parse_outcomes(&script, steps, &self.through(words, &script))
    }

    /// Feeds bytes to the shell and waits for its end.
    pub(crate) fn feed(&self, text: &[u8]) -> Output {
        feed(self.command(), text)
    }

    pub(crate) fn run(&self, script: &Script) -> Vec<u8> {
        let output = self.feed(script.text());
        let complaints = String::from_utf8_lossy(&output.stderr);
        if !complaints.is_empty() {
            eprintln!("{}: {complaints}", self.name);
        }
        output.stdout
    }

    pub(crate) fn observe(&self, probes: &[Probe]) -> Vec<Observation> {
        let script = compile_probes(probes);
        let output = self.run(&script);
        parse_observations(&script, probes, &output)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub(crate) fn observe_one(&self, probe: Probe) -> Observation {
        self.observe(&[probe]).remove(0)
    }

    pub(crate) fn carry_out_one(&self, step: Step) -> Outcome {
        self.carry_out(&[step]).remove(0)
    }

    pub(crate) fn carry_out(&self, steps: &[Step]) -> Vec<Outcome> {
        let script = compile_steps(steps, &Options::default());
        let output = self.run(&script);
        parse_outcomes(&script, steps, &output)
    }
}

/// Runs a command with this input.
pub(crate) fn feed(mut command: Command, text: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = input.write_all(&text);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// An outcome in a form for messages.
pub(crate) fn told(outcome: &Outcome) -> String {
    format!(
        "{:?} code {} stdout {:?} stderr {:?}",
        outcome.status,
        outcome.code,
        outcome.stdout.to_lossy(),
        outcome.stderr.to_lossy()
    )
}

/// Waits until something is so; `what` is told where it does not become so for a long time.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Steps before some of which the script can be stopped.
pub(crate) fn stoppable(steps: &[Step], stops: &BTreeSet<usize>) -> Script {
    let orders = Orders {
        steps,
        stops: Some(stops),
        ..Orders::default()
    };
    compile_orders(&orders, &Options::default())
}

/// Steps under a lease.
pub(crate) fn held(steps: &[Step], hold: &Hold) -> Script {
    let orders = Orders {
        steps,
        hold: Some(hold),
        ..Orders::default()
    };
    compile_orders(&orders, &Options::default())
}
