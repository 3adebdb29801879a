//! What all hosts of a run share.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::freeze::Freezes;
use super::gate::Question;
use super::leases::Leases;
use super::notes::RunOnHost;
use super::peers::Peers;
use super::permit::Exact;
use super::sessions::Sessions;
use super::topology::Known;
use super::walk::Tags;
use crate::journal::Journal;
use crate::model::event::{Event, Mode};
use crate::model::inventory::Inventory;
use crate::model::template::{Shared, Templates};
use crate::model::value::Map;
use crate::module::Resources;

/// Everything that a host's way through a play needs from around it.
pub struct Context {
    pub mode: Mode,
    pub inventory: Arc<Inventory>,
    pub templates: Arc<Templates>,
    pub resources: Arc<dyn Resources>,
    /// Variables from the command line.
    pub extra: Arc<Map>,
    /// `groups` and `hostvars`.
    pub shared: Arc<Shared>,
    /// What is seen as `hostvars`.
    pub peers: Arc<Peers>,
    pub tags: Tags,
    /// How much detail was asked for: how often `-v` was given.
    pub detail: u8,
    pub sessions: Sessions,
    /// Whether this run is held against a saved plan.
    pub exact: Exact,
    /// The hosts that this run holds.
    pub leases: Leases,
    pub events: UnboundedSender<Event>,
    pub journal: Arc<dyn Journal>,
    /// What hosts keep of the run that changed them last.
    pub run: RunOnHost,
    /// Names that every play knows: `ansible_check_mode`, `ansible_managed`, ...
    pub magic: Map,
    /// How long a script may take on a host.
    pub script_limit: Duration,
    /// The servers of the play that is under way, where it asks for them.
    pub topology: RwLock<Option<Arc<Known>>>,
    /// The windows in which hosts are left as they are.
    pub freezes: Freezes,
    /// Who is asked at gates that pause; `None`: they are passed unasked.
    pub person: Option<UnboundedSender<Question>>,
    /// Set when the user wants the run to end.
    pub interrupted: watch::Sender<bool>,
}

impl Context {
    /// Ends the run as soon as what is being done on each host is done. Questions are given up at once.
    pub fn interrupt(&self) {
        self.interrupted.send_replace(true);
    }

    /// The servers of a play, where they are known.
    pub(super) fn topology_of(&self, play: usize) -> Option<Arc<Known>> {
        let known = self.topology.read().unwrap_or_else(PoisonError::into_inner);
        known.clone().filter(|known| known.play() == play)
    }

    pub(super) fn know_topology(&self, known: Arc<Known>) {
        let mut place = self
            .topology
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Some(known);
    }

    pub fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }

    /// Waits for the interruption.
    pub async fn interruption(&self) {
        let mut interrupted = self.interrupted.subscribe();
        // The sender lives as long as the context, so waiting ends only when the value is there.
        let _ = interrupted.wait_for(|value| *value).await;
    }

    /// Tells the views and the journal, without secrets. A run whose views have gone needs no events.
    pub fn tell(&self, event: Event) {
        let _ = self.events.send(self.templates.secrets().anything(event));
    }
}
