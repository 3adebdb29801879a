//! The changes of one host that may have been made, and what has to be asked about them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{accounts, folder, roles, server};
use crate::journal::{Fate, Origin, Recorded};
use crate::model::aspect::{Aspect, lasting};
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::model::probe::{Observation, Probe};

/// One change that was, or may have been, made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'r> {
    pub(super) recorded: &'r Recorded,
    /// Its number in the intention.
    pub(super) number: usize,
    pub(super) change: &'r Change,
    pub(super) fate: Fate,
}

/// All of them, in order. What was certainly not done, and what has been taken back already, is left out.
pub(super) fn made<'r>(recorded: &[&'r Recorded]) -> Vec<Made<'r>> {
    recorded
        .iter()
        .flat_map(|recorded| {
            let changes = recorded.intention.changes.iter().zip(&recorded.fates);
            changes.enumerate().map(|(number, (change, fate))| Made {
                recorded,
                number,
                change,
                fate: *fate,
            })
        })
        .filter(|made| !matches!(made.fate, Fate::NotRun | Fate::Undone))
        .collect()
}

impl Made<'_> {
    pub(super) fn aspects(&self) -> &[Aspect] {
        let aspects = self.recorded.intention.aspects.get(self.number);
        aspects.map_or(&[], Vec::as_slice)
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            run: self.recorded.run.clone(),
            intention: self.recorded.number,
            change: self.number,
        }
    }

    /// The account in whose shell it was made.
    pub(super) fn account(&self) -> Option<&str> {
        self.recorded.intention.account.as_deref()
    }

    /// Its place among the changes of the run.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.recorded.number, self.number)
    }
}

/// What a host answered.
#[derive(Debug, Default)]
pub(super) struct Answers(HashMap<Probe, Observation>);

impl Answers {
    pub(super) fn take(&mut self, probe: Probe, observation: Observation) {
        self.0.insert(probe, observation);
    }

    pub(super) fn get(&self, probe: &Probe) -> Option<&Observation> {
        self.0.get(probe)
    }

    /// What the servers of the host are, where that was asked.
    pub(super) fn facts(&self) -> Option<&Facts> {
        self.0.values().find_map(|answer| match answer {
            Observation::Facts(facts) => Some(&**facts),
            _ => None,
        })
    }

    /// The state of a resource; `None` where the host could not tell.
    pub(super) fn state(&self, probe: &Probe) -> Option<Observation> {
        self.0.get(probe).and_then(lasting)
    }
}

/// What has to be asked, by the account that asks: each question by the account of the first change that needs it.
pub(super) fn questions(made: &[Made<'_>]) -> BTreeMap<Option<String>, BTreeSet<Probe>> {
    let mut asked: BTreeSet<Probe> = BTreeSet::new();
    let mut questions: BTreeMap<Option<String>, BTreeSet<Probe>> = BTreeMap::new();
    for one in made {
        let own = one
            .aspects()
            .iter()
            .map(|aspect| aspect.probe.clone())
            .chain(folder::question(one.change))
            .chain(accounts::questions(one.change, made))
            .chain(roles::question(one))
            .chain(server::questions(one));
        for probe in own {
            if asked.insert(probe.clone()) {
                let account = one.account().map(str::to_owned);
                questions.entry(account).or_default().insert(probe);
            }
        }
    }
    questions
}
