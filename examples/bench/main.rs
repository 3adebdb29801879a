//! Measures one job on many hosts against its floor: the same job as one hand-written script over plain `ssh HOST sh`.
//! Started by `script/bench`, which builds what it needs, makes the namespaces and takes everything down whatever
//! happens; `docs/performance.md` describes the method.

mod cells;
mod delay;
#[path = "../experiment/mod.rs"]
mod experiment;
mod floor;
mod ground;
mod groups;
mod machine;
mod measure;
mod page;
mod series;
mod tool;
mod trees;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;

use cells::Cell;
use experiment::{Choice, document, tell};
use ground::Ground;
use measure::Bench;
use page::Circumstances;
use series::Series;
use tool::{Programs, Tool};

const DOCUMENT: &str = "docs/performance.md";

#[derive(Parser)]
#[command(about = "Measures one job on many hosts against one script over plain ssh")]
struct Options {
    #[command(flatten)]
    choice: Choice,
    /// Other tools to compare with: Python environments named pyinfra and ansible (with mitogen)
    #[arg(long, value_name = "FOLDER")]
    peers: Option<PathBuf>,
    /// So many hosts, each run once, in place of the usual cells
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=5000))]
    hosts: Option<u16>,
    /// Where results and logs go
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    output: PathBuf,
    /// An empty folder for hosts, keys and sockets
    #[arg(long, value_name = "FOLDER", default_value = "")]
    place: PathBuf,
    /// An empty control group
    #[arg(long, value_name = "FOLDER", default_value = "")]
    group: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut cells = cells::cells(options.choice.quick, options.hosts.map(usize::from));
    cells.retain(|cell| options.choice.takes(&cell.name()));
    if options.choice.list {
        return cells.iter().try_for_each(|cell| tell(&cell.name()));
    }
    if cells.is_empty() {
        bail!("no cell is called so: `script/bench --list` shows them");
    }
    let began = Instant::now();
    let all = measure_all(&options, &cells)?;
    let circumstances = Circumstances {
        date: experiment::today(),
        minutes: began.elapsed().as_secs().div_ceil(60),
        quick: options.choice.quick,
        machine: machine::description(),
    };
    finish(&options, &all, &circumstances)
}

fn measure_all(options: &Options, cells: &[Cell]) -> Result<Vec<Series>> {
    fs::create_dir_all(&options.output)?;
    let output = fs::canonicalize(&options.output)?;
    let canonical = |path: PathBuf| {
        let shown = path.display().to_string();
        fs::canonicalize(path).context(shown)
    };
    let programs = Programs {
        cachesmith: canonical(options.choice.programs.join("cachesmith"))?,
        peers: options.peers.clone().map(canonical).transpose()?,
    };
    let tools = Tool::all(&programs);
    let most = cells.iter().map(|cell| cell.hosts).max().unwrap_or(1);
    let ground = Ground::up(&options.place, &options.group, most)?;
    fs::write(ground.place.join("floor.sh"), floor::script(&ground.job)?)?;
    let bench = Bench {
        ground: &ground,
        programs: &programs,
        output: &output,
    };
    let mut all = Vec::new();
    for (number, cell) in (1..).zip(cells) {
        tell(&format!("{number} of {}: {}", cells.len(), cell.name()))?;
        all.push(series::measure(&bench, &tools, cell, tell)?);
    }
    Ok(all)
}

fn finish(options: &Options, all: &[Series], circumstances: &Circumstances) -> Result<()> {
    let page = page::page(all, circumstances);
    fs::write(options.output.join("results.md"), &page)?;
    fs::write(
        options.output.join("results.json"),
        serde_json::to_string_pretty(all)? + "\n",
    )?;
    tell(&format!("\n{page}"))?;
    tell(&format!(
        "The page is {0}/results.md, the figures are {0}/results.json; the last output of each tool is beside them.",
        options.output.display()
    ))?;
    if options.choice.record {
        document::record(DOCUMENT, "bench", &page)?;
    }
    Ok(())
}
