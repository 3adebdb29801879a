//! What is known of a host: what was observed, and what the changes decided so far will make of it.

mod folders;
mod handed_over;
mod paths;
mod units;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use self::folders::Folders;
use crate::model::change::{Change, Effect, Ownership};
use crate::model::probe::{
    FileState, Observation, Probe, Program, ProgramResult, RedisAddress, RedisState,
};
use crate::model::value::{Map, Unknown, Value};
use crate::module::shared::paths::home_question;

/// Observations of one host as one user, with the predicted effects of decided changes laid over them.
#[derive(Clone, Debug, Default)]
pub struct World {
    observed: HashMap<Probe, Observation>,
    predicted: HashMap<Probe, Result<Observation, Unknown>>,
    /// Answers among `observed` that follow from a change that was made, and were not asked again.
    confirmed: HashSet<Probe>,
    folders: Folders,
    /// Something was decided that has not been made yet.
    decided: bool,
    /// Directories in which anything may appear that is not there yet, and after what.
    appearing: Vec<(String, Unknown)>,
    /// Modes and owners that decided changes give to paths.
    ownership: HashMap<String, Ownership>,
    /// Units that will have a file, and what completes "known after ...".
    units: Vec<(String, Unknown)>,
    /// Packages that will come or go: names, and what completes "known after ...".
    packages: Vec<(Vec<String>, Unknown)>,
    /// Why what servers answer is not known, if so.
    servers: Option<Unknown>,
    /// Why what does not live on a disk is not known, if so.
    restart: Option<Unknown>,
    /// Facts as variables (`host`, `redis`, `ansible_*`).
    pub facts: Arc<Map>,
    /// What was answered before the host's wave, for gates to compare with. It is never forgotten.
    pub before: Arc<HashMap<Probe, Observation>>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The host said so.
    Host,
    /// It follows from a change that was decided.
    Predicted,
    /// It follows from a change that was made.
    Confirmed,
}

/// What the world says to a probe.
#[derive(Debug)]
pub enum Answer<'a> {
    Known(&'a Observation),
    /// It has not been asked.
    Missing,
    Unknown(&'a Unknown),
}

impl World {
    /// Takes in what a host answered.
    pub fn observe(&mut self, probe: Probe, observation: Observation) {
        self.confirmed.remove(&probe);
        self.predict_late(&probe, &observation);
        self.observed.insert(probe, observation);
    }

    /// Lays the effects of a decided change over what was observed.
    pub fn predict(&mut self, change: &Change) {
        self.decided |= !change.steps.is_empty() || !change.effects.is_empty();
        for effect in &change.effects {
            match effect {
                Effect::Becomes(probe, observation) => {
                    self.predict_path(probe, observation);
                    self.predict_unit(probe, observation);
                    self.predicted
                        .insert(probe.clone(), Ok(observation.clone()));
                }
                Effect::Attributes { path, after } => self.predict_ownership(path, after),
                Effect::AskAgain(_) => {}
                Effect::MayAppear { below, reason } => {
                    self.appearing
                        .push((below.clone(), Unknown::new(reason.as_str())));
                }
                Effect::Unknown { probe, reason } => {
                    let unknown = Unknown::new(reason.as_str());
                    for listing in self.listings_of(probe) {
                        self.predicted.insert(listing, Err(unknown.clone()));
                    }
                    self.predicted.insert(probe.clone(), Err(unknown));
                }
                Effect::PackagesChange { names, reason } => {
                    self.packages
                        .push((names.clone(), Unknown::new(reason.as_str())));
                }
                Effect::IndexChanges { reason } => {
                    self.predicted
                        .insert(Probe::PackageIndex, Err(Unknown::new(reason.as_str())));
                }
                Effect::ServersChange { reason } => {
                    self.servers = Some(Unknown::new(reason.as_str()));
                }
                Effect::HandsOver { port, socket, to } => {
                    handed_over::predict(Arc::make_mut(&mut self.facts), *port, socket, to);
                }
                Effect::MachineRestarts { reason } => {
                    self.restart = Some(Unknown::new(reason.as_str()));
                }
                Effect::FactsChange { part, reason } => {
                    Arc::make_mut(&mut self.facts)
                        .insert(part.clone(), Value::unknown(reason.as_str()));
                }
            }
        }
    }

    /// Makes the effects of a change that has been carried out part of what is known. What they left open has to
    /// be observed again. Returns whether the facts have to be asked again.
    pub fn confirm(&mut self, change: &Change) -> bool {
        // Whatever was done may have started or ended what listens, and may be what a program looked at.
        let home = home_question();
        self.observed.retain(|probe, _| match probe {
            Probe::Port { .. } | Probe::EarlyProgram(_) => false,
            Probe::Program(program) => **program == home,
            _ => true,
        });
        let mut ask_facts = false;
        for effect in &change.effects {
            match effect {
                Effect::Becomes(probe, observation) => {
                    self.confirm_path(probe, observation);
                    self.confirm_unit(probe);
                    if paths::is_whole(observation) {
                        self.confirmed.insert(probe.clone());
                        self.observed.insert(probe.clone(), observation.clone());
                    } else {
                        self.observed.remove(probe);
                        self.observed
                            .retain(|other, _| !folders::lists(other, probe));
                    }
                }
                Effect::Attributes { path, after } => self.confirm_ownership(path, after),
                Effect::AskAgain(probe) => {
                    self.observed.remove(probe);
                }
                Effect::MayAppear { below, .. } => self.forget_absent(below),
                Effect::Unknown { probe, .. } => {
                    self.observed.remove(probe);
                    self.observed
                        .retain(|other, _| !folders::lists(other, probe));
                }
                Effect::PackagesChange { .. } => self.forget_all(),
                Effect::IndexChanges { .. } => self.observed.retain(|probe, _| {
                    !matches!(
                        probe,
                        Probe::PackageIndex | Probe::Package(_) | Probe::PackageOffers(_)
                    )
                }),
                Effect::ServersChange { .. } => {
                    self.observed.retain(|probe, _| {
                        !matches!(
                            probe,
                            Probe::Redis(_)
                                | Probe::RedisUser(_)
                                | Probe::ServerHealth { .. }
                                | Probe::Port { .. }
                                | Probe::Service(_)
                        )
                    });
                }
                Effect::HandsOver { .. } => {
                    self.observed.retain(|probe, _| {
                        !matches!(probe, Probe::Redis(_) | Probe::ServerHealth { .. })
                    });
                    ask_facts = true;
                }
                Effect::MachineRestarts { .. } => {
                    self.forget_all();
                    ask_facts = true;
                }
                Effect::FactsChange { .. } => ask_facts = true,
            }
        }
        ask_facts
    }

    /// Forgets one observation, because the host was found to differ from it.
    pub fn forget(&mut self, probe: &Probe) {
        self.observed.remove(probe);
    }

    /// Forgets what programs said before their turn: something has happened since that may have changed it.
    pub fn forget_early_programs(&mut self) {
        self.observed
            .retain(|probe, _| !matches!(probe, Probe::EarlyProgram(_)));
    }

    /// What a program said before its turn, where it ran then.
    pub fn early_program(&self, program: &Program) -> Option<&ProgramResult> {
        let probe = Probe::EarlyProgram(Box::new(program.clone()));
        match self.observed.get(&probe) {
            Some(Observation::Program(result)) => Some(result),
            _ => None,
        }
    }

    /// Forgets all observations.
    pub fn forget_all(&mut self) {
        self.observed.clear();
        self.confirmed.clear();
        self.forget_predictions();
    }

    /// Forgets all that was only predicted.
    pub fn forget_predictions(&mut self) {
        self.predicted.clear();
        self.decided = false;
        self.appearing.clear();
        self.folders = Folders::default();
        self.ownership.clear();
        self.packages.clear();
        self.units.clear();
        self.servers = None;
        self.restart = None;
    }

    /// What is known about a probe now.
    pub fn answer(&self, probe: &Probe) -> Answer<'_> {
        if let Some(prediction) = self.predicted.get(probe) {
            return match prediction {
                Ok(observation) => Answer::Known(observation),
                Err(unknown) => Answer::Unknown(unknown),
            };
        }
        if let Some(answer) = self.folders.answer(probe) {
            return Answer::Known(answer);
        }
        if let Some(unknown) = self.what_runs_anew(probe) {
            return Answer::Unknown(unknown);
        }
        match self.observed.get(probe) {
            None => Answer::Missing,
            Some(observation) => match self
                .what_a_package_may_bring(probe, observation)
                .or_else(|| self.what_may_appear(probe, observation))
                .or_else(|| self.what_a_unit_file_brings(probe, observation))
            {
                Some(unknown) => Answer::Unknown(unknown),
                None => Answer::Known(observation),
            },
        }
    }

    /// The running servers that were asked, with what they answered.
    pub fn servers(&self) -> impl Iterator<Item = (&RedisAddress, &RedisState)> {
        self.observed
            .iter()
            .filter_map(|(probe, observation)| match (probe, observation) {
                (Probe::Redis(address), Observation::Redis(state)) if state.alive => {
                    Some((address, state))
                }
                _ => None,
            })
    }

    /// Whether something was decided that has not been made yet.
    pub fn anything_decided(&self) -> bool {
        self.decided
    }

    /// Where the answer to a probe comes from, if there is one.
    pub fn origin(&self, probe: &Probe) -> Option<Origin> {
        if self.predicted.contains_key(probe) || self.folders.answer(probe).is_some() {
            Some(Origin::Predicted)
        } else if self.confirmed.contains(probe) {
            Some(Origin::Confirmed)
        } else {
            self.observed.contains_key(probe).then_some(Origin::Host)
        }
    }

    /// What a service or the whole machine answers once it has started again is not known before.
    fn what_runs_anew(&self, probe: &Probe) -> Option<&Unknown> {
        match probe {
            Probe::Redis(_)
            | Probe::RedisUser(_)
            | Probe::ServerHealth { .. }
            | Probe::Port { .. }
            | Probe::Service(_) => self.servers.as_ref().or(self.restart.as_ref()),
            Probe::Unit(_) | Probe::KernelValue(_) | Probe::Program(_) | Probe::BootId => {
                self.restart.as_ref()
            }
            _ => None,
        }
    }

    /// A package may bring what is not there yet: units, accounts, servers, and files in directories of its own.
    /// Whatever exists, or would stand in a directory that exists, is predicted as observed: the step's guard
    /// finds out where that was too hopeful.
    fn what_a_package_may_bring(
        &self,
        probe: &Probe,
        observation: &Observation,
    ) -> Option<&Unknown> {
        let (_, unknown) = self.packages.last()?;
        let absent = match observation {
            Observation::File(FileState::Absent { parent_exists }) => !parent_exists,
            Observation::Unit(unit) => unit.load == "not-found" || unit.load.is_empty(),
            Observation::Service(service) => service.load == "not-found" || service.load.is_empty(),
            Observation::User(user) => user.is_none(),
            Observation::Group(group) => group.is_none(),
            Observation::Redis(server) => !server.alive,
            Observation::RedisUser(state) => state.error.is_some(),
            Observation::Program(_) => matches!(probe, Probe::Program(_)),
            _ => false,
        };
        absent.then_some(unknown)
    }

    /// Why something named in a parameter may appear later: the packages that will come or go.
    pub fn pending_packages(&self) -> Option<&Unknown> {
        self.packages.last().map(|(_, unknown)| unknown)
    }
}

#[cfg(test)]
mod tests;
