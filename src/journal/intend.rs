//! What the engine asks of a journal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::aspect::Aspect;
use crate::model::change::Change;
use crate::model::probe::RedisAddress;
use crate::model::redaction::Secrets;
use crate::model::secret::Secret;
use crate::model::step::with_password;

/// What is about to be done, with its inverse.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Intention {
    /// Whose shell the steps are for.
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The host on whose behalf it is done, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behalf: Option<String>,
    /// The play's `connection`, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    pub task: String,
    pub changes: Vec<Change>,
    /// What each of the changes is about, before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<Vec<Aspect>>,
    /// Running servers as they were before, where the changes reach servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerBefore>,
    /// Which earlier changes these take back, where they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undoes: Vec<Vec<Origin>>,
    /// Whether `no_log` hides what is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// The secrets that stand in the changes: whoever shows them hides these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty", with = "sealed")]
    pub secrets: BTreeSet<Secret>,
}

/// A running server before a change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerBefore {
    #[serde(with = "with_password")]
    pub address: RedisAddress,
    /// Tells it from a server that was started later.
    pub run_id: String,
    /// The answer to `CONFIG GET *`.
    pub config: String,
}

/// One change of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub run: String,
    /// The intention and the change in it, counted from 0.
    pub intention: usize,
    pub change: usize,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Done,
    /// None of its steps was carried out.
    NotRun,
    /// Nobody was there any more to say so, or it failed half way.
    #[default]
    Unknown,
    /// A later rollback took it back.
    Undone,
}

/// What became of the changes of one intention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Became {
    /// Counted from 0.
    pub intention: usize,
    /// By the number of the change.
    pub fates: Vec<(usize, Fate)>,
}

/// An intention together with what became of its changes.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The run that it is of.
    pub run: String,
    pub number: usize,
    pub intention: Intention,
    /// One for each change.
    pub fates: Vec<Fate>,
}

impl Recorded {
    /// The host whose play it belongs to.
    pub fn owner(&self) -> &str {
        let behalf = self.intention.behalf.as_deref();
        behalf.unwrap_or(&self.intention.host)
    }
}

impl Intention {
    /// What may be shown of its changes.
    pub fn shown(&self) -> Vec<Change> {
        let secrets = Secrets::default();
        for secret in &self.secrets {
            secrets.learn_text(secret.expose());
        }
        let mut changes = secrets.anything(self.changes.clone());
        if self.hidden {
            for change in &mut changes {
                "(hidden)".clone_into(&mut change.resource);
            }
        }
        changes
    }
}

/// Secrets are written in clear nowhere but here: an intention is sealed before it reaches the disk.
mod sealed {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::secret::Secret;

    pub(super) fn serialize<S: Serializer>(
        secrets: &BTreeSet<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(secrets.iter().map(Secret::expose))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Secret>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Ok(texts.into_iter().map(Secret::new).collect())
    }
}

/// Where changes are recorded before they are made.
pub trait Journal: Send + Sync {
    /// Records what is about to be done, with its inverse, and returns only when that is on disk: the number of the
    /// first of these intentions.
    ///
    /// # Errors
    /// When it cannot be recorded; the host is then left as it is.
    fn intend(&self, intentions: &[Intention]) -> std::io::Result<usize>;

    /// Records what became of changes of this run.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn became(&self, became: &[Became]) -> std::io::Result<()>;

    /// Records that changes of this or an earlier run have been taken back, or made once more.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn taken_back(&self, origins: &[Origin], fate: Fate) -> std::io::Result<()>;

    /// What this run has recorded so far, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn recorded(&self) -> std::io::Result<Vec<Recorded>>;

    /// The run's name.
    fn run(&self) -> &str;

    /// Whether another run is this journal's and known to be dead.
    fn is_dead(&self, _run: &str) -> bool {
        false
    }
}

/// Records nothing: for plans, which change nothing.
pub struct NoJournal;

impl Journal for NoJournal {
    fn intend(&self, _: &[Intention]) -> std::io::Result<usize> {
        Ok(0)
    }

    fn became(&self, _: &[Became]) -> std::io::Result<()> {
        Ok(())
    }

    fn taken_back(&self, _: &[Origin], _: Fate) -> std::io::Result<()> {
        Ok(())
    }

    fn recorded(&self) -> std::io::Result<Vec<Recorded>> {
        Ok(Vec::new())
    }

    fn run(&self) -> &'static str {
        ""
    }
}
