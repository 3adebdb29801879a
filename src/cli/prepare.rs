//! What several commands prepare alike: inventories, variables, the context of a run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, UnboundedSender};

use super::args::{ConnectionArgument, HostArguments};
use crate::engine::candidates::Before;
use crate::engine::context::Context;
use crate::engine::freeze::Freezes;
use crate::engine::gate::Question;
use crate::engine::leases::Leases;
use crate::engine::notes::RunOnHost;
use crate::engine::peers::Peers;
use crate::engine::permit::Exact;
use crate::engine::sessions::{Reach, Sessions};
use crate::engine::walk::Tags;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{self, Journal, NoJournal, under_way};
use crate::load;
use crate::load::library::Library;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::{Event, Mode};
use crate::model::inventory::Inventory;
use crate::model::inventory::pattern::Patterns;
use crate::model::playbook::Play;
use crate::model::redaction::Secrets;
use crate::model::template::{Shared, Templates};
use crate::model::value::{Map, Value};
use crate::transport::limits::Limits;

/// A script may take this long on a host, unless a task's `timeout` says otherwise for its program.
const SCRIPT_LIMIT: Duration = Duration::from_secs(4 * 3600);

/// What carries a run.
pub(super) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Local,
                vec![Diagnostic::error(format!("cannot start: {error}"))],
            )
        })
}

/// Hosts and variables as the user named them.
pub(super) struct Hosts {
    pub(super) inventory: Arc<Inventory>,
    pub(super) limit: Option<Patterns>,
    /// The limit as it was written.
    pub(super) limit_text: Option<String>,
    pub(super) forks: usize,
    pub(super) extra: Arc<Map>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) reach: Reach,
    /// How long connections are kept when nobody uses them, if they are.
    pub(super) persist: Option<Duration>,
}

impl Hosts {
    /// Names with what tells their machines from others, before they are connected to.
    pub(super) fn machines<'n>(
        &self,
        templates: &Arc<Templates>,
        names: impl IntoIterator<Item = &'n String>,
    ) -> under_way::Hosts {
        let sessions = self.sessions(templates, 1);
        let names = names.into_iter();
        names
            .map(|name| (name.clone(), sessions.machine(name)))
            .collect()
    }

    fn sessions(&self, templates: &Arc<Templates>, connecting: usize) -> Sessions {
        Sessions::new(
            Arc::clone(&self.inventory),
            Arc::clone(templates),
            Arc::clone(&self.extra),
            match self.persist {
                Some(time) => Limits::keeping(connecting, time),
                None => Limits::new(connecting),
            },
            self.reach.clone(),
        )
    }

    /// The names of the hosts that a pattern of the command line selects, within the limit.
    ///
    /// # Errors
    /// Where the pattern is none, or matches nothing.
    pub(super) fn named(&self, pattern: &str) -> Result<Vec<String>> {
        let patterns = Patterns::parse(pattern)?;
        let selected = self
            .inventory
            .select_limited(&patterns, self.limit.as_ref())?;
        Ok(selected
            .into_iter()
            .map(|host| host.name().to_owned())
            .collect())
    }
}

/// Loads inventories, limit and extra variables.
pub(super) fn hosts(arguments: &HostArguments, playbook_folder: Option<&Path>) -> Result<Hosts> {
    let no_inventory = arguments.inventory.is_empty();
    let sources = if no_inventory {
        vec!["localhost,".to_owned()]
    } else {
        arguments.inventory.clone()
    };
    let loaded = load::inventory::load(&sources, playbook_folder);
    let limit = arguments
        .limit
        .as_deref()
        .map(load::inventory::read_limit)
        .transpose();
    let extra = load::extra_variables::read(&arguments.extra_vars);
    // All three are read before any is refused, so that one run tells all that is wrong.
    let (loaded, limit, extra) = match (loaded, limit, extra) {
        (Ok(loaded), Ok(limit), Ok(extra)) => (loaded, limit, extra.to_map()),
        (loaded, limit, extra) => {
            let errors = [loaded.err(), limit.err(), extra.err()];
            let diagnostics = errors
                .into_iter()
                .flatten()
                .flat_map(|error| error.diagnostics)
                .collect();
            return Err(Error::new(ErrorKind::Input, diagnostics));
        }
    };
    let local = no_inventory && arguments.connection.is_none()
        || arguments.connection == Some(ConnectionArgument::Local);
    Ok(Hosts {
        inventory: Arc::new(loaded.inventory),
        limit,
        limit_text: arguments.limit.clone(),
        forks: arguments.forks,
        extra: Arc::new(extra),
        warnings: loaded.warnings,
        reach: match &arguments.simulation {
            Some(simulation) => Reach::Simulated(simulation.clone()),
            None if local => Reach::Local,
            None => Reach::AsInventory,
        },
        persist: arguments.persist.time(),
    })
}

/// What a run needs beside hosts.
pub(super) struct Wish<'a> {
    pub(super) mode: Mode,
    pub(super) tags: Tags,
    pub(super) detail: u8,
    pub(super) connecting: usize,
    pub(super) playbook_folder: PathBuf,
    pub(super) plays: &'a [Arc<Play>],
    pub(super) freezes: Freezes,
    /// Who is asked at gates that pause.
    pub(super) person: Option<UnboundedSender<Question>>,
    /// What hosts keep of the run, beside its name.
    pub(super) what: String,
    /// Whether it is held against a saved plan.
    pub(super) exact: Exact,
}

/// What can be known of hosts before they are asked anything.
pub(super) fn before(hosts: &Hosts, templates: &Arc<Templates>) -> Before {
    let peers = Peers::new(
        Arc::clone(&hosts.inventory),
        Arc::clone(&hosts.extra),
        Arc::clone(templates),
    );
    Before {
        inventory: Arc::clone(&hosts.inventory),
        templates: Arc::clone(templates),
        extra: Arc::clone(&hosts.extra),
        shared: Arc::new(shared(&hosts.inventory, Arc::new(peers))),
    }
}

/// The context of a command that asks hosts and runs nothing on them.
pub(super) fn context_to_ask(
    hosts: &Hosts,
    templates: &Arc<Templates>,
    connecting: usize,
    playbook_folder: PathBuf,
    plays: &[Arc<Play>],
) -> Context {
    let wish = Wish {
        mode: Mode::Plan,
        tags: Tags::default(),
        detail: 0,
        connecting,
        playbook_folder,
        plays,
        freezes: Freezes::default(),
        person: None,
        what: String::new(),
        exact: Exact::default(),
    };
    // Nobody hears of events: there are none.
    let (events, _) = mpsc::unbounded_channel();
    context(hosts, templates, wish, events, Arc::new(NoJournal))
}

/// Puts together what all hosts of a run share.
pub(super) fn context(
    hosts: &Hosts,
    templates: &Arc<Templates>,
    wish: Wish<'_>,
    events: UnboundedSender<Event>,
    journal: Arc<dyn Journal>,
) -> Context {
    let sessions = hosts.sessions(templates, wish.connecting);
    let peers = Arc::new(Peers::new(
        Arc::clone(&hosts.inventory),
        Arc::clone(&hosts.extra),
        Arc::clone(templates),
    ));
    learn_secrets(hosts, wish.plays, templates.secrets());
    let mut magic = Map::new();
    // A playbook that asks gets the same answer in a plan and in an apply: that is what makes a plan true.
    magic.insert("ansible_check_mode".to_owned(), Value::Bool(false));
    magic.insert(
        "ansible_verbosity".to_owned(),
        i64::from(wish.detail).into(),
    );
    magic.insert("ansible_diff_mode".to_owned(), Value::Bool(true));
    magic.extend(asked_for(hosts, &wish.tags));
    magic.insert("ansible_managed".to_owned(), "Managed by Cachesmith".into());
    magic.insert(
        "cachesmith_version".to_owned(),
        env!("CARGO_PKG_VERSION").into(),
    );
    let run = RunOnHost {
        run: journal.run().to_owned(),
        by: journal::user_and_machine(),
        what: wish.what,
    };
    // Who only looks holds nobody up.
    let leases = match wish.mode {
        Mode::Apply => Leases::new(run.clone()),
        Mode::Plan | Mode::Verify => Leases::default(),
    };
    Context {
        mode: wish.mode,
        run,
        inventory: Arc::clone(&hosts.inventory),
        templates: Arc::clone(templates),
        resources: Arc::new(Library::new(Arc::clone(templates), wish.playbook_folder)),
        extra: Arc::clone(&hosts.extra),
        shared: Arc::new(shared(&hosts.inventory, Arc::clone(&peers) as _)),
        peers,
        tags: wish.tags,
        detail: wish.detail,
        sessions,
        exact: wish.exact,
        leases,
        events,
        journal,
        magic,
        script_limit: SCRIPT_LIMIT,
        topology: RwLock::default(),
        freezes: wish.freezes,
        person: wish.person,
        interrupted: tokio::sync::watch::Sender::new(false),
    }
}

/// What the command line said, as Ansible names it. `ansible_limit` is there only where there is one.
fn asked_for(hosts: &Hosts, tags: &Tags) -> Map {
    let list =
        |words: &[String]| Value::List(words.iter().map(|word| word.as_str().into()).collect());
    let only = match tags.only.as_slice() {
        [] => list(&["all".to_owned()]),
        words => list(words),
    };
    let mut map = Map::from_iter([
        ("ansible_run_tags".to_owned(), only),
        ("ansible_skip_tags".to_owned(), list(&tags.skip)),
        (
            "ansible_forks".to_owned(),
            Value::from(u64::try_from(hosts.forks).unwrap_or(u64::MAX)),
        ),
    ]);
    if let Some(limit) = &hosts.limit_text {
        map.insert("ansible_limit".to_owned(), limit.as_str().into());
    }
    map
}

/// Learns the secrets among all variables that people wrote.
fn learn_secrets(hosts: &Hosts, plays: &[Arc<Play>], secrets: &Secrets) {
    for host in hosts.inventory.hosts() {
        secrets.learn(&hosts.inventory.variables(host));
    }
    secrets.learn(&hosts.extra);
    for play in plays {
        load::playbook::secrets::of_play(play, secrets);
    }
}

/// `groups` and `hostvars`.
fn shared(inventory: &Inventory, peers: Arc<Peers>) -> Shared {
    let groups = tera::Value::from_serializable(&*inventory.group_map());
    Shared {
        values: HashMap::from([("groups".to_owned(), groups)]),
        peers: Some(peers),
    }
}
