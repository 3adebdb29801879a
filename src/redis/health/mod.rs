//! Whether a running server is what it was meant to be, and well: checks over INFO and CONFIG GET, as data.
//!
//! The thresholds are those of MEMORY DOCTOR (object.c of Redis 7.0), of Redis' own documents and of measurements of
//! fragmentation under load; where one is a judgement, its comment says so.

mod fragmentation;
pub mod gate;
mod host;
mod memory;
mod process;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod work;

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::capability::Defragmentation;
use super::guard_status::GuardStatus;
use super::info::Info;
use crate::model::probe::ServerHealth;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was nothing to judge: the server does not tell, or it is too early or too small to matter.
    NotApplicable,
    Passed,
    /// It should be looked at, but nothing that was asked for is violated.
    Warned,
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotApplicable => "not applicable",
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
        })
    }
}

/// One check and its result. Texts are for people: no full stops, no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// A stable name: `maxmemory`, `fragmentation`, ...
    pub name: String,
    pub outcome: Outcome,
    pub expected: String,
    pub found: String,
    /// What to do; empty where there is nothing to do.
    pub advice: String,
}

impl CheckResult {
    fn new(
        name: &str,
        outcome: Outcome,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            outcome,
            expected: expected.into(),
            found: found.into(),
            advice: String::new(),
        }
    }

    fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// `fragmentation failed: found 3.2, expected below 1.4; enable activedefrag`
impl fmt::Display for CheckResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            outcome,
            expected,
            found,
            advice,
        } = self;
        write!(
            formatter,
            "{name} {outcome}: found {found}, expected {expected}"
        )?;
        if advice.is_empty() {
            Ok(())
        } else {
            write!(formatter, "; {advice}")
        }
    }
}

/// What a server is expected to be. What is not set is judged by what is usual, or not at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectations {
    /// Bytes.
    pub maxmemory: Option<u64>,
    /// `maxmemory-policy`.
    pub policy: Option<String>,
    /// The ratio `allocator_active / allocator_allocated` that is too much.
    pub fragmentation_below: Option<f64>,
    /// Other directives and their values, compared by meaning.
    pub config: IndexMap<String, String>,
    /// `primary` or `replica`.
    pub role: Option<ExpectedRole>,
    /// How many replicas must be connected and up to date, at least.
    pub replicas: Option<u64>,
    /// Bytes that an up-to-date replica may be behind. Without it: 1 MiB.
    pub replica_lag_bytes: Option<u64>,
    /// Evictions per second between two looks, at most.
    pub evictions_per_second: Option<f64>,
    /// Hits among all look-ups of keys between two looks, at least: 0 to 1.
    pub hit_ratio: Option<f64>,
    /// The score of the OOM killer that its process may have, at most.
    pub oom_score_adjust: Option<i32>,
    /// Whether no fork and no full synchronization may be under way, as before the next host is touched.
    pub quiet: bool,
}

/// What a server is expected to be to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedRole {
    Primary,
    Replica,
}

/// What was observed of a server.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    pub info: &'a Info,
    /// From [`super::config_get::parse`].
    pub config: &'a IndexMap<String, String>,
    /// An earlier INFO of the same process and the seconds since then, for what is judged by its growth.
    pub earlier: Option<(&'a Info, f64)>,
    /// Bytes that the server's host or unit may use: what [`super::sizing::Sizing::memory`] says.
    pub memory_limit: Option<u64>,
    /// Whether its build can defragment.
    pub defragmentation: Defragmentation,
    /// What the guard on its host says, if there is one.
    pub guard: Option<&'a GuardStatus>,
    /// What its host knows of it, where that was asked.
    pub host: Option<&'a ServerHealth>,
    /// Processes that the OOM killer had ended on the host when the run began; `None` where the host does not count
    /// its own alone, as a container does.
    pub oom_kills_before: Option<u64>,
    /// Whether the machine gives every process huge pages.
    pub huge_pages_for_all: bool,
}

impl Observation<'_> {
    /// A directive's value, by any of its names.
    fn setting(&self, name: &str) -> Option<&str> {
        let by_name = |name: &str| self.config.get(name).map(String::as_str);
        let known = super::catalogue::lookup(name);
        by_name(name).or_else(|| known?.names().find_map(by_name))
    }

    /// A directive's value in bytes.
    fn setting_bytes(&self, name: &str) -> Option<u64> {
        super::units::parse(self.setting(name)?)
            .ok()
            .map(|memory| memory.bytes)
    }

    /// The limit of the memory, if one is set.
    fn maxmemory(&self) -> Option<u64> {
        self.setting_bytes("maxmemory")
            .or_else(|| self.info.bytes("maxmemory"))
            .filter(|bytes| *bytes > 0)
    }

    /// By how much a counter has grown since the earlier look, and in how many seconds. Nothing if the server was
    /// restarted in between, for its counters began anew.
    fn growth(&self, name: &str) -> Option<(u64, f64)> {
        let (earlier, seconds) = self.earlier?;
        let restarted = earlier.text("run_id") != self.info.text("run_id");
        if restarted || seconds <= 0.0 {
            return None;
        }
        Some((
            self.info.count(name)?.checked_sub(earlier.count(name)?)?,
            seconds,
        ))
    }
}

/// All checks, in the order in which they should be read.
#[must_use]
pub fn check(observation: &Observation<'_>, expectations: &Expectations) -> Vec<CheckResult> {
    if observation.info.is_empty() {
        let advice = "the server does not answer INFO: see its log";
        return vec![
            CheckResult::new("answers", Outcome::Failed, "an answer to INFO", "none")
                .advice(advice),
        ];
    }
    let mut results = vec![service::loaded(observation)];
    results.push(settings::maxmemory(observation, expectations));
    results.extend(settings::policy(observation, expectations));
    results.extend(settings::config(observation, expectations));
    results.push(memory::usage(observation));
    results.push(fragmentation::fragmentation(observation, expectations));
    results.push(fragmentation::defragmentation(observation));
    results.push(memory::resident(observation));
    results.push(memory::overhead(observation));
    results.push(memory::retained(observation));
    results.push(memory::fork_cost(observation));
    results.push(service::role(observation, expectations));
    results.push(service::replication(observation, expectations));
    results.extend(host::checks(observation));
    results.extend(process::checks(observation, expectations));
    results.push(work::lazyfree(observation));
    results.push(work::underway(observation));
    results.push(service::clients(observation));
    results.push(service::evictions(observation, expectations));
    results.push(service::hit_ratio(observation, expectations));
    results.push(service::saving(observation));
    results.extend(service::quiet(observation, expectations));
    results.extend(service::believable(observation));
    results
}

/// The worst outcome of all.
#[must_use]
pub fn worst(results: &[CheckResult]) -> Outcome {
    results
        .iter()
        .map(|result| result.outcome)
        .max()
        .unwrap_or(Outcome::NotApplicable)
}
