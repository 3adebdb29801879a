//! The tools that do the job, and how each is called.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cells::{Cell, Phase};
use crate::ground::Ground;

/// The one value that is another in a dry run.
const MAXCLIENTS: &str = "20000";

/// What keeps our connections for as long as the floor's.
const KEPT: &str = "--persist=300s";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The floor: one script, over one connection of its own.
    Sh,
    /// The same over connections that are open already.
    ShWarm,
    Cachesmith,
    /// The same over connections that an earlier command has kept.
    CachesmithWarm,
    Pyinfra,
    Mitogen,
    /// ansible-core with pipelining, as most people tune it.
    Ansible,
}

/// Where the tools are.
pub struct Programs {
    pub cachesmith: PathBuf,
    pub peers: Option<PathBuf>,
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::ShWarm => "sh, warm",
            Self::Cachesmith => "cachesmith",
            Self::CachesmithWarm => "cachesmith, warm",
            Self::Pyinfra => "pyinfra",
            Self::Mitogen => "mitogen",
            Self::Ansible => "ansible-core",
        }
    }

    /// Those that are here.
    pub fn all(programs: &Programs) -> Vec<Self> {
        let mut tools = vec![
            Self::Sh,
            Self::ShWarm,
            Self::Cachesmith,
            Self::CachesmithWarm,
        ];
        if let Some(peers) = &programs.peers {
            if peers.join("pyinfra/bin/pyinfra").exists() {
                tools.push(Self::Pyinfra);
            }
            if mitogen(peers).is_some() {
                tools.push(Self::Mitogen);
            }
            if peers.join("ansible/bin/ansible-playbook").exists() {
                tools.push(Self::Ansible);
            }
        }
        tools
    }

    /// How often it runs in a cell: what takes minutes runs once, or not at all.
    pub fn repetitions(self, cell: &Cell) -> usize {
        match (self, cell.hosts) {
            (Self::Mitogen | Self::Ansible, 51..) => 0,
            (Self::Mitogen | Self::Ansible, _) => 1,
            (Self::Pyinfra, _) => cell.repetitions.min(3),
            _ => cell.repetitions,
        }
    }

    /// Whether it runs over connections that are open already.
    pub fn is_warm(self) -> bool {
        matches!(self, Self::ShWarm | Self::CachesmithWarm)
    }

    /// What stays open between runs, and is opened before the clock starts.
    pub fn before(
        self,
        programs: &Programs,
        ground: &Ground,
        inventory: &Path,
        cell: &Cell,
    ) -> Option<Command> {
        match self {
            Self::ShWarm => {
                let mut command = each_host(ground, inventory, cell.forks());
                command
                    .args(ssh(ground, inventory, true))
                    .args(["{}", "true"]);
                Some(command)
            }
            Self::CachesmithWarm => {
                let mut command = Command::new(&programs.cachesmith);
                command
                    .args(["facts", KEPT, "-f", &cell.forks().to_string(), "-i"])
                    .arg(inventory.join("hosts.yml"));
                Some(command)
            }
            _ => None,
        }
    }

    /// The run that is measured.
    pub fn command(
        self,
        programs: &Programs,
        ground: &Ground,
        inventory: &Path,
        cell: &Cell,
    ) -> Result<Command> {
        let forks = cell.forks().to_string();
        let dry = cell.phase == Phase::Dry;
        let value = format!("maxclients={MAXCLIENTS}");
        let peers = || programs.peers.as_deref().context("no peers");
        let command = match self {
            Self::Sh | Self::ShWarm => {
                let mut command = each_host(ground, inventory, cell.forks());
                let (mode, maxclients) = if dry {
                    ("dry", MAXCLIENTS)
                } else {
                    ("apply", "")
                };
                // The shell opens the script and becomes ssh: nothing more than ssh stays for each host.
                command
                    .args(["sh", "-c"])
                    .arg(
                        "host=$1 mode=$2 value=$3 fleet=$4 script=$5; shift 5; \
                         exec \"$@\" \"$host\" \"sh -s -- $host $fleet/$host $mode $value\" <\"$script\"",
                    )
                    .args(["sh", "{}", mode, maxclients])
                    .arg(ground.fleet())
                    .arg(ground.place.join("floor.sh"))
                    .args(ssh(ground, inventory, self == Self::ShWarm));
                command
            }
            Self::Cachesmith | Self::CachesmithWarm => {
                let mut command = Command::new(&programs.cachesmith);
                if dry {
                    command.args(["plan", "-e", &value]);
                } else {
                    command.args(["apply", "--yes"]);
                }
                if self == Self::CachesmithWarm {
                    command.arg(KEPT);
                }
                command
                    .args(["-f", &forks, "-i"])
                    .arg(inventory.join("hosts.yml"))
                    .arg(ground.job.join("play.yml"));
                command
            }
            Self::Pyinfra => {
                let mut command = Command::new(peers()?.join("pyinfra/bin/pyinfra"));
                command
                    .env("PYINFRA_PROGRESS", "off")
                    .args(["--parallel", &forks]);
                if dry {
                    command.args(["--dry", "--diff", "--data", &value]);
                } else {
                    command.arg("-y");
                }
                command
                    .arg(inventory.join("hosts.py"))
                    .arg(ground.job.join("pyinfra_job.py"));
                command
            }
            Self::Mitogen | Self::Ansible => {
                let peers = peers()?;
                let mut command = Command::new(peers.join("ansible/bin/ansible-playbook"));
                command
                    .env("ANSIBLE_HOME", ground.place.join("home/ansible"))
                    .env("ANSIBLE_SSH_CONTROL_PATH_DIR", ground.place.join("sockets"))
                    .env("ANSIBLE_NOCOLOR", "1")
                    .env("ANSIBLE_PIPELINING", "1");
                if let (Self::Mitogen, Some(strategies)) = (self, mitogen(peers)) {
                    command
                        .env("ANSIBLE_STRATEGY", "mitogen_linear")
                        .env("ANSIBLE_STRATEGY_PLUGINS", strategies);
                }
                if dry {
                    command.args(["--check", "--diff", "-e", &value]);
                }
                command
                    .args(["-f", &forks, "-i"])
                    .arg(inventory.join("hosts.yml"))
                    .arg(ground.job.join("ansible.yml"));
                command
            }
        };
        Ok(command)
    }

    /// Whether the run ended as it should: its status, and in a dry run what it showed.
    pub fn judge(self, cell: &Cell, status: i32, output: &str) -> Result<()> {
        let dry = cell.phase == Phase::Dry;
        // A plan with changes says so with 2.
        let is_ours = matches!(self, Self::Cachesmith | Self::CachesmithWarm);
        let expected = if dry && is_ours { 2 } else { 0 };
        anyhow::ensure!(status == expected, "it ended with {status}");
        if dry {
            let shown = output.matches(&format!("maxclients {MAXCLIENTS}")).count();
            if is_ours {
                // The same change on many hosts is shown once, and says of how many.
                let all = format!("{} host", cell.hosts);
                anyhow::ensure!(
                    shown >= 1 && output.contains(&all),
                    "it does not show the change of all hosts"
                );
            } else {
                anyhow::ensure!(shown >= cell.hosts, "it shows {shown} changes");
            }
        }
        Ok(())
    }
}

/// A command for every host, so many at once; `{}` stands for the host.
fn each_host(ground: &Ground, inventory: &Path, forks: usize) -> Command {
    let mut command = Command::new("xargs");
    command
        .current_dir(&ground.place)
        .args(["-P", &forks.to_string(), "-I{}", "-a"])
        .arg(inventory.join("names"));
    command
}

fn ssh(ground: &Ground, inventory: &Path, warm: bool) -> Vec<String> {
    let mut words = vec!["ssh".to_owned(), "-F".to_owned()];
    words.push(inventory.join("ssh_config").display().to_string());
    if warm {
        let sockets = ground.place.join("sockets");
        for option in [
            "ControlMaster=auto".to_owned(),
            format!("ControlPath={}/%n", sockets.display()),
            "ControlPersist=300".to_owned(),
        ] {
            words.extend(["-o".to_owned(), option]);
        }
    }
    words
}

/// The folder with Mitogen's strategies.
fn mitogen(peers: &Path) -> Option<PathBuf> {
    let libraries = peers.join("ansible/lib").read_dir().ok()?;
    libraries
        .filter_map(Result::ok)
        .map(|entry| {
            entry
                .path()
                .join("site-packages/ansible_mitogen/plugins/strategy")
        })
        .find(|path| path.exists())
}
