//! A fleet that does not exist, with the job that is done on it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Result, ensure};
use cachesmith::transport::error::{TransportError, TransportErrorKind};
use cachesmith::transport::session::{Answer, Exit};
use cachesmith::transport::simulated::{Likeness, Simulated, Simulation};
use cachesmith::transport::target::Become;
use tempfile::TempDir;

use crate::run::Phase;

const PLAYBOOK: &str = "benches/job/play.yml";

/// How many hosts are worked on at once: what simulated hosts never wait for.
const FORKS: &str = "50";

/// A fleet of hosts that answer as a real one does: this machine, with a folder in place of its root.
pub struct Fleet {
    /// Gone with the fleet.
    folder: TempDir,
    likeness: Arc<Likeness>,
    phase: Phase,
}

impl Fleet {
    /// `programs`: the folder of the compiled programs.
    pub fn of(hosts: usize, phase: Phase, programs: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().join("root");
        fs::create_dir(&root)?;
        let inventory = format!(
            "cache[000001:{hosts:06}]\n\n[all:vars]\nroot={}\n",
            root.display()
        );
        fs::write(folder.path().join("hosts.ini"), inventory)?;
        let shell = Shell {
            folder: folder.path().join("host"),
        };
        let fleet = Self {
            likeness: Arc::new(Likeness::of(shell)),
            folder,
            phase,
        };
        if phase == Phase::Again {
            fleet.converge(programs)?;
        }
        Ok(fleet)
    }

    /// The words of the command line behind the command.
    pub fn arguments(&self) -> Vec<String> {
        let inventory = self.folder.path().join("hosts.ini");
        [
            PLAYBOOK,
            "--forks",
            FORKS,
            "-i",
            &inventory.display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    pub fn simulation(&self) -> Simulation {
        let likeness = Arc::clone(&self.likeness);
        let phase = self.phase;
        Simulation::new(move |name| match phase {
            Phase::Again => Arc::clone(&likeness) as Arc<dyn Simulated>,
            Phase::Plan => Arc::new(Class::of(name, Arc::clone(&likeness))),
        })
    }

    pub fn scripts(&self) -> usize {
        self.likeness.scripts()
    }

    /// Does the job on the real host.
    fn converge(&self, programs: &Path) -> Result<()> {
        let root = self.folder.path().join("root");
        let status = Command::new(programs.join("cachesmith"))
            .args([
                "apply",
                "--yes",
                PLAYBOOK,
                "-i",
                "localhost,",
                "-c",
                "local",
                "-e",
            ])
            .arg(format!("root={}", root.display()))
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "the job cannot be done on this machine");
        Ok(())
    }
}

/// This machine's own shell.
struct Shell {
    folder: PathBuf,
}

impl Simulated for Shell {
    fn answer(&self, script: &[u8], _: Option<&Become>) -> Result<Answer, TransportError> {
        let run = || {
            let mut shell = Command::new("sh")
                .env("CACHESMITH_HOST_FOLDER", &self.folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            let mut input = shell.stdin.take();
            if let Some(input) = &mut input {
                input.write_all(script)?;
            }
            // A script that ends its shell listens at the input meanwhile: the end of that would stop it.
            if !script.ends_with(b"exit\n") {
                drop(input.take());
            }
            let output = shell.wait_with_output();
            drop(input);
            output
        };
        let output = run().map_err(|error| {
            TransportError::new(
                TransportErrorKind::ConnectionLost,
                "this machine",
                error.to_string(),
            )
        })?;
        Ok(Answer {
            stdout: output.stdout,
            stderr: output.stderr,
            exit: output.status.code().map_or(Exit::Signal, Exit::Code),
        })
    }
}

/// A host with another amount of memory.
struct Class {
    likeness: Arc<Likeness>,
    gibibytes: u64,
}

impl Class {
    fn of(name: &str, likeness: Arc<Likeness>) -> Self {
        let number = name.bytes().last().unwrap_or_default();
        Self {
            likeness,
            gibibytes: 4 << (number % 4),
        }
    }
}

impl Simulated for Class {
    fn answer(&self, script: &[u8], as_user: Option<&Become>) -> Result<Answer, TransportError> {
        let mut answer = self.likeness.answer(script, as_user)?;
        const NAME: &[u8] = b"MemTotal:";
        let text = &mut answer.stdout;
        if let Some(start) = text.windows(NAME.len()).position(|bytes| bytes == NAME) {
            // The answer tells how long it is: the line keeps its length.
            let start = start + NAME.len();
            let end = text[start..]
                .iter()
                .position(|byte| *byte == b'k')
                .unwrap_or(0)
                + start;
            let width = end - start - 1;
            let number = format!("{:>width$} ", self.gibibytes << 20);
            text.splice(start..end, number.into_bytes());
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever has nothing to do with memory.
    struct Fixed(&'static str);

    impl Simulated for Fixed {
        fn answer(&self, _: &[u8], _: Option<&Become>) -> Result<Answer, TransportError> {
            Ok(Answer {
                stdout: self.0.into(),
                stderr: Vec::new(),
                exit: Exit::Code(0),
            })
        }
    }

    #[test]
    fn hosts_differ_in_memory_and_in_nothing_else() {
        let said = "x\n/proc/meminfo:MemTotal:       24537272 kB\ny";
        let likeness = Arc::new(Likeness::of(Fixed(said)));
        let told = |name| {
            let host = Class::of(name, Arc::clone(&likeness));
            String::from_utf8(host.answer(b"script", None).unwrap().stdout).unwrap()
        };
        assert_eq!(
            told("cache1"),
            "x\n/proc/meminfo:MemTotal:        8388608 kB\ny"
        );
        assert_eq!(told("cache1"), told("cache5"));
        assert_ne!(told("cache1"), told("cache2"));
        assert_eq!(told("cache1").len(), said.len());
    }
}
