//! One play over its waves: does what `rollout` says comes next, and tells it what happened.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::context::Context;
use super::gate::{Before, Known, describe};
use super::host::{self, Carried, Ended, HostPlay};
use super::names::Names;
use super::once::Board;
use super::run::{Summary, setting};
use crate::model::event::{Counts, Event, FailedOver, HostReport, HostStatus, Mode, ShownFailure};
use crate::model::playbook::{Play, SectionKind};
use crate::model::value::Map;
use crate::rollout::{self, Action, Budget, Input, Rollout};

/// A play on its way over its hosts.
pub(super) struct Rolling<'r> {
    pub(super) context: &'r Arc<Context>,
    pub(super) play: &'r Arc<Play>,
    pub(super) index: usize,
    /// How many hosts are worked on at once.
    pub(super) forks: usize,
    pub(super) names: Names,
    pub(super) carried: &'r mut HashMap<String, Carried>,
    pub(super) summary: &'r mut Summary,
    /// What the hosts of the wave answered before they were changed, for its gates.
    pub(super) before: HashMap<String, Known>,
}

/// Hosts that are worked on side by side.
#[derive(Default)]
struct Running {
    hosts: JoinSet<Ended>,
    /// Which host a task is about, and its place in the order.
    of: HashMap<Id, (usize, String)>,
    /// How many hosts have begun.
    begun: usize,
    /// The longest stall of each host that failed over, by its place: of equal ones the first counts, not the fastest.
    stalls: BTreeMap<usize, FailedOver>,
}

/// What the play's way depends on of a host that has ended.
struct Left {
    name: String,
    status: HostStatus,
    ends_play: bool,
    touched: bool,
}

/// The hosts of a wave, and what they share.
struct Wave {
    board: Arc<Board>,
    names: Arc<Map>,
}

impl Wave {
    fn new(hosts: &[String], names: &Names) -> Self {
        Self {
            board: Arc::new(Board::new(hosts)),
            names: Arc::new(names.variables(hosts)),
        }
    }
}

impl Rolling<'_> {
    /// What only looks looks everywhere at once, and at every host. Each host sees its own wave, as it will in an apply.
    pub(super) async fn look(&mut self, waves: Vec<Vec<String>>) -> rollout::Ended {
        let play = self.play;
        let has_checks = play
            .sections
            .iter()
            .any(|section| section.kind == SectionKind::PostChecks);
        let gates: Vec<String> = play
            .rolling
            .gates
            .iter()
            .map(|gate| describe(gate, has_checks))
            .collect();
        if self.context.mode == Mode::Plan && (waves.len() > 1 || !gates.is_empty()) {
            self.context.tell(Event::WavesPlanned {
                play: self.index,
                waves: waves.clone(),
                gates,
            });
        }
        let mut running = Running::default();
        for hosts in waves {
            let wave = Wave::new(&hosts, &self.names);
            for host in hosts {
                if running.hosts.len() >= self.forks {
                    self.next_ended(&mut running).await;
                }
                self.start(&mut running, &wave, host);
            }
        }
        while self.next_ended(&mut running).await.is_some() {}
        self.summary.add_stalls(running.stalls.into_values());
        rollout::Ended::default()
    }

    /// Changes one wave after another.
    pub(super) async fn apply(
        &mut self,
        waves: Vec<Vec<String>>,
        run_hosts: usize,
        plays: usize,
    ) -> rollout::Ended {
        let rolling = &self.play.rolling;
        let budget = Budget::new(rolling.limits.clone(), run_hosts, self.summary.bad());
        let of = waves.len();
        let mut number = 0;
        let mut rollout = Rollout::new(waves, rolling.gates.len(), budget, rolling.on_failure);
        let mut action = rollout.begin();
        loop {
            action = match action {
                Action::BeginWave(wave) => {
                    if let Some(done) = wave.checked_sub(1) {
                        self.let_go(&rollout.waves()[done]).await;
                    }
                    number = wave + 1;
                    self.wave(&mut rollout, wave).await
                }
                Action::RunGate { gate, hosts, last } => {
                    let input = self.gate(gate, (number, of), hosts, last).await;
                    // What a gate did not come to an end about has not held.
                    self.summary.cut_short |= input == Input::Interrupted;
                    rollout.take(input)
                }
                Action::RollBack { hosts, reason } => {
                    self.context.tell(Event::Stopped { reason });
                    self.summary.stopped = true;
                    self.take_back(hosts, plays).await;
                    rollout.take(Input::RolledBack)
                }
                Action::End(ended) => return ended,
                // Said only while hosts are at work.
                Action::Wait => return rollout::Ended::default(),
            };
        }
    }

    /// The gates behind a wave are passed: nobody asks its hosts any more, but where a play is still to come.
    async fn let_go(&self, wave: &[String]) {
        for host in wave {
            if self.context.leases.is_last(host, self.index) {
                self.context.sessions.let_go(host).await;
            }
        }
    }

    /// Leads the hosts of one wave side by side.
    async fn wave(&mut self, rollout: &mut Rollout, number: usize) -> Action {
        let hosts = rollout.waves()[number].clone();
        if rollout.waves().len() > 1 {
            self.context.tell(Event::WaveStarted {
                play: self.index,
                number: number + 1,
                of: rollout.waves().len(),
                hosts: hosts.clone(),
            });
        }
        self.before.clear();
        let wave = Wave::new(&hosts, &self.names);
        let mut running = Running::default();
        let mut action = Action::Wait;
        while action == Action::Wait {
            // In the wave's order: who waits for a `run_once` task waits for a host that has begun already.
            while running.hosts.len() < self.forks
                && let Some(host) = rollout.next_host().map(str::to_owned)
            {
                self.start(&mut running, &wave, host.clone());
                rollout.take(Input::HostBegan { host });
            }
            let Some(host) = self.next_ended(&mut running).await else {
                break;
            };
            if host.ends_play {
                rollout.take(Input::PlayEnds);
            }
            if self.context.is_interrupted() {
                rollout.take(Input::Interrupted);
            }
            action = rollout.take(Input::HostEnded {
                good: host.status == HostStatus::Done,
                changed: host.touched,
                host: host.name,
            });
        }
        self.summary.add_stalls(running.stalls.into_values());
        action
    }

    fn start(&mut self, running: &mut Running, wave: &Wave, host: String) {
        let (context, play) = (Arc::clone(self.context), Arc::clone(self.play));
        let (board, names) = (Arc::clone(&wave.board), Arc::clone(&wave.names));
        let presence = board.presence(&host);
        let before = self.carried.remove(&host).unwrap_or_default();
        let memory = host::memory(before.variables);
        let (index, name, place) = (self.index, host.clone(), running.begun);
        running.begun += 1;
        let task = running.hosts.spawn(async move {
            let _presence = presence;
            let (setting, connection) = setting(&context, &play, index, &host, &names);
            HostPlay::new(&context, setting, memory, before.facts, connection, &board)
                .comparing(Before::of(&play))
                .run()
                .await
        });
        running.of.insert(task.id(), (place, name));
    }

    /// Waits for the next host that ends, and takes in how it did: at once, as what is known of a host is large.
    async fn next_ended(&mut self, running: &mut Running) -> Option<Left> {
        let joined = running.hosts.join_next_with_id().await?;
        let (id, ended) = match joined {
            Ok((id, ended)) => (id, Ok(ended)),
            Err(error) => (error.id(), Err(error)),
        };
        let (place, name) = running.of.remove(&id)?;
        let mut ended =
            ended.unwrap_or_else(|error| broken(self.context, self.index, &name, error));
        if let Some(stall) = ended.longest_stall.take() {
            running.stalls.insert(place, stall);
        }
        if !self.play.rolling.gates.is_empty() {
            self.before
                .insert(name.clone(), std::mem::take(&mut ended.before));
        }
        let left = Left {
            name,
            status: ended.report.status,
            ends_play: ended.ends_play,
            touched: ended.touched,
        };
        self.summary.add(ended, self.carried);
        Some(left)
    }
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
        carried: Some(Carried::default()),
        changed: true,
        longest_stall: None,
        touched: true,
        before: Known::default(),
    }
}
