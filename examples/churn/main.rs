//! A client that puts a Redis or Valkey under the loads of `script/proof`, and reports what it saw as JSON.
//!
//! ```text
//! cargo run --release --example churn -- shift --address 10.0.0.7:6379 --memory-per-phase 300000000
//! ```
//! `shift` writes values whose size changes, which is what fragments memory; `fill`, `steady` and `check` tell whether
//! a change to a live server lost keys or showed an error to a client. All are bounded in time and count. A password
//! is read from the variable `CHURN_PASSWORD`. `docs/proof.md` says what the figures mean.

mod known;
mod latency;
mod numbers;
mod resp;
mod run;
mod shift;
mod steady;
mod watch;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use resp::Target;
use run::Run;

#[derive(Parser)]
#[command(about = "Puts a Redis or Valkey under load, and reports what a client sees")]
struct Options {
    #[command(subcommand)]
    load: Load,
}

#[derive(Args)]
struct Common {
    /// Where the server is
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// Where the report goes; standard output without it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Seconds after which the load ends
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    time_limit: u64,
    /// The same seed writes the same keys
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct Keys {
    /// How many known keys
    #[arg(long)]
    keys: u64,
    /// Bytes of each value
    #[arg(long, default_value_t = 64)]
    size: usize,
}

#[derive(Subcommand)]
enum Load {
    /// Write values under random keys at full speed, of another size in each phase
    Shift {
        #[command(flatten)]
        common: Common,
        /// Bytes of a value in each phase
        #[arg(long, value_delimiter = ',', default_values_t = [40, 72, 136, 200, 344, 90])]
        sizes: Vec<usize>,
        /// Bytes that the keys of each phase take on the server
        #[arg(long)]
        memory_per_phase: u64,
        /// Requests that are sent together
        #[arg(long, default_value_t = 500)]
        pipeline: u64,
        #[arg(long, default_value_t = 2)]
        connections: u64,
        /// Seconds that a key lives
        #[arg(long, default_value_t = 3600)]
        time_to_live: u64,
        /// The most keys that are written in all
        #[arg(long, default_value_t = 100_000_000)]
        most_sets: u64,
    },
    /// Write known keys that live for ever
    Fill {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        known: Keys,
    },
    /// Read known keys and write a few others at a pace, until standard input ends
    Steady {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        known: Keys,
        #[arg(long, default_value_t = 4)]
        connections: u64,
        /// Microseconds between two requests of a connection
        #[arg(long, default_value_t = 1000)]
        pause: u64,
    },
    /// Count the known keys that are still there
    Check {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        known: Keys,
    },
}

fn main() -> Result<()> {
    match Options::parse().load {
        Load::Shift {
            common,
            sizes,
            memory_per_phase,
            pipeline,
            connections,
            time_to_live,
            most_sets,
        } => {
            let load = shift::Load {
                sizes,
                memory_per_phase,
                pipeline: pipeline.max(1),
                connections: connections.max(1),
                time_to_live,
                most_sets,
                seed: common.seed,
            };
            let (target, run) = begin(&common)?;
            let report = shift::shift(&target, &run, &load)
                .map_err(|error| anyhow!("{}: {error}", common.address))?;
            tell(&common, &report)
        }
        Load::Fill { common, known } => {
            let (target, _) = begin(&common)?;
            let filled = known::fill(&target, known.keys, known.size)
                .with_context(|| common.address.clone())?;
            tell(&common, &filled)
        }
        Load::Steady {
            common,
            known,
            connections,
            pause,
        } => {
            let pace = steady::Pace {
                keys: known.keys,
                size: known.size,
                connections,
                pause: Duration::from_micros(pause),
                seed: common.seed,
            };
            let (target, run) = begin(&common)?;
            let report = steady::steady(&target, &run, &pace)
                .map_err(|error| anyhow!("{}: {error}", common.address))?;
            tell(&common, &report)
        }
        Load::Check { common, known } => {
            let (target, _) = begin(&common)?;
            let checked = known::check(&target, known.keys, known.size)
                .with_context(|| common.address.clone())?;
            tell(&common, &checked)
        }
    }
}

fn begin(common: &Common) -> Result<(Target, Run)> {
    let target = Target::new(&common.address).with_context(|| common.address.clone())?;
    Ok((target, Run::begin(Duration::from_secs(common.time_limit))))
}

fn tell(common: &Common, report: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(report)? + "\n";
    match &common.output {
        Some(file) => File::create(file)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| file.display().to_string()),
        None => Ok(io::stdout().write_all(text.as_bytes())?),
    }
}
