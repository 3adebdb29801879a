//! One run of the real program, measured.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use cachesmith::cli;
use cachesmith::cli::args::{Arguments, Command as Wanted};
use cachesmith::view::Console;
use clap::Parser;
use serde::{Deserialize, Serialize};

use crate::fleet::Fleet;

/// What is done with the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// A plan: in each of four classes of memory all files differ in another way.
    Plan,
    /// An apply that finds nothing to change.
    Again,
}

impl Phase {
    pub const ALL: [Self; 2] = [Self::Plan, Self::Again];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Again => "again",
        }
    }
}

impl FromStr for Phase {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let phase = Self::ALL.into_iter().find(|phase| phase.name() == text);
        phase.with_context(|| format!("`{text}` is no phase"))
    }
}

/// What a run cost.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cost {
    pub hosts: usize,
    pub phase: Phase,
    /// Seconds.
    pub time: f64,
    /// Seconds, of all threads.
    pub cpu: f64,
    /// Bytes, at the most.
    pub memory: u64,
    /// Bytes that were told.
    pub output: u64,
    /// How many different scripts the hosts were given.
    pub scripts: usize,
}

/// Runs in a process of its own, whose memory is that of nothing else.
pub fn apart(hosts: usize, phase: Phase, folder: &Path, programs: &Path) -> Result<Cost> {
    let name = format!("{hosts}-{}", phase.name());
    let figures = folder.join(format!("{name}.json"));
    let log = folder.join(format!("{name}.log"));
    let output = File::create(&log)?;
    let status = Command::new(std::env::current_exe()?)
        .arg("--one")
        .args([&hosts.to_string(), phase.name()])
        .arg(&figures)
        .arg("--programs")
        .arg(programs)
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output)
        .status()?;
    if !status.success() {
        bail!("it failed: see {}", log.display());
    }
    let mut cost: Cost = serde_json::from_slice(&fs::read(figures)?)?;
    cost.output = fs::metadata(log)?.len();
    Ok(cost)
}

/// Runs in this process.
pub fn here(hosts: usize, phase: Phase, programs: &Path) -> Result<Cost> {
    let fleet = Fleet::of(hosts, phase, programs)?;
    let words = match phase {
        Phase::Plan => vec!["plan"],
        Phase::Again => vec!["apply", "--yes"],
    };
    let mut arguments = Arguments::try_parse_from(
        ["cachesmith"]
            .into_iter()
            .chain(words)
            .map(str::to_owned)
            .chain(fleet.arguments()),
    )?;
    let wanted = match &mut arguments.command {
        Wanted::Plan(plan) => &mut plan.play.hosts,
        Wanted::Apply(apply) => &mut apply.play.hosts,
        _ => bail!("nothing else is tried"),
    };
    wanted.simulation = Some(fleet.simulation());
    let expected = match phase {
        Phase::Plan => cli::Exit::Changes,
        Phase::Again => cli::Exit::Done,
    };
    let began = Instant::now();
    let mut console = Console::new(arguments.output.settings());
    match cli::run(&arguments, &mut console) {
        Ok(exit) if exit == expected => {}
        Ok(exit) => bail!("it ended with {}", exit.code()),
        Err(error) => bail!("{}", error.summary()),
    }
    Ok(Cost {
        hosts,
        phase,
        time: began.elapsed().as_secs_f64(),
        cpu: cpu()?,
        memory: peak()?,
        output: 0,
        scripts: fleet.scripts(),
    })
}

/// Seconds of CPU that this process has used.
fn cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = text.rsplit_once(") ").context("/proc/self/stat")?;
    // User and system time, in hundredths: the twelfth and thirteenth field behind the name.
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks = ticks.map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) / 100.0)
}

/// Bytes of memory that this process has held at the most.
fn peak() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("VmHWM")?.parse::<u64>()? * 1024)
}
