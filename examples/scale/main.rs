//! Leads fleets that do not exist through the real program: what a host costs the machine that Cachesmith runs on, when
//! there are many. Started by `script/scale`; `docs/performance.md` describes the method.

#[path = "../experiment/mod.rs"]
mod experiment;
mod fleet;
mod page;
mod run;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;

use experiment::{Choice, document, tell};
use run::{Cost, Phase};

const DOCUMENT: &str = "docs/performance.md";

#[derive(Parser)]
#[command(about = "Leads fleets that do not exist through the real program")]
struct Options {
    #[command(flatten)]
    choice: Choice,
    /// Where results go
    #[arg(long, value_name = "FOLDER", default_value = "target/scale")]
    output: PathBuf,
    /// One run in this process, told as JSON into a file
    #[arg(long, hide = true, num_args = 3, value_names = ["HOSTS", "PHASE", "FILE"])]
    one: Option<Vec<String>>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some([hosts, phase, file]) = options.one.as_deref() {
        let cost = run::here(hosts.parse()?, phase.parse()?, &options.choice.programs)?;
        return Ok(fs::write(file, serde_json::to_vec(&cost)?)?);
    }
    let sizes: &[usize] = if options.choice.quick {
        &[1_000, 10_000]
    } else {
        &[1_000, 10_000, 100_000]
    };
    let cells = sizes
        .iter()
        .flat_map(|hosts| Phase::ALL.map(|phase| (*hosts, phase)));
    let cells: Vec<_> = cells
        .filter(|(hosts, phase)| options.choice.takes(&format!("{hosts}-{}", phase.name())))
        .collect();
    if options.choice.list {
        return cells
            .iter()
            .try_for_each(|(hosts, phase)| tell(&format!("{hosts}-{}", phase.name())));
    }
    if cells.is_empty() {
        bail!("no cell is called so: `script/scale --list` shows them");
    }
    fs::create_dir_all(&options.output)?;
    let mut costs: Vec<Cost> = Vec::new();
    for (hosts, phase) in cells {
        let cost = run::apart(hosts, phase, &options.output, &options.choice.programs)
            .with_context(|| format!("{hosts} hosts, {}", phase.name()))?;
        tell(&page::line(&cost))?;
        costs.push(cost);
    }
    let page = page::page(&costs);
    fs::write(options.output.join("results.md"), &page)?;
    tell(&format!("\n{page}"))?;
    if options.choice.record {
        document::record(DOCUMENT, "scale", &page)?;
    }
    page::judge(&costs)
}
