//! A playbook and an inventory of local hosts, loaded as the program loads them, and the context of a run over them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cachesmith::engine::context::Context;
use cachesmith::engine::freeze::Freezes;
use cachesmith::engine::leases::Leases;
use cachesmith::engine::notes::RunOnHost;
use cachesmith::engine::peers::Peers;
use cachesmith::engine::permit::Exact;
use cachesmith::engine::sessions::{Reach, Sessions};
use cachesmith::engine::walk::Tags;
use cachesmith::journal::NoJournal;
use cachesmith::load;
use cachesmith::load::library::Library;
use cachesmith::model::event::{Event, HostReport, Mode};
use cachesmith::model::inventory::Inventory;
use cachesmith::model::playbook::Playbook;
use cachesmith::model::template::Templates;
use cachesmith::model::value::Map;
use cachesmith::rollout::Candidate;
use cachesmith::transport::limits::Limits;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub struct Place {
    pub folder: tempfile::TempDir,
    pub playbook: Playbook,
    templates: Arc<Templates>,
    inventory: Arc<Inventory>,
    names: Vec<String>,
}

impl Place {
    /// `DIR` in the playbook stands for the folder.
    pub fn new(playbook: &str, names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let text = playbook.replace("DIR", &folder.path().display().to_string());
        std::fs::write(path("site.yml"), text).unwrap();
        let hosts: Vec<String> = names
            .iter()
            .map(|name| format!("{name} ansible_connection=local\n"))
            .collect();
        std::fs::write(path("hosts.ini"), hosts.concat()).unwrap();
        let templates = Arc::new(Templates::default());
        let loaded = load::playbook::load(&path("site.yml"), &templates).unwrap();
        let inventory = load::inventory::load(&[path("hosts.ini")], None).unwrap();
        Self {
            folder,
            playbook: loaded.playbook,
            templates,
            inventory: Arc::new(inventory.inventory),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The hosts of each play, in the order in which they are cut into waves.
    pub fn plays(&self) -> Vec<Vec<Candidate>> {
        let hosts: Vec<Candidate> = self.names.iter().map(Candidate::new).collect();
        vec![hosts; self.playbook.plays.len()]
    }

    /// A run that nobody keeps a record of, that holds nothing, and for which no host is frozen; and what it tells.
    pub fn context(&self, mode: Mode) -> (Context, UnboundedReceiver<Event>) {
        let (events, told) = unbounded_channel();
        let (inventory, templates) = (&self.inventory, &self.templates);
        let extra: Arc<Map> = Arc::default();
        let peers = Peers::new(
            Arc::clone(inventory),
            Arc::clone(&extra),
            Arc::clone(templates),
        );
        let sessions = Sessions::new(
            Arc::clone(inventory),
            Arc::clone(templates),
            Arc::clone(&extra),
            Limits::new(1),
            Reach::AsInventory,
        );
        let folder = self.folder.path().to_owned();
        let context = Context {
            mode,
            inventory: Arc::clone(inventory),
            templates: Arc::clone(templates),
            resources: Arc::new(Library::new(Arc::clone(templates), folder)),
            extra,
            shared: Arc::default(),
            peers: Arc::new(peers),
            tags: Tags::default(),
            detail: 0,
            sessions,
            exact: Exact::default(),
            leases: Leases::default(),
            events,
            journal: Arc::new(NoJournal),
            run: RunOnHost::default(),
            magic: Map::new(),
            script_limit: Duration::from_secs(4 * 3600),
            topology: std::sync::RwLock::default(),
            freezes: Freezes::default(),
            person: None,
            interrupted: tokio::sync::watch::Sender::new(false),
        };
        (context, told)
    }
}

/// How the hosts ended, by their names.
pub fn ended(told: &mut UnboundedReceiver<Event>) -> Vec<HostReport> {
    let mut ended = Vec::new();
    while let Ok(event) = told.try_recv() {
        if let Event::HostEnded(report) = event {
            ended.push(report);
        }
    }
    ended.sort_by(|left, right| left.host.cmp(&right.host));
    ended
}
