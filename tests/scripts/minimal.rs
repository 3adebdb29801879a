//! A host that has busybox and nothing else, in a root directory of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::{FileState, Observation, Probe, Program};
use cachesmith::model::step::{Action, Guard, Outcome, Step, StepStatus};
use cachesmith::transport::script::{
    Options, Script, compile_probes, compile_steps, parse_observations, parse_outcomes,
};

use crate::host::{feed, is_root, told, which};
use crate::write::Wish;

pub(crate) struct Minimal {
    root: tempfile::TempDir,
}

impl Minimal {
    /// With all applets of busybox but these.
    pub(crate) fn without(missing: &[String]) -> Self {
        assert!(is_root(), "only root can change the root directory");
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        for folder in ["bin", "dev", "etc", "lib64", "proc", "sys", "tmp"] {
            fs::create_dir(path.join(folder)).unwrap();
        }
        let busybox = which("busybox");
        fs::copy(&busybox, path.join("bin/busybox")).unwrap();
        let libraries = Command::new("ldd").arg(&busybox).output().unwrap().stdout;
        for word in String::from_utf8_lossy(&libraries).split_whitespace() {
            if let Some(below) = word.strip_prefix('/') {
                let target = path.join(below);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::copy(word, target).unwrap();
            }
        }
        let list = Command::new("busybox")
            .arg("--list")
            .output()
            .unwrap()
            .stdout;
        for applet in String::from_utf8_lossy(&list).lines() {
            // Debian's busybox has an rpm, which is not the one that is meant, and an nc that cannot only look.
            let odd = ["rpm", "nc", "busybox"].contains(&applet);
            if !odd && !missing.iter().any(|name| name == applet) {
                symlink("busybox", path.join("bin").join(applet)).unwrap();
            }
        }
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Writes a file by its path on the host.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let target = self.root().join(&path[1..]);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, content).unwrap();
    }

    fn run(&self, script: &Script) -> Vec<u8> {
        let mut command = Command::new("unshare");
        let text = "mount --bind /dev \"$1/dev\" && mount --bind /proc \"$1/proc\" && exec chroot \"$1\" /bin/sh";
        command
            .args(["-m", "sh", "-c", text, "sh"])
            .arg(self.root())
            .env("PATH", format!("/bin:{}", std::env::var("PATH").unwrap()))
            .env_remove("TMPDIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        feed(command, script.text()).stdout
    }

    pub(crate) fn observe(&self, probes: &[Probe]) -> Vec<Observation> {
        let script = compile_probes(probes);
        parse_observations(&script, probes, &self.run(&script)).unwrap()
    }

    fn carry_out(&self, steps: &[Step]) -> Vec<Outcome> {
        let script = compile_steps(steps, &Options::default());
        parse_outcomes(&script, steps, &self.run(&script))
    }
}

fn without(names: &[&str]) -> Minimal {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Minimal::without(&names)
}

fn program(text: &str, seconds: u64) -> Step {
    let mut program = Program::shell(text);
    program.time_limit = Some(seconds);
    Step::new(Action::Program {
        program: Box::new(program),
        accepted: vec![0],
    })
}

#[test]
fn busybox_alone_is_enough() {
    let host = without(&[]);
    let content = b"bytes\0\xff".as_slice();
    let outcomes = host.carry_out(&[
        Wish::new(Path::new("/etc/file"), content).step(),
        Wish::new(Path::new("/etc/text"), "words").step(),
        program("cat /etc/text; cat /etc/file >&2", 10),
    ]);
    for outcome in &outcomes {
        assert_eq!(outcome.status, StepStatus::Done, "{}", told(outcome));
    }
    assert_eq!(outcomes[2].stdout.as_bytes(), b"words");
    assert_eq!(outcomes[2].stderr.as_bytes(), content);
    let answers = host.observe(&[
        Probe::Content("/etc/file".into()),
        Probe::File("/etc/text".into()),
    ]);
    for (answer, content) in answers.iter().zip([content, b"words"]) {
        let Observation::File(FileState::Present(info)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(info.sha256, Some(Blob::from(content).sha256()));
    }
}

/// The shell keeps the time itself, and ends what it can.
#[test]
fn time_limits_hold_without_timeout_and_setsid() {
    let host = without(&["timeout", "setsid"]);
    host.write("/etc/file", "words");
    let answers = host.observe(&[
        Probe::Content("/etc/file".into()),
        Probe::KernelValue("vm.swappiness".into()),
    ]);
    assert!(
        matches!(&answers[0], Observation::File(FileState::Present(info)) if info.content.is_some())
    );
    assert!(
        matches!(&answers[1], Observation::KernelValue(value) if value.value.is_some()),
        "{answers:?}"
    );
    let outcomes = host.carry_out(&[program("echo begun; exec sleep 100", 1)]);
    assert_eq!(
        outcomes[0].status,
        StepStatus::TimedOut,
        "{}",
        told(&outcomes[0])
    );
    assert_eq!(outcomes[0].stdout.as_bytes(), b"begun\n");
    // A reading program that hangs is ended too.
    let stat = host.root().join("bin/stat");
    fs::remove_file(&stat).unwrap();
    crate::host::executable(&stat, "exec sleep 100\n");
    let answers = host.observe(&[Probe::File("/etc/file".into())]);
    assert!(
        matches!(&answers[0], Observation::Failed(reason) if reason.contains("in time")),
        "{answers:?}"
    );
}

/// The timeout of busybox before 1.30 took the seconds after `-t`.
#[test]
fn an_old_timeout_is_found_out() {
    let host = without(&["timeout"]);
    crate::host::executable(&host.root().join("bin/timeout"), "shift 2; exec \"$@\"\n");
    host.write("/etc/file", "words");
    let answers = host.observe(&[Probe::Content("/etc/file".into())]);
    assert!(
        matches!(&answers[0], Observation::File(FileState::Present(info)) if info.content.is_some()),
        "{answers:?}"
    );
}

#[test]
fn what_is_missing_is_named() {
    let host = without(&["sha256sum", "base64"]);
    host.write("/etc/file", "words");
    let guard = Guard::Sha256 {
        path: "/etc/file".into(),
        sha256: Blob::from("words").sha256(),
    };
    let fails = |step: Step, words: &str| {
        let outcome = host.carry_out(&[step]).remove(0);
        assert_eq!(outcome.status, StepStatus::Failed, "{}", told(&outcome));
        assert!(
            outcome.stderr.to_lossy().contains(words),
            "{}",
            told(&outcome)
        );
    };
    fails(
        Wish::new(Path::new("/etc/file"), "new")
            .step()
            .guarded(guard),
        "no sha256sum",
    );
    fails(
        Wish::new(Path::new("/etc/file"), vec![0_u8, 1]).step(),
        "no base64",
    );
    let mut with_input = Program::new(["cat"]);
    with_input.stdin = Some(Blob::from(vec![0_u8, 1]));
    fails(
        Step::new(Action::Program {
            program: Box::new(with_input),
            accepted: vec![0],
        }),
        "no base64",
    );
    // Text needs neither, and is still checked for its size.
    let outcome = host
        .carry_out(&[Wish::new(Path::new("/etc/file"), "new").step()])
        .remove(0);
    assert_eq!(outcome.status, StepStatus::Done, "{}", told(&outcome));
    assert_eq!(
        fs::read_to_string(host.root().join("etc/file")).unwrap(),
        "new"
    );
}
