//! One host's way through a play: walk, do what comes next, walk again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::context::Context;
use super::exchange::Trouble;
use super::foresee;
use super::gate::{Before, Known};
use super::leases;
use super::once::{self, Board};
use super::throttle::Turn;
use super::walk::{self, Done, Finished, Key, Memory, Next, Setting, Target};
use crate::model::event::{
    Counts, Event, FailedOver, HostReport, HostStatus, Mode, ShownFailure, TaskKind, TaskReport,
    TaskStatus,
};
use crate::model::facts::Facts;
use crate::model::probe::Probe;
use crate::model::value::Map;
use crate::module::Failure;
use crate::module::world::World;
use crate::rollout::Frozen;

/// A walk that comes to nothing new this often is a fault of ours, not of the host.
const MOST_WALKS: usize = 10_000;

/// What a host takes from one play to the next.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    pub variables: Arc<Map>,
    /// What the host said of itself, so that it is asked once a run.
    pub facts: Option<Arc<Facts>>,
}

/// One host in one play.
pub(super) struct HostPlay<'a> {
    pub(super) context: &'a Context,
    pub(super) setting: Setting,
    pub(super) memory: Memory,
    pub(super) worlds: HashMap<Target, World>,
    /// `connection` of the play, where it has one.
    pub(super) connection: Option<String>,
    pub(super) board: &'a Board,
    pub(super) counts: Counts,
    pub(super) facts: Option<Arc<Facts>>,
    /// How often each task's guards failed.
    pub(super) refusals: HashMap<Key, u32>,
    /// The handlers of which the host has a note that it is owed them.
    pub(super) noted: BTreeSet<String>,
    pub(super) longest_stall: Option<FailedOver>,
    /// Its turn at tasks that only so many hosts may carry out at once.
    pub(super) turn: Option<Turn>,
    /// Whether the host has been told which run changes it.
    pub(super) run_written: bool,
    told: HashSet<Key>,
    /// Whether a task or handler has changed it; what post-checks run does not count.
    touched: bool,
    /// What gates will compare with.
    pub(super) before: Before,
    /// Reports that are kept and not told, where this is only a look.
    pub(super) kept: Option<Vec<TaskReport>>,
    /// The freeze window that it was in when its turn came.
    pub(super) frozen: Option<Frozen>,
    /// Of a frozen host in a plan: what it would be changed.
    pub(super) planned_reports: Vec<TaskReport>,
    /// The task that was told last.
    last: Option<String>,
    /// Handlers that were notified and have not run, as the last walk found.
    owed: Vec<String>,
    pub(super) reached: bool,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) report: HostReport,
    /// `meta: end_play`: no further wave of the play begins.
    pub(super) ends_play: bool,
    /// `None`: nobody will ask for it.
    pub(super) carried: Option<Carried>,
    pub(super) changed: bool,
    /// Of its failovers, the one during which writes waited longest.
    pub(super) longest_stall: Option<FailedOver>,
    /// Whether a task or handler has changed it.
    pub(super) touched: bool,
    /// What it answered before it was changed.
    pub(super) before: Known,
}

impl<'a> HostPlay<'a> {
    pub(super) fn new(
        context: &'a Context,
        setting: Setting,
        memory: Memory,
        facts: Option<Arc<Facts>>,
        connection: Option<String>,
        board: &'a Board,
    ) -> Self {
        Self {
            context,
            setting,
            memory,
            worlds: HashMap::new(),
            connection,
            board,
            counts: Counts::default(),
            facts,
            refusals: HashMap::new(),
            noted: BTreeSet::new(),
            longest_stall: None,
            turn: None,
            run_written: false,
            told: HashSet::new(),
            touched: false,
            before: Before::default(),
            kept: None,
            frozen: None,
            planned_reports: Vec::new(),
            last: None,
            owed: Vec::new(),
            reached: false,
        }
    }

    /// Asks, before it changes anything, what gates will compare with.
    pub(super) fn comparing(mut self, before: Before) -> Self {
        self.before = before;
        self
    }

    /// Goes through the whole play.
    pub(super) async fn run(mut self) -> Ended {
        let (freezes, play) = (&self.context.freezes, self.setting.play_index);
        self.frozen = freezes.of(play, &self.setting.host);
        let result = match self.heed_freeze().await {
            Ok(()) => self.play().await,
            Err(trouble) => Err(trouble),
        };
        let ends_play = matches!(&result, Ok(finished) if finished.ends_play);
        let (status, failure, pending_handlers) = match result {
            Ok(finished) if finished.failed => {
                (HostStatus::Failed, None, finished.pending_handlers)
            }
            Ok(finished) => (HostStatus::Done, None, finished.pending_handlers),
            Err(Trouble::Unreachable(failure)) => {
                (HostStatus::Unreachable, Some(failure), Vec::new())
            }
            Err(Trouble::Failed(failure)) => (HostStatus::Failed, Some(failure), Vec::new()),
            Err(Trouble::Refused(failure)) => (HostStatus::Refused, Some(failure), Vec::new()),
            Err(Trouble::Interrupted) => {
                let owed = std::mem::take(&mut self.owed);
                (HostStatus::Interrupted, Some(self.standing()), owed)
            }
        };
        // A host that left the run is nobody's; one that cannot be reached keeps its lease until that runs out.
        if status != HostStatus::Unreachable
            && (status != HostStatus::Done || self.has_no_further_play())
        {
            leases::give_back(self.context, &self.setting.host).await;
        }
        let counters = self.context.sessions.counters(&self.setting.host);
        // A connection costs memory here and a process there. Gates need it when all hosts of the wave are done.
        let has_gates = !self.setting.play.rolling.gates.is_empty();
        if status != HostStatus::Done || self.has_no_further_play() && !has_gates {
            self.context.sessions.let_go(&self.setting.host).await;
        }
        let report = HostReport {
            host: self.setting.host.clone(),
            play: self.setting.play_index,
            status,
            counts: self.counts,
            failure: failure.map(|failure| ShownFailure {
                message: failure.message,
                help: failure.help,
            }),
            pending_handlers,
            connections: u32::try_from(counters.connections).unwrap_or(u32::MAX),
            round_trips: u32::try_from(counters.round_trips).unwrap_or(u32::MAX),
        };
        let changed = self.counts.changed > 0 || self.counts.unknown > 0;
        if self.setting.mode == Mode::Plan
            && let Some(message) = self.would_refuse()
        {
            let host = self.setting.host.clone();
            self.context.tell(Event::HostNoted { host, message });
        }
        self.context.tell(Event::HostEnded(report.clone()));
        Ended {
            report,
            ends_play,
            // What nobody will ask for is not kept: it would be most of what a large fleet needs of memory.
            carried: if self.context.leases.is_end(self.setting.play_index) && !has_gates {
                None
            } else {
                Some(Carried {
                    variables: std::mem::take(&mut self.memory.variables),
                    facts: self.facts.take(),
                })
            },
            changed,
            longest_stall: self.longest_stall,
            touched: self.touched,
            before: self.before.known,
        }
    }

    pub(super) async fn play(&mut self) -> Result<Finished, Trouble> {
        self.is_permitted()?;
        if let Some(topology) = self.topology()
            && topology
                .look_again(self.context, &self.setting.play, &self.setting.host)
                .await?
        {
            self.facts = None;
        }
        self.context.leases.lead(&self.setting.facts_target);
        if self.setting.play.gather_facts {
            match self.facts.take() {
                Some(facts) => {
                    // Asked on behalf of the whole play: nobody has seen yet who keeps the host.
                    let topology = self.topology();
                    if topology.is_some_and(|known| known.has_asked(&self.setting.host)) {
                        self.see_locks(&facts.locks)?;
                    }
                    self.know(facts)?;
                }
                None => {
                    foresee::parts(&self.setting);
                    let mut questions = foresee::questions(&self.setting, &self.memory.variables);
                    questions.insert(Probe::Facts);
                    let target = self.setting.facts_target.clone();
                    self.ask(&target, questions.into_iter().collect()).await?;
                }
            }
        } else {
            self.ask_what_is_owed().await?;
        }
        for _ in 0..MOST_WALKS {
            let walked = walk::walk(&self.setting, &self.memory, &self.worlds);
            if self.lacks_facts() {
                let target = self.setting.facts_target.clone();
                self.ask(&target, vec![Probe::Facts]).await?;
                continue;
            }
            self.owed.clone_from(&walked.owed);
            if self.context.is_interrupted() {
                // What was done before is told.
                if self.setting.mode != Mode::Plan {
                    self.remember(walked.settled);
                }
                return Err(Trouble::Interrupted);
            }
            let is_plan = self.setting.mode == Mode::Plan;
            let finished = matches!(walked.next, Next::Finished(_));
            if !is_plan || finished {
                self.remember(walked.settled);
            }
            self.end_turn();
            for (key, done) in walked.once {
                self.board.publish(key, done);
            }
            if let Some((key, tries)) = walked.tries {
                self.memory.executed.remove(&key);
                self.memory.tries.insert(key, tries);
            }
            match walked.next {
                Next::Observe(mut questions) => {
                    let before = self.questions_before();
                    for (target, probes) in &before {
                        questions
                            .entry(target.clone())
                            .or_default()
                            .extend(probes.iter().cloned());
                    }
                    self.ask_all(questions).await?;
                    self.keep_before(before);
                }
                Next::CarryOut {
                    target,
                    planned,
                    owed,
                    throttle,
                    whole,
                    ahead,
                } => {
                    self.refuse_frozen(&planned)?;
                    let before = self.questions_before();
                    self.ask_all(before.clone()).await?;
                    self.keep_before(before);
                    self.take_turn(throttle, &planned).await?;
                    let last = whole && self.has_no_further_play();
                    let carried = self.carry_out(&target, planned, &owed, &ahead, last).await;
                    if let Err(trouble) = carried {
                        // What was under way is told, too.
                        let walked = walk::walk(&self.setting, &self.memory, &self.worlds);
                        self.owed.clone_from(&walked.owed);
                        self.remember(walked.settled);
                        return Err(trouble);
                    }
                }
                Next::BeginChecks => {
                    self.worlds.clear();
                    self.memory.checks_begun = true;
                }
                Next::AwaitOnce(key) => {
                    // The host that is waited for may want the turn, and may change something here.
                    self.turn = None;
                    self.forget_early_programs();
                    let turn = tokio::select! {
                        turn = self.board.turn(&key, &self.setting.host) => turn,
                        () = self.context.interruption() => return Err(Trouble::Interrupted),
                    };
                    match turn {
                        once::Turn::Lead => {
                            self.memory.leads.insert(key);
                        }
                        once::Turn::Settled(done) => {
                            self.memory.once.insert(key, *done);
                        }
                    }
                }
                Next::Reconnect(key) => {
                    self.context.sessions.forget(&self.setting.host).await;
                    self.worlds.clear();
                    let outcome = walk::Outcome::unchanged();
                    let report = None;
                    self.memory.done.insert(key, Done { outcome, report });
                }
                Next::Pause { time, target } => {
                    tokio::select! {
                        () = tokio::time::sleep(time) => {}
                        () = self.context.interruption() => return Err(Trouble::Interrupted),
                    }
                    if let Some(world) = self.worlds.get_mut(&target) {
                        world.forget_all();
                    }
                    // Other hosts of the run had their time, too.
                    self.forget_early_programs();
                }
                Next::Finished(finished) => {
                    self.memory.variables = walked.variables;
                    if self.setting.mode == Mode::Apply {
                        self.settle_note(&finished.pending_handlers).await?;
                    }
                    return Ok(finished);
                }
            }
        }
        Err(Trouble::Failed(Failure::new(
            "this play does not come to an end on this host",
        )))
    }

    /// What programs said before their turn counts no longer, whoever asked them.
    fn forget_early_programs(&mut self) {
        let worlds = self.worlds.values_mut();
        worlds.for_each(World::forget_early_programs);
    }

    /// How far the host came before the run was stopped.
    fn standing(&self) -> Failure {
        Failure::new(match &self.last {
            Some(task) => format!("stopped behind the task \"{task}\""),
            None if self.reached => "stopped before the first task".to_owned(),
            None => "stopped before the host was reached".to_owned(),
        })
    }

    /// Takes in settled tasks and tells them, each once.
    pub(super) fn remember(&mut self, settled: Vec<(Key, Done)>) {
        for (key, done) in settled {
            if let Some(report) = &done.report
                && self.told.insert(key.clone())
            {
                self.counts.add(report);
                self.last = Some(report.name.clone());
                self.touched |=
                    report.kind != TaskKind::PostCheck && report.status == TaskStatus::Changed;
                if self.setting.mode == Mode::Plan && self.frozen.is_some() {
                    self.planned_reports.push(report.clone());
                }
                match &mut self.kept {
                    Some(kept) => kept.push(report.clone()),
                    None => {
                        self.context
                            .tell(Event::TaskEnded(Box::new(report.clone())));
                    }
                }
            }
            if self.setting.mode != Mode::Plan {
                self.memory.executed.remove(&key);
                self.memory.done.insert(key, done);
            }
        }
    }

    /// The play's `connection` counts for its own hosts only.
    pub(super) fn connection_of(&self, target: &Target) -> Option<&str> {
        self.connection
            .as_deref()
            .filter(|_| target.host == self.setting.host)
    }

    /// Whether the host has said what it is.
    pub(super) const fn knows_facts(&self) -> bool {
        self.facts.is_some()
    }

    /// What all hosts of the run share.
    pub(super) fn context(&self) -> &'a Context {
        self.context
    }
}

/// Makes the memory with which a host begins a play.
pub(super) fn memory(variables: Arc<Map>) -> Memory {
    Memory {
        variables,
        ..Memory::default()
    }
}
