//! What the engine asks of a journal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::redaction::Secrets;
use crate::model::secret::Secret;

/// What is about to be done, with its inverse.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intention {
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    pub task: String,
    pub changes: Vec<Change>,
    /// Whether `no_log` hides what is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// The secrets that stand in the changes: whoever shows them hides these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty", with = "sealed")]
    pub secrets: BTreeSet<Secret>,
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
    /// Records what is about to be done, with its inverse, and returns only when that is on disk.
    ///
    /// # Errors
    /// When it cannot be recorded; the host is then left as it is.
    fn intend(&self, intention: &Intention) -> std::io::Result<()>;

    /// Whether another run is this journal's and known to be dead.
    fn is_dead(&self, _run: &str) -> bool {
        false
    }
}

/// Records nothing: for plans, which change nothing.
pub struct NoJournal;

impl Journal for NoJournal {
    fn intend(&self, _: &Intention) -> std::io::Result<()> {
        Ok(())
    }
}
