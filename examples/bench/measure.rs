//! One run of one tool, and what it cost.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::cells::{Cell, Phase};
use crate::ground::{self, Ground, IDLE};
use crate::machine;
use crate::tool::{Programs, Tool};
use crate::trees;

/// What a run cost. Times in seconds, of all hosts together.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    pub wall: f64,
    /// CPU of the tool and of everything it started, daemons included.
    pub cpu_here: f64,
    /// CPU of sshd and of everything that ran on the hosts.
    pub cpu_hosts: f64,
    pub processes_on_hosts: u64,
    pub connections: u64,
    /// Sessions within connections: programs and subsystems that sshd started.
    pub sessions: u64,
    /// Far link only: how often the client spoke after the host had.
    pub exchanges: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// CPU that everybody else on this machine used meanwhile, as a share of all of it.
    pub disturbance: f64,
}

/// What all runs of a cell have in common.
pub struct Bench<'a> {
    pub ground: &'a Ground,
    pub programs: &'a Programs,
    pub output: &'a Path,
}

impl Bench<'_> {
    /// Brings the hosts into the state that a cell begins with.
    ///
    /// Every tool makes the same trees, so the quickest may make them.
    pub fn prepare(&self, cell: &Cell) -> Result<()> {
        let begin = Cell {
            phase: Phase::Apply,
            ..*cell
        };
        self.empty(cell)?;
        if cell.phase != Phase::Apply {
            self.run(Tool::Sh, &begin)?;
        }
        Ok(())
    }

    /// Runs a tool, and makes sure that it did the job.
    ///
    /// # Errors
    /// It did not: such a run says nothing about speed.
    pub fn run(&self, tool: Tool, cell: &Cell) -> Result<(Cost, String)> {
        let name = format!("{}-{}", cell.name(), tool.name().replace(", ", "-"));
        self.measure(tool, cell, &name)
            .with_context(|| format!("{name}: see {}/{name}.log", self.output.display()))
    }

    fn measure(&self, tool: Tool, cell: &Cell, name: &str) -> Result<(Cost, String)> {
        let ground = self.ground;
        let names = ground::names(cell.hosts);
        if cell.phase == Phase::Apply {
            self.empty(cell)?;
        }
        let before = (cell.phase != Phase::Apply)
            .then(|| trees::common(&ground.fleet(), &names))
            .transpose()?;
        let inventory = ground.inventory(cell.hosts, cell.link)?;
        for folder in ["sockets", "home"] {
            let _ = fs::remove_dir_all(ground.place.join(folder));
            fs::create_dir(ground.place.join(folder))?;
        }
        ground.hosts.settle(IDLE)?;
        if let Some(command) = tool.before(self.programs, ground, &inventory, cell) {
            let status = self.inside(&command, &self.output.join("before.log"))?;
            anyhow::ensure!(status == 0, "its connections could not be opened");
        }
        let open = ground.hosts.at_rest()?;
        let log = self.output.join(format!("{name}.log"));
        let command = tool.command(self.programs, ground, &inventory, cell)?;
        let (_, offset) = ground.log_since(0)?;
        let (exchanges, bytes) = (ground.exchanges(), ground.bytes());
        let started = ground.started()?;
        let (here, hosts) = (ground.controller.cpu()?, ground.hosts.cpu()?);
        let busy = machine::busy()?;
        let clock = Instant::now();
        let status = self.inside(&command, &log)?;
        let wall = clock.elapsed().as_secs_f64();
        let busy = machine::busy()? - busy;
        let cpu_here = ground.controller.cpu()? - here;
        if tool.is_warm() {
            // Connections outlast the run; what is left of its sessions does not.
            ground.hosts.settle(open)?;
        } else {
            // Connections that a tool leaves open end here, and what their ends cost the hosts is counted.
            ground.controller.kill()?;
            ground.hosts.settle(IDLE)?;
        }
        let cpu_hosts = ground.hosts.cpu()? - hosts;
        let processes_on_hosts = ground.started()?.since(started);
        let (said, _) = ground.log_since(offset)?;
        let lines = |beginning: &str| {
            let count = said.lines().filter(|line| line.starts_with(beginning));
            u64::try_from(count.count()).unwrap_or_default()
        };
        ground.controller.kill()?;
        let (sent, received) = ground.bytes();
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        tool.judge(cell, status, &text)?;
        let after = trees::common(&ground.fleet(), &names)?;
        anyhow::ensure!(
            before.is_none_or(|before| before == after),
            "it changed what was to stay"
        );
        let cost = Cost {
            wall,
            cpu_here,
            cpu_hosts,
            processes_on_hosts,
            connections: lines("Accepted publickey"),
            sessions: lines("Starting session:"),
            exchanges: ground.exchanges() - exchanges,
            bytes_sent: sent - bytes.0,
            bytes_received: received - bytes.1,
            disturbance: ((busy - cpu_here - cpu_hosts) / (wall * machine::cores())).max(0.0),
        };
        Ok((cost, after))
    }

    /// Runs a command in the controller's group, with nothing of our own environment.
    fn inside(&self, command: &Command, log: &Path) -> Result<i32> {
        let home = self.ground.place.join("home");
        let out = File::create(log)?;
        let mut wrapped = Command::new("sh");
        wrapped
            .args([
                "-c",
                "echo 0 >\"$1/cgroup.procs\" && shift && exec timeout 900 \"$@\"",
                "sh",
            ])
            .arg(self.ground.controller.path())
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LANG", "C.UTF-8")
            .env("HOME", &home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_RUNTIME_DIR", self.ground.place.join("sockets"))
            .current_dir(&home)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out);
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                wrapped.env(name, value);
            }
        }
        Ok(wrapped.status()?.code().unwrap_or(128))
    }

    fn empty(&self, cell: &Cell) -> Result<()> {
        let fleet = self.ground.fleet();
        fs::remove_dir_all(&fleet)?;
        for name in ground::names(cell.hosts) {
            fs::create_dir_all(fleet.join(name))?;
        }
        Ok(())
    }
}
