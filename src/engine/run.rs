//! All plays over all hosts: waves, the failure budget, and what is told at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinError;

use super::context::Context;
use super::host::{self, Carried, Ended, HostPlay};
use super::once::Board;
use super::topology;
use super::walk::{Setting, Target};
use crate::error::Result;
use crate::model::event::{
    Counts, Event, FailedOver, HostReport, HostStatus, Mode, RunEnded, ShownFailure,
};
use crate::model::inventory::Inventory;
use crate::model::inventory::pattern::Patterns;
use crate::model::playbook::{Play, Playbook};
use crate::model::template::{Evaluated, Layer, Scope};
use crate::model::value::{Map, Value};
use crate::rollout::{Budget, apart, waves};

/// What is left to say when all plays are over.
#[derive(Debug, Default)]
pub struct Summary {
    pub counts: Counts,
    pub failed: BTreeSet<String>,
    pub unreachable: BTreeSet<String>,
    pub interrupted: BTreeSet<String>,
    pub not_reached: BTreeSet<String>,
    pub changed: BTreeSet<String>,
    pub hosts: BTreeSet<String>,
    pub longest_stall: Option<FailedOver>,
}

/// The hosts of a play, by name, in the inventory's order.
///
/// # Errors
/// A pattern that matches nothing, with the nearest names.
pub fn hosts_of(
    inventory: &Inventory,
    play: &Play,
    limit: Option<&Patterns>,
) -> Result<Vec<String>> {
    let patterns = Patterns::from_node(&play.hosts)?;
    let hosts = inventory.select_limited(&patterns, limit)?;
    Ok(hosts
        .into_iter()
        .map(|host| host.name().to_owned())
        .collect())
}

/// Leads all hosts through all plays.
pub async fn run(
    context: Arc<Context>,
    playbook: &Playbook,
    plays: Vec<Vec<String>>,
    forks: usize,
) -> Summary {
    let mut summary = Summary::default();
    let mut carried: HashMap<String, Carried> = HashMap::new();
    let places_at_once = Arc::new(Semaphore::new(forks.max(1)));
    for (index, (play, hosts)) in playbook.plays.iter().zip(plays).enumerate() {
        summary.hosts.extend(hosts.iter().cloned());
        let hosts: Vec<String> = hosts
            .into_iter()
            .filter(|host| !summary.is_out(host))
            .collect();
        if hosts.is_empty() {
            continue;
        }
        if context.is_interrupted() {
            break;
        }
        context.tell(Event::PlayStarted {
            play: index,
            name: play.name.clone(),
            hosts: hosts.clone(),
        });
        let mut places = None;
        if play.topology && context.mode != Mode::Verify {
            let (known, order) =
                topology::survey(&context, play, index, &hosts, &mut carried, forks).await;
            context.know_topology(known);
            let groups = order.into_iter().map(|place| (place.host, place.group));
            places = Some(groups.collect::<Vec<_>>());
        }
        // Waves are for changes; what only looks may look everywhere at once.
        let waves = match context.mode {
            Mode::Apply => match places {
                Some(places) => apart(&places, &play.serial),
                None => waves(&hosts, &play.serial),
            },
            Mode::Plan | Mode::Verify => vec![hosts],
        };
        let of = waves.len();
        for (number, wave) in waves.iter().enumerate() {
            if of > 1 {
                context.tell(Event::WaveStarted {
                    play: index,
                    number: number + 1,
                    of,
                    hosts: wave.clone(),
                });
            }
            let ended = lead_wave(&context, play, index, wave, &mut carried, &places_at_once).await;
            let mut budget =
                Budget::new(wave.len(), play.max_fail_percentage, play.any_errors_fatal);
            let ends_play = ended.iter().any(|host| host.ends_play);
            for host in ended {
                budget.count(host.report.status != HostStatus::Done);
                summary.add(host, &mut carried);
            }
            // What only looks looks at every host: stopping early would tell too little.
            if let Some(reason) = budget.spent().filter(|_| context.mode == Mode::Apply) {
                let rest: Vec<String> = waves[number + 1..].concat();
                if !rest.is_empty() || index + 1 < playbook.plays.len() {
                    context.tell(Event::Stopped { reason });
                }
                summary.not_reached.extend(rest);
                return summary;
            }
            if ends_play {
                break;
            }
        }
        if index + 1 < playbook.plays.len() {
            context.peers.know(&carried);
        }
    }
    summary
}

/// Leads the hosts of one wave side by side.
async fn lead_wave(
    context: &Arc<Context>,
    play: &Arc<Play>,
    index: usize,
    wave: &[String],
    carried: &mut HashMap<String, Carried>,
    forks: &Arc<Semaphore>,
) -> Vec<Ended> {
    let board = Arc::new(Board::new(wave));
    let mut hosts = tokio::task::JoinSet::new();
    let wave_names = Value::List(wave.iter().map(|host| host.as_str().into()).collect());
    let mut places = HashMap::new();
    for (position, host) in wave.iter().enumerate() {
        let context = Arc::clone(context);
        let play = Arc::clone(play);
        let presence = board.presence(host);
        let board = Arc::clone(&board);
        // Taken in the wave's order: who waits for a `run_once` task waits for a host that has its place already.
        let place = Arc::clone(forks).acquire_owned().await.ok();
        let host = host.clone();
        let before = carried.remove(&host).unwrap_or_default();
        let memory = host::memory(before.variables);
        let wave_names = wave_names.clone();
        let task = hosts.spawn(async move {
            let (_place, _presence) = (place, presence);
            let (setting, connection) = setting(&context, &play, index, &host, &wave_names);
            HostPlay::new(&context, setting, memory, before.facts, connection, &board)
                .run()
                .await
        });
        places.insert(task.id(), position);
    }
    let mut ended: BTreeMap<usize, Ended> = BTreeMap::new();
    while let Some(joined) = hosts.join_next_with_id().await {
        let (id, host) = match joined {
            Ok((id, host)) => (id, Ok(host)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(position) = places.get(&id) else {
            continue;
        };
        let host = host.unwrap_or_else(|error| broken(context, index, &wave[*position], error));
        ended.insert(*position, host);
    }
    ended.into_values().collect()
}

/// A host on whose way the engine itself broke: it has failed, and the reason is ours.
fn broken(context: &Context, play: usize, host: &str, error: JoinError) -> Ended {
    let words = match error.try_into_panic() {
        Ok(payload) => payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    let report = HostReport {
        host: host.to_owned(),
        play,
        status: HostStatus::Failed,
        counts: Counts::default(),
        failure: Some(ShownFailure {
            message: format!("Cachesmith itself failed while it worked on this host: {words}"),
            help: vec![
                "this is a mistake in Cachesmith: please report it, with these words and the playbook"
                    .to_owned(),
                "the next run finds out how far this one came".to_owned(),
            ],
        }),
        pending_handlers: Vec::new(),
        connections: 0,
        round_trips: 0,
    };
    context.tell(Event::HostEnded(report.clone()));
    Ended {
        report,
        ends_play: false,
        carried: Carried::default(),
        changed: true,
        longest_stall: None,
    }
}

/// What stays the same for a host in a play.
pub(super) fn setting(
    context: &Context,
    play: &Arc<Play>,
    index: usize,
    host: &str,
    wave: &Value,
) -> (Setting, Option<String>) {
    let known = context.inventory.host(host);
    let inventory = known
        .map(|host| context.inventory.variables(host))
        .unwrap_or_default();
    let mut magic: Map = context.magic.clone();
    if let Some(known) = known {
        magic.extend(context.inventory.magic(known));
    } else {
        magic.insert("inventory_hostname".to_owned(), host.into());
        magic.insert("inventory_hostname_short".to_owned(), host.into());
        magic.insert("group_names".to_owned(), Value::List(Vec::new()));
    }
    magic.insert("ansible_play_name".to_owned(), play.name.as_str().into());
    magic.insert(
        "playbook_dir".to_owned(),
        play.folder.display().to_string().into(),
    );
    for name in ["ansible_play_hosts", "ansible_play_batch", "play_hosts"] {
        magic.insert(name.to_owned(), wave.clone());
    }
    magic.insert(
        "ansible_role_names".to_owned(),
        Value::List(
            play.role_names
                .iter()
                .map(|name| name.as_str().into())
                .collect(),
        ),
    );
    let magic = Arc::new(magic);
    let scope = Scope::new(
        Arc::clone(&context.templates),
        vec![
            Layer::templated(Arc::clone(&inventory)),
            Layer::templated(Arc::clone(&play.vars)),
            Layer::raw(Arc::clone(&magic)),
            Layer::templated(Arc::clone(&context.extra)),
        ],
        Arc::clone(&context.shared),
    );
    let connection = play
        .connection
        .as_ref()
        .and_then(|node| scope.node(node).ok())
        .and_then(|value| value.scalar_text());
    let mut setting = Setting {
        mode: context.mode,
        play_index: index,
        play: Arc::clone(play),
        host: host.to_owned(),
        facts_target: Target {
            host: host.to_owned(),
            account: None,
        },
        inventory,
        magic,
        extra: Arc::clone(&context.extra),
        shared: Arc::clone(&context.shared),
        templates: Arc::clone(&context.templates),
        resources: Arc::clone(&context.resources),
        tags: context.tags.clone(),
        detail: context.detail,
    };
    // Facts are asked as whom the play's tasks run: root sees more.
    if let Ok(Evaluated::Known(target)) = super::walk::target_of(&setting, &play.keywords, &scope)
        && target.host == host
    {
        setting.facts_target = target;
    }
    (setting, connection)
}

impl Summary {
    /// Whether a host has left the run.
    fn is_out(&self, host: &str) -> bool {
        self.failed.contains(host)
            || self.unreachable.contains(host)
            || self.interrupted.contains(host)
    }

    fn add(&mut self, ended: Ended, carried: &mut HashMap<String, Carried>) {
        let host = ended.report.host.clone();
        self.counts.merge(&ended.report.counts);
        match ended.report.status {
            HostStatus::Done => {}
            HostStatus::Failed => {
                self.failed.insert(host.clone());
            }
            HostStatus::Unreachable => {
                self.unreachable.insert(host.clone());
            }
            HostStatus::Interrupted => {
                self.interrupted.insert(host.clone());
            }
        }
        if ended.changed {
            self.changed.insert(host.clone());
        }
        let stall = |failover: &Option<FailedOver>| {
            failover
                .as_ref()
                .map(|failover| failover.stall_milliseconds)
        };
        if stall(&ended.longest_stall) > stall(&self.longest_stall) {
            self.longest_stall = ended.longest_stall;
        }
        carried.insert(host, ended.carried);
    }

    /// Hosts that an interruption kept from being reached at all.
    pub fn note_interruption(&mut self, hosts: impl IntoIterator<Item = String>) {
        for host in hosts {
            if !self.hosts.contains(&host) {
                self.not_reached.insert(host);
            }
        }
    }

    /// The run's last event.
    pub fn event(&self, run: &str, time: String) -> RunEnded {
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect();
        RunEnded {
            run: run.to_owned(),
            time,
            counts: self.counts,
            hosts: self.hosts.len(),
            failed: list(&self.failed),
            unreachable: list(&self.unreachable),
            interrupted: list(&self.interrupted),
            not_reached: list(&self.not_reached),
            changed: list(&self.changed),
            longest_stall: self.longest_stall.clone(),
        }
    }
}
