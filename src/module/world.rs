//! What is known of a host: what was observed, and what the changes decided so far will make of it.

use std::collections::HashMap;

use crate::model::change::{Change, Effect};
use crate::model::probe::{FileState, Observation, Probe};
use crate::model::value::{Map, Unknown, Value};

/// Observations of one host as one user, with the predicted effects of decided changes laid over them.
#[derive(Clone, Debug, Default)]
pub struct World {
    observed: HashMap<Probe, Observation>,
    predicted: HashMap<Probe, Result<Observation, Unknown>>,
    /// Packages that will come or go: names, and what completes "known after ...".
    packages: Vec<(Vec<String>, Unknown)>,
    /// Facts as variables (`host`, `redis`, `ansible_*`).
    pub facts: Map,
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
        self.observed.insert(probe, observation);
    }

    /// Lays the effects of a decided change over what was observed.
    pub fn predict(&mut self, change: &Change) {
        for effect in &change.effects {
            match effect {
                Effect::Becomes(probe, observation) => {
                    self.predicted
                        .insert(probe.clone(), Ok(observation.clone()));
                }
                Effect::Unknown { probe, reason } => {
                    self.predicted
                        .insert(probe.clone(), Err(Unknown::new(reason.as_str())));
                }
                Effect::PackagesChange { names, reason } => {
                    self.packages
                        .push((names.clone(), Unknown::new(reason.as_str())));
                }
                Effect::IndexChanges { reason } => {
                    self.predicted
                        .insert(Probe::PackageIndex, Err(Unknown::new(reason.as_str())));
                }
                Effect::FactsChange { part, reason } => {
                    self.facts
                        .insert(part.clone(), Value::unknown(reason.as_str()));
                }
            }
        }
    }

    /// Makes the effects of a change that has been carried out part of what is known. What they left open has to
    /// be observed again. Returns whether the facts have to be asked again.
    pub fn confirm(&mut self, change: &Change) -> bool {
        let mut ask_facts = false;
        for effect in &change.effects {
            match effect {
                Effect::Becomes(probe, observation) => {
                    self.observed.insert(probe.clone(), observation.clone());
                }
                Effect::Unknown { probe, .. } => {
                    self.observed.remove(probe);
                }
                Effect::PackagesChange { .. } => self.forget_all(),
                Effect::IndexChanges { .. } => self
                    .observed
                    .retain(|probe, _| !matches!(probe, Probe::PackageIndex | Probe::Package(_))),
                Effect::FactsChange { .. } => ask_facts = true,
            }
        }
        ask_facts
    }

    /// Forgets one observation, because the host was found to differ from it.
    pub fn forget(&mut self, probe: &Probe) {
        self.observed.remove(probe);
    }

    /// Forgets all observations.
    pub fn forget_all(&mut self) {
        self.observed.clear();
        self.predicted.clear();
        self.packages.clear();
    }

    /// Forgets all that was only predicted.
    pub fn forget_predictions(&mut self) {
        self.predicted.clear();
        self.packages.clear();
    }

    /// What is known about a probe now.
    pub fn answer(&self, probe: &Probe) -> Answer<'_> {
        if let Some(prediction) = self.predicted.get(probe) {
            return match prediction {
                Ok(observation) => Answer::Known(observation),
                Err(unknown) => Answer::Unknown(unknown),
            };
        }
        match self.observed.get(probe) {
            None => Answer::Missing,
            Some(observation) => match self.what_a_package_may_bring(probe, observation) {
                Some(unknown) => Answer::Unknown(unknown),
                None => Answer::Known(observation),
            },
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
            Observation::User(user) => user.is_none(),
            Observation::Group(group) => group.is_none(),
            Observation::Redis(server) => !server.alive,
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
