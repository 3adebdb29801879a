//! Carries out one case on its host, and says what came of it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::bench::Bench;
use crate::cases::{self, Case, Fill, Setup, Work};
use crate::hosts::Host;
use crate::memory::{Group, Seen};
use crate::planned;
use crate::reports::{Checked, Filled, Shift, Steady};

/// What a phase writes, as a share of the planned `maxmemory`: every phase replaces the data.
const PHASE_SHARE: f64 = 1.5;
/// Of the planned `maxmemory`, what known keys fill before the playbook is applied.
const WITHIN: f64 = 0.9;
const BEYOND: f64 = 1.15;
/// Bytes of a known value, and what the server counts for such a key with all that belongs to it (seen on Redis 7.0).
const KNOWN_SIZE: u64 = 64;
const KNOWN_COST: u64 = 160;
/// What the playbook has anyway.
const POLICY: &str = "allkeys-lfu";
/// Seconds after which a load is cut off.
const LONGEST: u64 = 480;

#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    pub case: String,
    pub host: String,
    pub build: &'static str,
    /// Bytes that the whole host may use.
    pub limit: u64,
    /// What Cachesmith plans for such a host. Bytes.
    pub planned: u64,
    pub memory: Seen,
    pub found: Found,
    /// What the guard said of itself in the end.
    pub guard_status: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Found {
    Shift {
        #[serde(skip)]
        setup: Setup,
        report: Box<Shift>,
    },
    Live(Box<Live>),
}

/// What the playbook did to a full, live server.
#[derive(Debug, Clone, Serialize)]
pub struct Live {
    pub filled: Filled,
    pub steady: Steady,
    pub checked: Checked,
    pub apply_seconds: f64,
    /// Evictions that the plan announced.
    pub announced: u64,
    /// Units of the server that systemd started in the meantime.
    pub restarts: u64,
}

/// The host is there for this case alone, however it ends.
pub fn measure(bench: &Bench, case: &Case, quick: bool) -> Result<Outcome> {
    let outcome = bench
        .reset(&case.host)
        .and_then(|()| carry_out(bench, case, quick));
    bench.stop(&case.host)?;
    outcome
}

fn carry_out(bench: &Bench, case: &Case, quick: bool) -> Result<Outcome> {
    let host = &case.host;
    let group = Group::new(bench.group(host)?);
    let planned = planned::maxmemory(&bench.facts(host)?)
        .with_context(|| format!("what `cachesmith facts` says of {}", host.name))?;
    let (found, memory) = match case.work {
        Work::Shift(setup) => {
            prepare(bench, case, setup)?;
            let (report, memory) =
                group.watch(host.server.process(), || shift(bench, case, planned, quick));
            let report = Box::new(report?);
            (Found::Shift { setup, report }, memory)
        }
        Work::Live(fill) => {
            let (live, memory) =
                group.watch(host.server.process(), || live(bench, case, fill, planned));
            (Found::Live(Box::new(live?)), memory)
        }
    };
    let guard_status = bench
        .ask(
            host,
            "cat /run/cachesmith-guard/*.status 2>/dev/null || true",
        )
        .unwrap_or_default();
    Ok(Outcome {
        case: case.name(),
        host: host.name.clone(),
        build: host.build.words(),
        limit: host.limit,
        planned,
        memory,
        found,
        guard_status,
    })
}

/// Brings a host into the setup of a case, and makes sure that it is.
fn prepare(bench: &Bench, case: &Case, setup: Setup) -> Result<()> {
    let host = &case.host;
    let log = format!("{}.apply.log", case.name());
    match setup {
        Setup::Stock => {}
        Setup::StockGuarded => bench.guard_alone(host, &log)?,
        Setup::Hardened => bench.harden(host, false, POLICY, &log)?,
        Setup::HardenedGuarded => bench.harden(host, true, POLICY, &log)?,
    }
    let guards = running_guards(bench, host)?;
    if setup.is_guarded() != (guards > 0) {
        bail!("{}: {guards} guards run on {}", case.name(), host.name);
    }
    Ok(())
}

fn running_guards(bench: &Bench, host: &Host) -> Result<usize> {
    let units = "systemctl list-units --no-legend --state=active 'cachesmith-guard*'";
    Ok(bench.ask(host, units)?.lines().count())
}

fn shift(bench: &Bench, case: &Case, planned: u64, quick: bool) -> Result<Shift> {
    let sizes: Vec<String> = cases::sizes(quick).iter().map(u64::to_string).collect();
    let words = [
        "shift".to_owned(),
        format!("--sizes={}", sizes.join(",")),
        format!("--memory-per-phase={}", share_of(planned, PHASE_SHARE)),
        format!("--time-limit={LONGEST}"),
    ];
    bench.report(&case.host, &words, &format!("{}.json", case.name()))
}

/// Fills the server with keys that are known, and applies the playbook while clients read and write.
fn live(bench: &Bench, case: &Case, fill: Fill, planned: u64) -> Result<Live> {
    let host = &case.host;
    // A switch to LFU waits ten minutes before keys are evicted; LRU does not have to.
    let (share, policy) = match fill {
        Fill::Within => (WITHIN, POLICY),
        Fill::Beyond => (BEYOND, "allkeys-lru"),
    };
    let keys = share_of(planned, share) / KNOWN_COST;
    let known = [format!("--keys={keys}"), format!("--size={KNOWN_SIZE}")];
    let words = |load: &str| [&[load.to_owned()], known.as_slice()].concat();
    let file = |load: &str| format!("{}.{load}.json", case.name());
    let filled: Filled = bench.report(host, &words("fill"), &file("fill"))?;
    let before = starts(bench, host)?;
    let client = bench.start(host, &words("steady"))?;
    thread::sleep(Duration::from_secs(2));
    let began = Instant::now();
    let log = format!("{}.apply.log", case.name());
    let applied = bench.harden(host, true, policy, &log);
    let apply_seconds = began.elapsed().as_secs_f64();
    // What a change sets off shows a little later, if at all.
    thread::sleep(Duration::from_secs(5));
    let steady: Steady = bench.end(client, &file("steady"))?;
    applied?;
    Ok(Live {
        filled,
        steady,
        checked: bench.report(host, &words("check"), &file("check"))?,
        apply_seconds,
        announced: planned::announced(&bench.log(&log)?),
        restarts: starts(bench, host)? - before,
    })
}

/// How often systemd has started the server since the boot, by its journal.
fn starts(bench: &Bench, host: &Host) -> Result<u64> {
    let unit = host.server.package();
    let command = format!(
        "journalctl --quiet --boot --output=cat --unit={unit} MESSAGE_ID=39f53479d3a045ac8e11786248231fbf | wc -l"
    );
    let count = bench.ask(host, &command)?;
    count
        .trim()
        .parse()
        .context("how often the server was started")
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the memory of a host"
)]
fn share_of(bytes: u64, share: f64) -> u64 {
    (bytes as f64 * share) as u64
}
