//! What all hosts of a run share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::sessions::Sessions;
use super::walk::{Resources, Tags};
use crate::model::change::Change;
use crate::model::event::{Event, Mode};
use crate::model::inventory::Inventory;
use crate::model::template::Templates;
use crate::model::value::Map;

/// Everything that a host's way through a play needs from around it.
pub struct Context {
    pub mode: Mode,
    pub inventory: Arc<Inventory>,
    pub templates: Arc<Templates>,
    pub resources: Arc<dyn Resources>,
    /// Variables from the command line.
    pub extra: Arc<Map>,
    /// `groups` and `hostvars`.
    pub shared: Arc<HashMap<String, tera::Value>>,
    pub tags: Tags,
    pub sessions: Sessions,
    pub events: UnboundedSender<Event>,
    pub journal: Arc<dyn Journal>,
    /// Names that every play knows: `playbook_dir`, `ansible_version`, ...
    pub magic: Map,
    /// How long a script may take on a host.
    pub script_limit: Duration,
}

/// Where changes are recorded before they are made.
pub trait Journal: Send + Sync {
    /// Records what is about to be done, with its inverse, and returns only when that is on disk.
    ///
    /// # Errors
    /// When it cannot be recorded; the host is then left as it is.
    fn intend(&self, host: &str, account: Option<&str>, task: &str, changes: &[Change]) -> std::io::Result<()>;
}

/// Records nothing: for plans, which change nothing.
pub struct NoJournal;

impl Journal for NoJournal {
    fn intend(&self, _: &str, _: Option<&str>, _: &str, _: &[Change]) -> std::io::Result<()> {
        Ok(())
    }
}

impl Context {
    /// Tells the views and the journal. A run whose views have gone needs no events.
    pub fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }
}
