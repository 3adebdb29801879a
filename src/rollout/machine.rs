//! What comes next in a play over waves of hosts, from what has happened: a state machine without clock, disk or
//! network, which can be stored and read again at any point.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::budget::Budget;
use crate::model::rolling::OnFailure;

/// Leads a play over its waves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    waves: Vec<Vec<String>>,
    budget: Budget,
    /// The wave that is under way, counted from 0.
    wave: usize,
    /// Hosts of this wave that are being worked on.
    running: BTreeSet<String>,
    /// How many hosts of this wave have begun; they begin in the wave's order.
    begun: usize,
    /// Hosts of this wave on which all is well so far.
    well: BTreeSet<String>,
    /// Whether this wave has changed anything, as far as that is known: otherwise it needs no gate.
    touched: bool,
    /// How many gates stand behind each wave.
    gates: usize,
    on_failure: OnFailure,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Hosts of the wave begin, or are being worked on.
    Working,
    /// A gate is being asked; counted from 0.
    AtGate(usize),
    /// No further host begins; what is under way comes to its end.
    Ending(Why),
    /// What was done is being taken back, and why.
    RollingBack(String),
    Over,
}

/// Why no further host begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Why {
    /// The budget is spent.
    Spent(String),
    /// The playbook ends its play behind this wave, whose hosts all begin.
    PlayEnds,
    Interrupted,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A host has begun.
    HostBegan { host: String },
    /// A host has come to its end. `good`: nothing failed on it, its post-checks included. `changed`: something was
    /// changed on it.
    HostEnded {
        host: String,
        good: bool,
        changed: bool,
    },
    /// A gate was asked. `failed`: hosts on which it did not hold. `refused`: why the run may not go on, whatever its
    /// budget allows.
    GateEnded {
        failed: Vec<String>,
        refused: Option<String>,
    },
    /// What was done has been taken back, as far as that could be.
    RolledBack,
    /// `meta: end_play` was reached on a host: no further wave begins.
    PlayEnds,
    /// The user wants the run to end.
    Interrupted,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing new: hosts are at work, and others of the wave may begin as far as [`Rollout::next_host`] names them.
    Wait,
    /// This wave begins; counted from 0.
    BeginWave(usize),
    /// This gate is asked about these hosts, which are well so far; counted from 0.
    RunGate {
        gate: usize,
        hosts: Vec<String>,
        /// Whether this was the last wave.
        last: bool,
    },
    /// What was done is to be taken back: to these hosts of the wave, the only ones that were begun with; or, with
    /// `None`, to all hosts of the run.
    RollBack {
        hosts: Option<Vec<String>>,
        reason: String,
    },
    /// The play is over.
    End(Ended),
}

/// How a play over waves ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Why it was stopped, if it was.
    pub stopped: Option<String>,
    /// Hosts that were not begun with, though the play is for them.
    pub not_reached: Vec<String>,
}

impl Rollout {
    /// A play over these waves, with so many gates behind each. `budget`: that of the run.
    pub fn new(
        waves: Vec<Vec<String>>,
        gates: usize,
        budget: Budget,
        on_failure: OnFailure,
    ) -> Self {
        Self {
            waves,
            budget,
            wave: 0,
            running: BTreeSet::new(),
            begun: 0,
            well: BTreeSet::new(),
            touched: false,
            gates,
            on_failure,
            state: State::Working,
        }
    }

    /// What comes first.
    pub fn begin(&mut self) -> Action {
        match self.waves.first().map(Vec::len) {
            Some(hosts) => {
                self.budget.begin_wave(hosts);
                Action::BeginWave(0)
            }
            None => self.end(None, false),
        }
    }

    /// All waves.
    pub fn waves(&self) -> &[Vec<String>] {
        &self.waves
    }

    /// The next host of this wave that may begin.
    pub fn next_host(&self) -> Option<&str> {
        match self.state {
            State::Working | State::Ending(Why::PlayEnds) => {
                let wave = self.waves.get(self.wave)?;
                wave.get(self.begun).map(String::as_str)
            }
            State::AtGate(_)
            | State::Ending(Why::Spent(_) | Why::Interrupted)
            | State::RollingBack(_)
            | State::Over => None,
        }
    }

    /// Takes in what happened, and says what comes next.
    pub fn take(&mut self, input: Input) -> Action {
        if self.state == State::Over {
            return Action::Wait;
        }
        match input {
            Input::HostBegan { host } => {
                self.begun += 1;
                self.running.insert(host);
            }
            Input::HostEnded {
                host,
                good,
                changed,
            } => {
                self.running.remove(&host);
                // What failed may have been changed before.
                self.touched |= changed || !good;
                if good {
                    self.well.insert(host);
                } else {
                    self.lose();
                }
            }
            Input::GateEnded { failed, refused } => {
                for host in failed {
                    self.well.remove(&host);
                    self.lose();
                }
                if let Some(reason) = refused {
                    self.end_for(Why::Spent(reason));
                }
                if let State::AtGate(gate) = self.state {
                    return self.gate_or_wave(gate + 1);
                }
            }
            Input::RolledBack => {
                if let State::RollingBack(reason) = self.state.clone() {
                    return self.end(Some(reason), true);
                }
            }
            Input::PlayEnds => self.end_for(Why::PlayEnds),
            Input::Interrupted => self.end_for(Why::Interrupted),
        }
        self.next()
    }

    fn lose(&mut self) {
        self.budget.spend();
        if let Some(reason) = self.budget.spent() {
            self.end_for(Why::Spent(reason));
        }
    }

    /// The gravest reason counts: an interruption, then a spent budget.
    fn end_for(&mut self, why: Why) {
        let weight = |why: &Why| match why {
            Why::PlayEnds => 0,
            Why::Spent(_) => 1,
            Why::Interrupted => 2,
        };
        match &self.state {
            State::Ending(known) if weight(known) >= weight(&why) => {}
            // What is being taken back is taken back as a whole.
            State::RollingBack(_) | State::Over => {}
            _ => self.state = State::Ending(why),
        }
    }

    fn next(&mut self) -> Action {
        if !self.running.is_empty() || self.next_host().is_some() {
            return Action::Wait;
        }
        match self.state.clone() {
            State::Working => self.gate_or_wave(0),
            State::AtGate(_) | State::RollingBack(_) => Action::Wait,
            State::Ending(Why::Spent(reason)) => self.give_up(reason),
            State::Ending(Why::Interrupted) => self.end(None, true),
            // What the playbook itself leaves out is not missed.
            State::Ending(Why::PlayEnds) | State::Over => self.end(None, false),
        }
    }

    /// The next gate behind this wave; behind the last of them, the next wave.
    fn gate_or_wave(&mut self, gate: usize) -> Action {
        if gate < self.gates && self.touched && !self.well.is_empty() {
            self.state = State::AtGate(gate);
            let wave = self.waves.get(self.wave).into_iter().flatten();
            return Action::RunGate {
                gate,
                hosts: wave
                    .filter(|host| self.well.contains(*host))
                    .cloned()
                    .collect(),
                last: self.wave + 1 == self.waves.len(),
            };
        }
        self.state = State::Working;
        self.wave += 1;
        self.begun = 0;
        self.touched = false;
        self.well.clear();
        match self.waves.get(self.wave).map(Vec::len) {
            Some(hosts) => {
                self.budget.begin_wave(hosts);
                Action::BeginWave(self.wave)
            }
            None => self.end(None, false),
        }
    }

    /// Takes back what the playbook wants taken back, and ends.
    fn give_up(&mut self, reason: String) -> Action {
        let hosts = match self.on_failure {
            OnFailure::Stop => return self.end(Some(reason), true),
            OnFailure::RollbackWave => {
                let wave = self.waves.get(self.wave).into_iter().flatten();
                Some(wave.take(self.begun).cloned().collect())
            }
            OnFailure::RollbackRun => None,
        };
        self.state = State::RollingBack(reason.clone());
        Action::RollBack { hosts, reason }
    }

    fn end(&mut self, stopped: Option<String>, misses: bool) -> Action {
        let not_reached = if misses { self.not_begun() } else { Vec::new() };
        self.state = State::Over;
        Action::End(Ended {
            stopped,
            not_reached,
        })
    }

    /// Hosts that no wave has come to.
    fn not_begun(&self) -> Vec<String> {
        let mut hosts = self.waves.iter().skip(self.wave);
        let here = hosts.next().into_iter().flatten().skip(self.begun);
        here.chain(hosts.flatten()).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
