//! Running servers: they get back the values that they had before the run.
//!
//! What CONFIG SET brought, CONFIG SET takes back. A restart brought what the file says, and lost what somebody had set
//! in the server alone; that is set again too. The order is the safe one of any change of a server, not the reverse of
//! what was done: a policy before the limit that makes it evict.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;

use super::decide::{Leave, MOVED, Verdict};
use super::made::{Answers, Made};
use super::running::{self, Now};
use crate::journal::{Fate, Origin, ServerBefore};
use crate::model::change::{Change, Undo};
use crate::model::probe::{Probe, RedisAddress};
use crate::model::step::{Action, Step};
use crate::redis::conf::{Apply, Document, Effective, drift, in_safe_order};
use crate::redis::config_get;

/// Whom a server follows is the business of failovers, not of configuration.
const LEFT_ALONE: &[&str] = &["replicaof", "slaveof"];

/// Whether a change was made in a running server.
pub(super) fn is_live(change: &Change) -> bool {
    addresses(&change.steps).next().is_some()
}

fn addresses(steps: &[Step]) -> impl Iterator<Item = &RedisAddress> {
    steps.iter().filter_map(|step| match &step.action {
        Action::ConfigSet { address, .. } | Action::LowerMaxmemory { address, .. } => Some(address),
        _ => None,
    })
}

/// What has to be asked about the servers that a change may have reached.
pub(super) fn questions(made: &Made<'_>) -> Vec<Probe> {
    let undo = match &made.change.undo {
        Undo::Steps(steps) => steps.as_slice(),
        _ => &[],
    };
    let servers = made.recorded.intention.servers.iter();
    let mut probes: Vec<Probe> = servers
        .map(|server| &server.address)
        .chain(addresses(&made.change.steps))
        .chain(addresses(undo))
        .map(|address| Probe::Redis(address.clone()))
        .collect();
    if !probes.is_empty() {
        probes.push(running::guards());
    }
    probes
}

/// One server, as it was and as it is.
pub(super) struct Server<'r> {
    before: IndexMap<String, String>,
    run_id: &'r str,
    /// The last change that may have reached it.
    last: Made<'r>,
    /// Directives that the run set, each with all values that the run knows of it.
    touched: IndexMap<String, BTreeSet<String>>,
    /// Directives that may have any value between two: a lowering was stopped.
    open: HashSet<String>,
    origins: Vec<Origin>,
    /// `None`: it does not answer.
    now: Option<Now>,
    taken: bool,
    /// Directives that only a restart brings back, for a person.
    pub(super) pending: Vec<String>,
}

/// All servers of a host that the run may have reached, by their places.
pub(super) struct Servers<'r> {
    servers: IndexMap<String, Server<'r>>,
    /// The configuration files that the run wrote, as it left them.
    files: IndexMap<&'r str, Effective>,
    leave: Leave,
}

impl<'r> Servers<'r> {
    pub(super) fn of(made: &[Made<'r>], answers: &Answers, leave: &Leave) -> Self {
        let mut servers: IndexMap<String, Server<'r>> = IndexMap::new();
        let mut known: Vec<(String, IndexMap<String, String>)> = Vec::new();
        let mut files = IndexMap::new();
        for made in made {
            for before in &made.recorded.intention.servers {
                let config = config_get::parse(&before.config).unwrap_or_default();
                let place = before.address.place();
                known.push((place.clone(), config.clone()));
                servers
                    .entry(place)
                    .or_insert_with(|| Server::of(before, config, *made))
                    .last = *made;
            }
            for (place, set) in set_by(made.change) {
                let Some(server) = servers.get_mut(&place) else {
                    continue;
                };
                server.origins.push(made.origin());
                for (name, value) in set {
                    if made.fate != Fate::Done && name == "maxmemory" {
                        server.open.insert(name.clone());
                    }
                    server.touched.entry(name).or_default().insert(value);
                }
            }
            for step in &made.change.steps {
                if let Action::WriteFile { path, content, .. } = &step.action {
                    let document = Document::parse(content.as_bytes());
                    files.insert(path.as_str(), Effective::of_document(&document));
                }
            }
        }
        for (place, config) in known {
            if let Some(server) = servers.get_mut(&place) {
                for (name, values) in &mut server.touched {
                    values.extend(config.get(name).cloned());
                }
            }
        }
        for (place, server) in &mut servers {
            server.now = Now::find(asked_at(place, made), answers);
        }
        Self {
            servers,
            files,
            leave: leave.clone(),
        }
    }

    pub(super) fn at(&self, place: &str) -> Option<&Server<'r>> {
        self.servers.get(place)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Server<'r>> {
        self.servers.values()
    }

    /// Whether what a server was before is known.
    pub(super) fn knows(&self, change: &Change) -> bool {
        addresses(&change.steps).all(|address| self.servers.contains_key(&address.place()))
    }

    /// The server that a change was made in gets back what it had.
    pub(super) fn take(&mut self, made: &Made<'r>, verdict: &mut Verdict<'r>) {
        for address in addresses(&made.change.steps) {
            if let Some(server) = self.servers.get_mut(&address.place()) {
                server.take(made, &self.files, &self.leave, verdict);
            }
        }
    }

    /// And so do those that were only restarted.
    pub(super) fn take_rest(&mut self, verdict: &mut Verdict<'r>) {
        for server in self.servers.values_mut() {
            let last = server.last;
            server.take(&last, &self.files, &self.leave, verdict);
        }
    }
}

/// What a change set in which server.
fn set_by(change: &Change) -> Vec<(String, Vec<(String, String)>)> {
    let sets = change.steps.iter().filter_map(|step| match &step.action {
        Action::ConfigSet {
            address, settings, ..
        } => {
            let values = settings
                .iter()
                .map(|setting| (setting.name.clone(), setting.value.to_lossy().into_owned()));
            Some((address.place(), values.collect()))
        }
        Action::LowerMaxmemory { address, pace } => Some((
            address.place(),
            vec![("maxmemory".to_owned(), pace.to.to_string())],
        )),
        _ => None,
    });
    sets.collect()
}

/// The addresses at which the run knew the server at a place.
pub(super) fn asked_at(place: &str, made: &[Made<'_>]) -> Vec<Probe> {
    let of_place = made.iter().filter(|made| {
        let servers = made.recorded.intention.servers.iter();
        addresses(&made.change.steps)
            .chain(servers.map(|server| &server.address))
            .any(|address| address.place() == place)
    });
    of_place.flat_map(questions).collect()
}

impl<'r> Server<'r> {
    fn of(before: &'r ServerBefore, config: IndexMap<String, String>, made: Made<'r>) -> Self {
        Self {
            before: config,
            run_id: &before.run_id,
            last: made,
            touched: IndexMap::new(),
            open: HashSet::new(),
            origins: Vec::new(),
            now: None,
            taken: false,
            pending: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Option<&Now> {
        self.now.as_ref()
    }

    pub(super) fn last(&self) -> &Made<'r> {
        &self.last
    }

    /// Whether it has been started since what is known of it from before the run.
    pub(super) fn was_restarted(&self) -> bool {
        self.now
            .as_ref()
            .is_none_or(|now| now.info.text("run_id") != Some(self.run_id))
    }

    /// Whether what it held before the run is there again after a restart.
    pub(super) fn keeps_data(&self) -> bool {
        let is = |name: &str, value: &str| self.before.get(name).is_some_and(|is| is == value);
        is("appendonly", "yes") || self.before.get("save").is_some_and(|save| !save.is_empty())
    }

    fn take(
        &mut self,
        made: &Made<'r>,
        files: &IndexMap<&str, Effective>,
        leave: &Leave,
        verdict: &mut Verdict<'r>,
    ) {
        if std::mem::replace(&mut self.taken, true) {
            return;
        }
        let Some(now) = &self.now else {
            if !self.touched.is_empty() && !leave.restarted {
                verdict.lose(
                    made,
                    "the server does not answer: once it runs it has what its file says".to_owned(),
                );
            }
            return;
        };
        let guard_goes = verdict
            .takes
            .iter()
            .any(|take| take.change.resource.starts_with("unit cachesmith-guard@"));
        let held = |name: &str| !guard_goes && now.is_held(name);
        if !leave.force {
            for (name, known) in &self.touched {
                let is_open = self.open.contains(name)
                    || leave.restarted
                    || held(name)
                    || guard_goes && name == "maxmemory";
                if !is_open && !known.iter().any(|value| now.has(name, value)) {
                    verdict.refuse(
                        made,
                        format!("{name} of the server at {}", now.address.place()),
                        MOVED,
                    );
                }
            }
        }
        let names = self.names(now, files, leave);
        let names: Vec<&String> = names.into_iter().filter(|name| !held(name)).collect();
        let wanted = Effective::of_config_get(
            names
                .iter()
                .map(|name| (name.as_str(), self.before[*name].as_str())),
        );
        let server = now.info.server();
        let differences = drift(&wanted, &now.effective, server.as_ref());
        let mut live = Vec::new();
        for change in in_safe_order(&differences) {
            match change.apply {
                Apply::Nothing => {}
                Apply::Live => live.push(change),
                Apply::Restart => self.pending.push(format!(
                    "{} {} -> {}",
                    change.directive,
                    change.before.as_deref().unwrap_or("not set"),
                    change.after.as_deref().unwrap_or("not set")
                )),
            }
        }
        now.restore(made, &live, &wanted, &self.origins, leave, verdict);
    }

    /// The directives that are to be as they were: what the run set, and where the server has been restarted, what is
    /// as its file says now and was something else before.
    fn names(&self, now: &Now, files: &IndexMap<&str, Effective>, leave: &Leave) -> Vec<&String> {
        let restarted = self.was_restarted();
        let file = now
            .info
            .text("config_file")
            .and_then(|path| files.get(path));
        self.before
            .keys()
            .filter(|name| !LEFT_ALONE.contains(&name.as_str()))
            .filter(|name| {
                self.touched.contains_key(*name)
                    || restarted && (leave.restarted || now.is_as_started(name, file))
            })
            .collect()
    }
}
