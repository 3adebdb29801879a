//! Shows by experiment that a hardened host survives what kills a default one. Started by `script/proof`, which builds
//! what it needs and takes the hosts down whatever happens; `docs/proof.md` describes the method.

mod bench;
mod busyness;
mod cases;
mod claims;
#[path = "../experiment/mod.rs"]
mod experiment;
mod hosts;
mod measure;
mod memory;
mod page;
mod planned;
mod reports;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;

use bench::Bench;
use cases::Case;
use claims::Claim;
use experiment::{Choice, document, tell};
use measure::Outcome;
use page::Circumstances;

const SET: &str = "tests/fleet/sets/proof";
const README: &str = "README.md";

#[derive(Parser)]
#[command(about = "Shows by experiment that a hardened host survives what kills a default one")]
struct Options {
    #[command(flatten)]
    choice: Choice,
    /// Where reports and logs go
    #[arg(long, value_name = "FOLDER", default_value = "target/proof")]
    output: PathBuf,
    /// The state folder of the fleet
    #[arg(long, value_name = "FOLDER")]
    state: PathBuf,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let hosts = hosts::read_set(&fs::read_to_string(SET).context(SET)?)?;
    let mut cases = cases::cases(&hosts, options.choice.quick);
    cases.retain(|case| options.choice.takes(&case.name()));
    if options.choice.list {
        for case in &cases {
            tell(&case.name())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if cases.is_empty() {
        bail!("no case is called so: `script/proof --list` shows them");
    }
    prove(&options, &cases)
}

fn prove(options: &Options, cases: &[Case]) -> Result<ExitCode> {
    let bench = Bench {
        fleet: "tests/fleet/fleet".into(),
        state: options.state.clone(),
        cachesmith: options.choice.programs.join("cachesmith"),
        churn: fs::canonicalize(options.choice.programs.join("examples/churn"))
            .with_context(|| format!("the client in {}", options.choice.programs.display()))?,
        output: options.output.clone(),
    };
    fs::create_dir_all(&bench.output)?;
    let began = Instant::now();
    let busyness_before = busyness::of_last_minute();
    bench.up(cases)?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut claims: Vec<Claim> = Vec::new();
    for (number, case) in (1..).zip(cases) {
        let since = began.elapsed().as_secs();
        tell(&format!(
            "{number} of {}: {} (after {}:{:02})",
            cases.len(),
            case.name(),
            since / 60,
            since % 60
        ))?;
        match measure::measure(&bench, case, options.choice.quick) {
            Ok(outcome) => {
                for claim in claims::claims_of(&outcome) {
                    tell(page::claim_line(&claim).trim_end())?;
                    claims.push(claim);
                }
                outcomes.push(outcome);
            }
            Err(error) => {
                let claim = Claim::not_measured(&case.name(), &format!("{error:#}"));
                tell(page::claim_line(&claim).trim_end())?;
                claims.push(claim);
            }
        }
    }
    let circumstances = Circumstances {
        date: experiment::today(),
        minutes: began.elapsed().as_secs().div_ceil(60),
        quick: options.choice.quick,
        busyness_before,
    };
    finish(options, &outcomes, &claims, &circumstances)
}

/// Writes and shows the results. Fails where a claim does not hold.
fn finish(
    options: &Options,
    outcomes: &[Outcome],
    claims: &[Claim],
    circumstances: &Circumstances,
) -> Result<ExitCode> {
    let page = page::page(outcomes, claims, circumstances);
    fs::write(options.output.join("results.md"), &page)?;
    fs::write(
        options.output.join("results.json"),
        serde_json::to_string_pretty(outcomes)? + "\n",
    )?;
    tell(&format!("\n{page}"))?;
    tell(&format!(
        "The page is {0}/results.md, the figures are {0}/results.json; each report is beside them.",
        options.output.display()
    ))?;
    if !claims.iter().all(|claim| claim.holds) {
        return Ok(ExitCode::FAILURE);
    }
    if options.choice.record {
        let results = page::extract(outcomes, claims, circumstances);
        document::record(README, "proof", &results)?;
    }
    Ok(ExitCode::SUCCESS)
}
