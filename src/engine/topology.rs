//! The servers of all hosts of a play, asked before its waves are planned: who follows whom, in which order hosts are
//! changed, and who takes over from a primary.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::context::Context;
use super::exchange::{self, Trouble};
use super::host::Carried;
use super::names::Names;
use super::run::setting;
use crate::model::event::Event;
use crate::model::fact_parts::FactParts;
use crate::model::facts::Facts;
use crate::model::playbook::Play;
use crate::model::probe::Observation;
use crate::model::replication::Shard;
use crate::model::value::Map;
use crate::module::Failure;
use crate::redis::topology::{self, Member, Place, Sentinel, Topology, successor};
use crate::rollout::Candidate;

/// What is known of the servers of a play.
#[derive(Debug)]
pub struct Known {
    play: usize,
    /// The number of each host's group: hosts of one group are never changed at once.
    groups: HashMap<String, usize>,
    /// Hosts whose facts were asked for this play.
    asked: BTreeSet<String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: BTreeMap<String, Vec<Member>>,
    sentinels: BTreeMap<String, Vec<Sentinel>>,
    /// Groups in which roles have changed since their hosts were asked.
    moved: BTreeSet<usize>,
}

/// Asks all hosts of a play that have not been asked yet, tells what they are to each other, and puts them in order.
/// What they answer is carried into the play, so that nobody is asked twice.
async fn survey(
    context: &Arc<Context>,
    play: &Arc<Play>,
    index: usize,
    hosts: &[String],
    carried: &mut HashMap<String, Carried>,
    forks: usize,
) -> (Arc<Known>, Vec<Place>) {
    let places = Arc::new(Semaphore::new(forks.max(1)));
    let names = Arc::new(Names::among(hosts.to_vec()));
    let mut asking = tokio::task::JoinSet::new();
    let mut asked = BTreeSet::new();
    // Facts of an earlier play may have been asked in parts.
    let is_known = |host: &String| {
        let facts = carried.get(host).and_then(|known| known.facts.as_ref());
        facts.is_some_and(|facts| facts.parts.covers(FactParts::NETWORK | FactParts::SERVERS))
    };
    for host in hosts.iter().filter(|host| !is_known(host)).cloned() {
        let (context, play) = (Arc::clone(context), Arc::clone(play));
        let (places, names) = (Arc::clone(&places), Arc::clone(&names));
        asking.spawn(async move {
            let _place = places.acquire().await;
            let facts = ask(&context, &play, index, &host, &names).await;
            (host, facts)
        });
    }
    while let Some(joined) = asking.join_next().await {
        // Whoever could not be asked is asked again when its turn comes, and fails then.
        if let Ok((host, Ok(facts))) = joined {
            asked.insert(host.clone());
            carried.entry(host).or_default().facts = Some(facts);
        }
    }
    let mut state = State::default();
    for host in hosts {
        let facts = carried.get(host).and_then(|known| known.facts.as_ref());
        if let Some(facts) = facts {
            state.take(host, facts);
        }
    }
    let known = state.topology(None);
    let order = topology::order(hosts, &known);
    tell(context, index, &known, &order);
    let groups = order
        .iter()
        .filter(|place| state.members.contains_key(&place.host))
        .map(|place| (place.host.clone(), place.group))
        .collect();
    let known = Known {
        play: index,
        groups,
        asked,
        state: Mutex::new(state),
    };
    (Arc::new(known), order)
}

/// The same, for hosts on their way to be cut into waves: replicas come before whom they follow, and no wave has two
/// hosts of a group. Canaries stay first.
pub(super) async fn arrange(
    context: &Arc<Context>,
    play: &Arc<Play>,
    index: usize,
    hosts: Vec<Candidate>,
    carried: &mut HashMap<String, Carried>,
    forks: usize,
) -> Vec<Candidate> {
    context
        .templates
        .need_facts(FactParts::NETWORK | FactParts::SERVERS);
    let names: Vec<String> = hosts.iter().map(|host| host.name.clone()).collect();
    let (known, order) = survey(context, play, index, &names, carried, forks).await;
    context.know_topology(known);
    let mut by_name: HashMap<String, Candidate> = hosts
        .into_iter()
        .map(|host| (host.name.clone(), host))
        .collect();
    let mut arranged: Vec<Candidate> = order
        .into_iter()
        .filter_map(|place| {
            let mut host = by_name.remove(&place.host)?;
            host.spread.push(format!("servers {}", place.group));
            Some(host)
        })
        .collect();
    arranged.sort_by_key(|host| host.stage);
    arranged
}

async fn ask(
    context: &Context,
    play: &Arc<Play>,
    index: usize,
    host: &str,
    names: &Arc<Map>,
) -> Result<Arc<Facts>, Trouble> {
    let (setting, connection) = setting(context, play, index, host, names);
    let target = &setting.facts_target;
    let probe = setting.facts_probe(FactParts::ALL);
    let answers = exchange::observe(context, target, connection.as_deref(), &[probe]).await?;
    match answers.into_iter().next() {
        Some(Observation::Facts(facts)) => Ok(Arc::from(facts)),
        _ => Err(Trouble::Failed(Failure::new(
            "the host's facts could not be had",
        ))),
    }
}

/// Tells the shards with more than one server.
fn tell(context: &Context, play: usize, known: &Topology, order: &[Place]) {
    let mut shards: Vec<Shard> = known
        .shards
        .iter()
        .filter(|shard| shard.seats.len() + shard.outside.len() > 1)
        .cloned()
        .collect();
    for seat in shards.iter_mut().flat_map(|shard| &mut shard.seats) {
        let member = known
            .members
            .iter()
            .position(|member| member.host == seat.host && member.port == seat.port);
        let heir = member.and_then(|index| successor(known, index).ok().flatten());
        seat.successor = heir.map(|heir| heir.candidate.host);
    }
    let mut warnings = known.warnings.clone();
    for place in order.iter().filter(|place| !place.ahead_of.is_empty()) {
        let others: Vec<&str> = place.ahead_of.iter().map(String::as_str).collect();
        warnings.push(format!(
            "{} comes before {}, though it has replicas of its servers: each has replicas of the other",
            place.host,
            others.join(", ")
        ));
    }
    context.tell(Event::TopologyFound {
        play,
        shards,
        order: order.iter().map(|place| place.host.clone()).collect(),
        warnings,
    });
}

impl State {
    fn take(&mut self, host: &str, facts: &Facts) {
        self.members
            .insert(host.to_owned(), Member::all_of(host, facts));
        self.sentinels
            .insert(host.to_owned(), Sentinel::all_of(host, facts));
    }

    /// Of some hosts, or of all.
    fn topology(&self, hosts: Option<&BTreeSet<&str>>) -> Topology {
        let members = self
            .members
            .iter()
            .filter(|(host, _)| hosts.is_none_or(|hosts| hosts.contains(host.as_str())))
            .flat_map(|(_, members)| members.clone())
            .collect();
        let mut topology = topology::build(members);
        topology.sentinels = self.sentinels.values().flatten().cloned().collect();
        topology
    }
}

impl Known {
    /// The play that it is about.
    pub(super) fn play(&self) -> usize {
        self.play
    }

    /// Whether a host's facts were asked for this play, before it began.
    pub(super) fn has_asked(&self, host: &str) -> bool {
        self.asked.contains(host)
    }

    /// Takes in what a host says now, and adds to its variables who takes over from its primaries.
    ///
    /// # Errors
    /// Why nothing may be changed on it.
    pub(super) fn annotate(
        &self,
        host: &str,
        facts: &Facts,
        variables: &mut Map,
    ) -> Result<(), Failure> {
        let Some(group) = self.groups.get(host) else {
            return Err(Failure::new(
                "it could not be asked for its servers when the order of hosts was made",
            )
            .help("run again: an order that does not know this host could take a primary and its replicas at once"));
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.take(host, facts);
        let hosts = self.hosts_of(*group);
        let known = state.topology(Some(&hosts));
        // Where roles have changed, the others' words are old: only what the host itself says counts.
        let moved = state.moved.contains(group);
        let mut own = state.members.get(host).into_iter().flatten();
        let is_silent = own.any(|member| member.role.is_none());
        let refusal = known.refusals.get(host);
        if let Some(why) = refusal.filter(|_| is_silent || !moved) {
            let failure = Failure::new(why.clone());
            return Err(if why.contains("NOAUTH") || why.contains("WRONGPASS") {
                failure.help("facts ask with `requirepass` of the server's own configuration file, read as root; keep it there, or leave `topology` out of the play")
            } else {
                failure
            });
        }
        topology::annotate(variables, host, &known);
        Ok(())
    }

    fn hosts_of(&self, group: usize) -> BTreeSet<&str> {
        let own = self.groups.iter().filter(|(_, own)| **own == group);
        own.map(|(host, _)| host.as_str()).collect()
    }

    /// A replica has taken over on a host: what the other hosts of its group said before is old.
    pub(super) fn note_failover(&self, host: &str) {
        if let Some(group) = self.groups.get(host) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.moved.insert(*group);
        }
    }

    /// Asks all hosts of a host's group again, where roles have changed since. Returns whether they have.
    ///
    /// # Errors
    /// Why nothing may be changed on the host.
    pub(super) async fn look_again(
        &self,
        context: &Context,
        play: &Arc<Play>,
        host: &str,
    ) -> Result<bool, Trouble> {
        let Some(group) = self.groups.get(host).copied() else {
            return Ok(false);
        };
        let moved = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.moved.remove(&group)
        };
        if !moved {
            return Ok(false);
        }
        let others = self.hosts_of(group);
        let names = Arc::new(Names::among(
            others.iter().map(|host| (*host).to_owned()).collect(),
        ));
        for other in others.into_iter().filter(|other| *other != host) {
            // A host that is gone keeps what it said; whoever needs it to take over finds out.
            if let Ok(facts) = ask(context, play, self.play, other, &names).await {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.take(other, &facts);
            }
        }
        // The next host of the group wants to know it, too.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.moved.insert(group);
        Ok(true)
    }
}
