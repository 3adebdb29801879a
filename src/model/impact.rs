//! What a change does to those who use a server while it is made.

use serde::{Deserialize, Serialize};

use super::change::{Change, Effect};
use super::step::Action;

/// The gravest thing that a change may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Nobody notices: files, kernel values, values that a running server takes.
    #[default]
    Live,
    /// A program of the user's: nobody knows what it does.
    Unknown,
    /// Keys are evicted that would have stayed.
    Evicts,
    /// A service or the machine restarts, starts or stops, or packages do so.
    Restarts,
}

impl Impact {
    /// What making a change may do.
    pub fn of(change: &Change) -> Self {
        let by_steps = change.steps.iter().map(|step| match step.action {
            // Writes wait, and clients have to find another server.
            Action::Reboot { .. } | Action::Failover { .. } => Self::Restarts,
            Action::LowerMaxmemory { .. } => Self::Evicts,
            _ => Self::Live,
        });
        let by_effects = change.effects.iter().map(|effect| match effect {
            Effect::ServersChange { .. }
            | Effect::MachineRestarts { .. }
            | Effect::PackagesChange { .. } => Self::Restarts,
            _ => Self::Live,
        });
        let of_program = if change.is_arbitrary() {
            Self::Unknown
        } else {
            Self::Live
        };
        by_steps
            .chain(by_effects)
            .chain([of_program])
            .max()
            .unwrap_or_default()
    }

    pub fn is_live(&self) -> bool {
        *self == Self::Live
    }

    /// What it does, in words that follow a resource's name.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Live => "changes",
            Self::Unknown => "may do anything",
            Self::Evicts => "evicts keys",
            Self::Restarts => "restarts",
        }
    }
}
