//! All plays over all hosts: waves, the failure budget, and what is told at the end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::context::Context;
use super::host::{Carried, Ended};
use super::leases;
use super::names::Names;
use super::rolling::Rolling;
use super::topology;
use super::walk::{Setting, Target};
use crate::error::Result;
use crate::model::event::{Counts, Event, FailedOver, HostStatus, Mode, RunEnded};
use crate::model::inventory::Inventory;
use crate::model::inventory::pattern::Patterns;
use crate::model::playbook::{Play, Playbook};
use crate::model::template::{Evaluated, Layer, Scope};
use crate::model::value::{Map, Value};
use crate::rollout::{Candidate, waves};

/// What is left to say when all plays are over.
#[derive(Debug, Default)]
pub struct Summary {
    pub counts: Counts,
    pub failed: BTreeSet<String>,
    pub unreachable: BTreeSet<String>,
    pub interrupted: BTreeSet<String>,
    /// Nothing was done on these, because somebody else keeps them or they have moved since they were planned.
    pub refused: BTreeSet<String>,
    pub not_reached: BTreeSet<String>,
    pub changed: BTreeSet<String>,
    pub hosts: BTreeSet<String>,
    pub longest_stall: Option<FailedOver>,
    /// The user ended the run before it had come to all hosts.
    pub cut_short: bool,
    /// It was stopped before its end.
    pub stopped: bool,
    /// Whether all was taken back that the playbook wanted taken back; `None`: nothing was to be.
    pub rollback: Option<bool>,
    /// Hosts of which all was taken back.
    pub rolled_back: BTreeSet<String>,
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

/// Leads all hosts through all plays, and holds those that are changed meanwhile. `plays`: the hosts of each, in the
/// order in which they are cut into waves.
pub async fn run(
    context: Arc<Context>,
    playbook: &Playbook,
    plays: Vec<Vec<Candidate>>,
    forks: usize,
) -> Summary {
    for (index, hosts) in plays.iter().enumerate() {
        context
            .leases
            .expect(index, hosts.iter().map(|host| host.name.as_str()));
    }
    let keeper = tokio::spawn(leases::keep(Arc::clone(&context)));
    let summary = lead(Arc::clone(&context), playbook, plays, forks).await;
    keeper.abort();
    leases::give_back_all(&context).await;
    summary
}

async fn lead(
    context: Arc<Context>,
    playbook: &Playbook,
    plays: Vec<Vec<Candidate>>,
    forks: usize,
) -> Summary {
    let mut summary = Summary::default();
    let mut carried: HashMap<String, Carried> = HashMap::new();
    let run_hosts = plays
        .iter()
        .flatten()
        .map(|host| host.name.as_str())
        .collect::<HashSet<_>>()
        .len();
    for (index, (play, hosts)) in playbook.plays.iter().zip(plays).enumerate() {
        summary
            .hosts
            .extend(hosts.iter().map(|host| host.name.clone()));
        let all: Vec<String> = hosts.iter().map(|host| host.name.clone()).collect();
        let hosts: Vec<Candidate> = hosts
            .into_iter()
            .filter(|host| !summary.is_out(&host.name))
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
            hosts: hosts.iter().map(|host| host.name.clone()).collect(),
        });
        let hosts = if play.topology && context.mode != Mode::Verify {
            topology::arrange(&context, play, index, hosts, &mut carried, forks).await
        } else {
            hosts
        };
        let mut rolling = Rolling {
            context: &context,
            play,
            index,
            forks: forks.max(1),
            names: Names {
                left: hosts.iter().map(|host| host.name.clone()).collect(),
                all,
            },
            carried: &mut carried,
            summary: &mut summary,
            before: HashMap::new(),
        };
        let waves = waves(&hosts, &play.rolling.serial);
        let ended = match context.mode {
            Mode::Apply => rolling.apply(waves, run_hosts, playbook.plays.len()).await,
            Mode::Plan | Mode::Verify => rolling.look(waves).await,
        };
        let is_last = index + 1 == playbook.plays.len();
        if let Some(reason) = ended.stopped {
            // What is taken back was told to be stopped before.
            let is_whole = is_last && ended.not_reached.is_empty();
            if !(summary.stopped || is_whole) {
                context.tell(Event::Stopped { reason });
            }
            summary.stopped = true;
            summary.not_reached.extend(ended.not_reached);
            return summary;
        }
        summary.not_reached.extend(ended.not_reached);
        if !is_last {
            context.peers.know(&carried);
        }
    }
    summary
}

/// What stays the same for a host in a play.
pub(super) fn setting(
    context: &Context,
    play: &Arc<Play>,
    index: usize,
    host: &str,
    names: &Arc<Map>,
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
        names: Arc::clone(names),
        magic,
        extra: Arc::clone(&context.extra),
        shared: Arc::clone(&context.shared),
        templates: Arc::clone(&context.templates),
        resources: Arc::clone(&context.resources),
        tags: context.tags.clone(),
        detail: context.detail,
        fingerprints: context.exact.fingerprints.clone(),
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
            || self.refused.contains(host)
    }

    pub(super) fn add(&mut self, ended: Ended, carried: &mut HashMap<String, Carried>) {
        let host = ended.report.host;
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
            HostStatus::Refused => {
                self.refused.insert(host.clone());
            }
        }
        if ended.changed {
            self.changed.insert(host.clone());
        }
        if let Some(known) = ended.carried {
            carried.insert(host, known);
        }
    }

    /// Keeps the longest of these stalls and those before; of equal ones the first.
    pub(super) fn add_stalls(&mut self, stalls: impl Iterator<Item = FailedOver>) {
        for stall in stalls {
            let longest = self.longest_stall.as_ref();
            if longest.is_none_or(|known| stall.stall_milliseconds > known.stall_milliseconds) {
                self.longest_stall = Some(stall);
            }
        }
    }

    /// How many hosts have left the run.
    pub(super) fn bad(&self) -> usize {
        self.failed.len() + self.unreachable.len() + self.interrupted.len() + self.refused.len()
    }

    /// Hosts that an interruption kept from being reached at all.
    pub fn note_interruption(&mut self, hosts: impl IntoIterator<Item = String>) {
        for host in hosts {
            if !self.hosts.contains(&host) {
                self.not_reached.insert(host);
            }
        }
        self.cut_short |= !self.not_reached.is_empty();
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
            refused: list(&self.refused),
            not_reached: list(&self.not_reached),
            changed: list(&self.changed),
            longest_stall: self.longest_stall.clone(),
            rolled_back: list(&self.rolled_back),
            rollback: self.rollback,
        }
    }
}
