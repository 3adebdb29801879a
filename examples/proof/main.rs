//! Shows by experiment that a hardened host survives what kills a default one. Started by `script/proof`, which builds
//! what it needs and takes the hosts down whatever happens; `docs/proof.md` describes the method.

mod bench;
mod cases;
mod claims;
mod hosts;
mod machine;
mod measure;
mod memory;
mod page;
mod planned;
mod reports;
mod table;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;

use bench::Bench;
use cases::Case;
use claims::Claim;
use measure::Outcome;
use page::Circumstances;

const SET: &str = "tests/fleet/sets/proof";
const README: &str = "README.md";

#[derive(Parser)]
#[command(about = "Shows by experiment that a hardened host survives what kills a default one")]
struct Options {
    /// Fewer servers and phases, every kind of claim
    #[arg(long)]
    quick: bool,
    /// Only cases whose names begin with this; may be given more than once
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Say which cases there are, and run none
    #[arg(long)]
    list: bool,
    /// Put the tables into the README, if every claim holds
    #[arg(long)]
    record: bool,
    /// Where reports and logs go
    #[arg(long, value_name = "FOLDER", default_value = "target/proof")]
    output: PathBuf,
    /// The state folder of the fleet
    #[arg(long, value_name = "FOLDER")]
    state: PathBuf,
    /// Where the compiled programs are
    #[arg(long, value_name = "FOLDER", default_value = "target/release")]
    programs: PathBuf,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let hosts = hosts::read_set(&fs::read_to_string(SET).context(SET)?)?;
    let mut cases = cases::cases(&hosts, options.quick);
    if !options.only.is_empty() {
        cases.retain(|case| {
            options
                .only
                .iter()
                .any(|only| case.name().starts_with(only))
        });
    }
    if options.list {
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
        cachesmith: options.programs.join("cachesmith"),
        churn: fs::canonicalize(options.programs.join("examples/churn"))
            .with_context(|| format!("the client in {}", options.programs.display()))?,
        output: options.output.clone(),
    };
    fs::create_dir_all(&bench.output)?;
    let began = Instant::now();
    let busyness_before = machine::busyness();
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
        match measure::measure(&bench, case, options.quick) {
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
        date: jiff::Zoned::now().strftime("%Y-%m-%d").to_string(),
        minutes: began.elapsed().as_secs().div_ceil(60),
        quick: options.quick,
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
    if options.record {
        let readme = fs::read_to_string(README).context(README)?;
        let results = page::extract(outcomes, claims, circumstances);
        let text = page::recorded(&readme, &results)
            .with_context(|| format!("{README} has no marks for the results"))?;
        fs::write(README, text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
