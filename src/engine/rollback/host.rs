//! One host's way back: ask, decide, carry out; where a server was restarted, look at it again.

use std::collections::BTreeMap;
use std::time::Duration;

use super::carry::Came;
use super::decide::{Leave, Take, Verdict, decide};
use super::made::{Answers, Made, made, questions};
use super::report::Reports;
use super::{Undone, Wish};
use crate::engine::context::Context;
use crate::engine::exchange::{self, Trouble};
use crate::engine::leases;
use crate::engine::notes;
use crate::engine::walk::Target;
use crate::journal::{Origin, Recorded};
use crate::model::event::{Counts, Event, HostReport, HostStatus, Mode, ShownFailure, TaskReport};
use crate::model::probe::{FileState, Observation, Probe};
use crate::module::Failure;

/// A host that has to be looked at again this often is fought over by somebody else.
const MOST_ROUNDS: usize = 5;

/// How often a server that was restarted is asked again before it is given up, and the pause between.
const MOST_TRIES: usize = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// One host in a rollback.
pub(super) struct HostUndo<'a> {
    context: &'a Context,
    wish: &'a Wish,
    numbers: &'a BTreeMap<String, usize>,
    host: String,
    recorded: Vec<&'a Recorded>,
    counts: Counts,
    changed: bool,
    reached: bool,
    /// Whether the host has been told which run changes it.
    pub(super) run_written: bool,
}

impl<'a> HostUndo<'a> {
    pub(super) fn new(
        context: &'a Context,
        wish: &'a Wish,
        numbers: &'a BTreeMap<String, usize>,
        host: String,
        recorded: Vec<&'a Recorded>,
    ) -> Self {
        Self {
            context,
            wish,
            numbers,
            host,
            recorded,
            counts: Counts::default(),
            changed: false,
            reached: false,
            run_written: false,
        }
    }

    pub(super) async fn run(mut self) -> Undone {
        for recorded in &self.recorded {
            for secret in &recorded.intention.secrets {
                self.context.templates.secrets().learn_text(secret.expose());
            }
        }
        let (status, failure) = match self.undo().await {
            Ok(true) => (HostStatus::Done, None),
            Ok(false) => (HostStatus::Failed, None),
            Err(Trouble::Unreachable(failure)) => (HostStatus::Unreachable, Some(failure)),
            Err(Trouble::Failed(failure)) => (HostStatus::Failed, Some(failure)),
            Err(Trouble::Refused(failure)) => (HostStatus::Refused, Some(failure)),
            Err(Trouble::Interrupted) => (
                HostStatus::Interrupted,
                Some(Failure::new("stopped before all was taken back")),
            ),
        };
        if status != HostStatus::Unreachable {
            leases::give_back(self.context, &self.host).await;
        }
        let counters = self.context.sessions.counters(&self.host);
        let report = HostReport {
            host: self.host.clone(),
            play: self.wish.play,
            status,
            counts: self.counts,
            failure: failure.map(|failure| ShownFailure {
                message: failure.message,
                help: failure.help,
            }),
            pending_handlers: Vec::new(),
            connections: u32::try_from(counters.connections).unwrap_or(u32::MAX),
            round_trips: u32::try_from(counters.round_trips).unwrap_or(u32::MAX),
        };
        self.context.tell(Event::HostEnded(report.clone()));
        Undone {
            report,
            changed: self.changed,
        }
    }

    /// True: it is as it was before the run, as far as that can be.
    async fn undo(&mut self) -> Result<bool, Trouble> {
        let recorded = self.recorded.clone();
        self.rounds(&made(&recorded)).await
    }

    async fn rounds(&mut self, made: &[Made<'_>]) -> Result<bool, Trouble> {
        if made.is_empty() {
            return Ok(true);
        }
        let mut leave = Leave {
            force: self.wish.force,
            ..Leave::default()
        };
        for round in 0..MOST_ROUNDS {
            if self.context.is_interrupted() {
                return Err(Trouble::Interrupted);
            }
            let answers = self.answers(made, leave.restarted).await?;
            if round == 0 {
                leave.owed = self.owed(&answers);
            }
            let verdict = decide(made, &answers, &leave);
            if round == 0 {
                self.tell_words(&verdict);
            }
            if !verdict.refused.is_empty() {
                if round > 0 {
                    self.tell_refused(&verdict);
                }
                return Ok(false);
            }
            if self.context.mode == Mode::Plan {
                self.tell_taken(&verdict.takes.iter().collect::<Vec<_>>());
                return Ok(true);
            }
            if verdict.takes.is_empty() {
                return Ok(true);
            }
            match self.carry_out(&verdict).await? {
                Came::Whole if verdict.restarts => leave.restarted = true,
                Came::Whole => return Ok(true),
                Came::Moved => {}
                Came::Failed => return Ok(false),
            }
        }
        Err(Trouble::Failed(
            Failure::new("this host is being changed by somebody else at the same time")
                .help("find out what else manages it, and roll back again"),
        ))
    }

    /// Asks all that has to be known. `again`: servers were restarted, and may still be about to start.
    async fn answers(&mut self, made: &[Made<'_>], again: bool) -> Result<Answers, Trouble> {
        let mut answers = Answers::default();
        for (account, probes) in questions(made) {
            let mut probes: Vec<Probe> = probes.into_iter().collect();
            if account.as_deref().unwrap_or("root") == "root" {
                probes.push(Probe::Content(notes::path(&self.key())));
            }
            let target = Target {
                host: self.host.clone(),
                account,
            };
            let connection = made
                .iter()
                .find_map(|made| made.recorded.intention.connection.as_deref());
            for _ in 0..MOST_TRIES {
                let told = exchange::observe(self.context, &target, connection, &probes).await?;
                let waits = again && told.iter().any(is_starting);
                for (probe, answer) in probes.iter().zip(told) {
                    answers.take(probe.clone(), answer);
                }
                if !waits {
                    break;
                }
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = self.context.interruption() => return Err(Trouble::Interrupted),
                }
            }
        }
        if !std::mem::replace(&mut self.reached, true) {
            self.context.tell(Event::HostReached {
                host: self.host.clone(),
            });
        }
        Ok(answers)
    }

    /// Restarts that an earlier try of the same rollback still owes.
    fn owed(&self, answers: &Answers) -> Vec<String> {
        let note = Probe::Content(notes::path(&self.key()));
        let Some(Observation::File(FileState::Present(info))) = answers.get(&note) else {
            return Vec::new();
        };
        let text = info.content.as_ref().and_then(|content| content.as_text());
        text.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Under which a host notes what this rollback owes it.
    pub(super) fn key(&self) -> String {
        notes::key(&format!("rollback of {}", self.wish.run))
    }

    pub(super) fn context(&self) -> &'a Context {
        self.context
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// What a change of a rollback had itself taken back.
    pub(super) fn behind(&self, origin: &Origin) -> Vec<Origin> {
        let recorded = self
            .recorded
            .iter()
            .find(|recorded| recorded.run == origin.run && recorded.number == origin.intention);
        recorded
            .and_then(|recorded| recorded.intention.undoes.get(origin.change))
            .cloned()
            .unwrap_or_default()
    }

    fn reports(&self) -> Reports<'_> {
        Reports {
            host: &self.host,
            play: self.wish.play,
            run: &self.wish.run,
            numbers: self.numbers,
        }
    }

    fn tell_words(&mut self, verdict: &Verdict<'_>) {
        let lost = self.reports().lost(&verdict.lost);
        self.tell(lost);
        self.tell_refused(verdict);
    }

    fn tell_refused(&mut self, verdict: &Verdict<'_>) {
        let refused = self.reports().refused(&verdict.refused);
        self.tell(refused);
    }

    pub(super) fn tell_taken(&mut self, takes: &[&Take<'_>]) {
        self.changed |= !takes.is_empty();
        let reports = self.reports().taken(takes.iter().copied());
        self.tell(reports);
    }

    pub(super) fn tell_failed(&mut self, take: &Take<'_>, failure: ShownFailure) {
        let report = self.reports().failed(take, failure);
        self.tell(vec![report]);
    }

    fn tell(&mut self, reports: Vec<TaskReport>) {
        for report in reports {
            self.counts.add(&report);
            self.context.tell(Event::TaskEnded(Box::new(report)));
        }
    }
}

/// A server that does not answer yet, or loads its data.
fn is_starting(observation: &Observation) -> bool {
    matches!(observation, Observation::Redis(state) if !state.alive)
}
