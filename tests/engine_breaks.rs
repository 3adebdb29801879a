//! A mistake of our own that ends the work on one host must not be passed over: the host has failed, and says so.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cachesmith::engine::context::Context;
use cachesmith::engine::leases::Leases;
use cachesmith::engine::peers::Peers;
use cachesmith::engine::permit::Exact;
use cachesmith::engine::run;
use cachesmith::engine::sessions::{Reach, Sessions};
use cachesmith::engine::walk::Tags;
use cachesmith::journal::NoJournal;
use cachesmith::load;
use cachesmith::model::event::{Event, HostStatus, Mode};
use cachesmith::model::playbook::{Include, Item};
use cachesmith::model::source::Source;
use cachesmith::model::template::{Template, Templates};
use cachesmith::model::value::Map;
use cachesmith::module::parameters::LocalFile;
use cachesmith::module::{Failure, Resources};
use cachesmith::rollout::Candidate;
use cachesmith::transport::limits::Limits;

/// Breaks when a file is asked for.
struct Broken;

impl Resources for Broken {
    fn template(&self, _: &str, _: &[PathBuf]) -> Result<(Arc<Source>, Arc<Template>), Failure> {
        Err(Failure::new("there is none"))
    }

    fn file(&self, _: &str, _: &[PathBuf]) -> Result<Arc<LocalFile>, Failure> {
        panic!("a file that breaks")
    }

    fn tasks(&self, _: &str, _: &Include) -> Result<Arc<Vec<Item>>, Failure> {
        Err(Failure::new("there are none"))
    }
}

const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  tasks:
    - copy: {src: breaks, dest: /nonexistent/breaks}
      when: inventory_hostname == 'a'
    - debug: {msg: on}
";

#[tokio::test]
async fn a_host_on_whose_way_the_engine_breaks_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("site.yml"), PLAYBOOK).unwrap();
    std::fs::write(path("breaks"), "").unwrap();
    let hosts = "a ansible_connection=local\nb ansible_connection=local\n";
    std::fs::write(path("hosts.ini"), hosts).unwrap();
    let templates = Arc::new(Templates::default());
    let playbook = load::playbook::load(&path("site.yml"), &templates).unwrap();
    let inventory = load::inventory::load(&[path("hosts.ini")], None).unwrap();
    let inventory = Arc::new(inventory.inventory);
    let extra: Arc<Map> = Arc::default();
    let (events, mut told) = tokio::sync::mpsc::unbounded_channel();
    let context = Context {
        mode: Mode::Plan,
        inventory: Arc::clone(&inventory),
        templates: Arc::clone(&templates),
        resources: Arc::new(Broken),
        extra: Arc::clone(&extra),
        shared: Arc::default(),
        peers: Arc::new(Peers::new(
            Arc::clone(&inventory),
            Arc::clone(&extra),
            Arc::clone(&templates),
        )),
        tags: Tags::default(),
        detail: 0,
        sessions: Sessions::new(
            inventory,
            templates,
            extra,
            Limits::new(1),
            Reach::AsInventory,
        ),
        exact: Exact::default(),
        leases: Leases::default(),
        events,
        journal: Arc::new(NoJournal),
        run: cachesmith::engine::notes::RunOnHost::default(),
        magic: Map::new(),
        script_limit: Duration::from_secs(60),
        topology: std::sync::RwLock::default(),
        person: None,
        freezes: Vec::new(),
        interrupted: tokio::sync::watch::Sender::new(false),
    };
    let plays = vec![vec![Candidate::new("a"), Candidate::new("b")]];
    let summary = run::run(Arc::new(context), &playbook.playbook, plays, 2).await;
    assert_eq!(Vec::from_iter(&summary.failed), ["a"]);
    let mut ended = Vec::new();
    while let Ok(event) = told.try_recv() {
        if let Event::HostEnded(report) = event {
            ended.push(report);
        }
    }
    ended.sort_by(|left, right| left.host.cmp(&right.host));
    assert_eq!(ended[1].status, HostStatus::Done);
    assert_eq!(ended[0].status, HostStatus::Failed);
    let failure = ended[0].failure.as_ref().unwrap();
    assert!(
        failure.message.contains("a file that breaks"),
        "{failure:?}"
    );
    assert!(failure.help[0].contains("report"), "{failure:?}");
}
