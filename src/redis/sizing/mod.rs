//! How much memory a server may use on a host: one formula, and every step of it in words.
//!
//! ```text
//! maxmemory = min(75% of M, (M - system - page tables - others - replica buffers) / (F + C)) / instances
//! ```
//! (or times an instance's own share, where the instances of a host are not to have the same)
//! where `M` is the memory that counts (the smallest of the RAM and all limits of control groups), `F` what the
//! allocator's fragmentation costs (1.4 without defragmentation, the figure of Redis' author; 1.2 with it) and `C`
//! what a fork may copy while data is written (0 if nothing ever forks, 0.25 with replicas or persistence, 0.5 if
//! writes are heavy). `maxmemory` limits what Redis counts, not what is resident, and neither `F` nor `C` is a
//! guarantee; they are what a plan may count on.

mod inputs;
mod settings;
mod solve;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

pub use inputs::{Inputs, MemoryLimit, Overrides};
pub use settings::Settings;

use crate::redis::units::{MIB, human, human_exact};
use solve::{Budget, Factors};

/// With less than this a server is not worth running: its fixed costs outweigh it. Who sets maxmemory by hand may.
pub const LEAST_MAXMEMORY: u64 = 64 * MIB;

/// One step of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is, in a few words.
    pub label: String,
    /// How it comes about, in words.
    pub formula: String,
    pub amount: Amount,
}

/// What a step comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Amount {
    Bytes(u64),
    /// A factor in thousandths.
    Thousandths(u64),
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => formatter.write_str(&human(*bytes)),
            Self::Thousandths(number) => {
                let text = format!("{}.{:03}", number / 1000, number % 1000);
                formatter.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

/// `kept for the system: 491.52 MiB (6% of it, at least 192 MiB and at most 2 GiB)`
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} ({})",
            self.label, self.amount, self.formula
        )
    }
}

/// The result: either settings or a refusal, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sizing {
    /// For each instance. Nothing if the plan is refused, so that no one takes a refusal for `maxmemory 0`, which
    /// would mean no limit.
    pub settings: Option<Settings>,
    /// Why there are no settings, a sentence without a full stop.
    pub refused: Option<String>,
    /// What to know about the settings, each a sentence without a full stop.
    pub warnings: Vec<String>,
    pub derivation: Vec<Step>,
    /// The memory that counts, in bytes: the smallest of the RAM and the limits.
    pub memory: u64,
}

/// Works out how much memory each instance may use.
#[must_use]
pub fn size(inputs: &Inputs) -> Sizing {
    let mut sizing = Sizing {
        settings: None,
        refused: None,
        warnings: Vec::new(),
        derivation: Vec::new(),
        memory: inputs.memory(),
    };
    match settings(inputs, &mut sizing) {
        Ok(settings) => sizing.settings = Some(settings),
        Err(reason) => sizing.refused = Some(reason),
    }
    sizing
}

fn settings(inputs: &Inputs, sizing: &mut Sizing) -> Result<Settings, String> {
    inputs.validate()?;
    let factors = Factors::of(inputs)?;
    let budget = Budget::tightest(inputs, &factors);
    sizing.derivation = budget.steps(inputs, &factors);
    let computed = budget.maxmemory;
    let maxmemory = inputs.overrides.maxmemory.unwrap_or(computed);
    if let Some(given) = inputs.overrides.maxmemory {
        sizing.derivation.push(Step {
            label: "maxmemory, as given".to_owned(),
            formula: format!("set by hand; {} was computed", human(computed)),
            amount: Amount::Bytes(given),
        });
    }
    if maxmemory > factors.part(budget.room) {
        let whose = if inputs.instances == 1 {
            String::new()
        } else {
            format!(" for each of {} instances", inputs.instances)
        };
        return Err(format!(
            "maxmemory {}{whose} does not fit into the {} that are left for Redis",
            human_exact(maxmemory),
            human(if inputs.overrides.share.is_some() {
                factors.part(budget.room)
            } else {
                budget.room
            })
        ));
    }
    if inputs.overrides.maxmemory.is_some() && maxmemory > computed {
        let (instances, room) = match inputs.overrides.share {
            Some(_) => (1, factors.part(budget.room)),
            None => (u64::from(inputs.instances), budget.room),
        };
        let needed = factors.needed(maxmemory).saturating_mul(instances);
        sizing.warnings.push(format!(
            "maxmemory {} was set by hand and is above the computed {}: with fragmentation, copies of a fork and buffers it may need {}, and {} is there",
            human_exact(maxmemory),
            human(computed),
            human(needed),
            human(room)
        ));
    }
    if inputs.overrides.maxmemory.is_none() && maxmemory < LEAST_MAXMEMORY {
        return Err(format!(
            "only {} would be left for each instance, and less than {} is not worth running: give the host more memory or fewer other tasks",
            human(maxmemory),
            human(LEAST_MAXMEMORY)
        ));
    }
    Ok(Settings::of(maxmemory, &factors))
}
