//! Accounts of running servers while a rollback is decided: who has changed one since, and what it is now.
//!
//! They are compared by what their rules mean: the server says them in words of its own.

use std::collections::{HashMap, HashSet};

use super::made::{Answers, Made};
use super::server;
use super::states::Standing;
use crate::model::change::{Change, Undo};
use crate::model::probe::{Observation, Probe, RedisAddress, RedisUserQuestion};
use crate::model::step::{Action, Guard, Step};
use crate::redis::acl::Rules;

/// An account by the place of its server and its name.
type Key = (String, String);

/// Its rules in the server's words; `None`: there is none.
type Words = Option<Vec<String>>;

/// All accounts that a run changed in running servers.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// What the host answers, and what each step back makes of it. Not here: the server could not be asked.
    now: HashMap<Key, Words>,
    /// As they were before the whole run.
    settled: HashSet<Key>,
    /// As no change of the run left them.
    moved: HashSet<Key>,
    /// Taken back, so that a host's answer is no longer what it will be.
    taken: HashSet<Key>,
}

/// What has to be asked about the account that a change is about. The run may have changed the password of whoever asks,
/// so it is asked in all the ways in which the run asked this server.
pub(super) fn questions(change: &Change, made: &[Made<'_>]) -> Vec<Probe> {
    let Some((address, name, _)) = account(&change.steps) else {
        return Vec::new();
    };
    let mut addresses = vec![address.clone()];
    for probe in server::asked_at(&address.place(), made) {
        if let Probe::Redis(other) = probe
            && !addresses.contains(&other)
        {
            addresses.push(other);
        }
    }
    let question = |address| RedisUserQuestion {
        address,
        name: name.to_owned(),
        rules: Vec::new(),
    };
    addresses
        .into_iter()
        .map(|address| Probe::RedisUser(Box::new(question(address))))
        .collect()
}

/// The account that steps set, and the rules that they give it.
fn account(steps: &[Step]) -> Option<(&RedisAddress, &str, &Words)> {
    steps.iter().find_map(|step| match &step.action {
        Action::RedisUser {
            address,
            name,
            rules,
        } => Some((address, name.as_str(), rules)),
        _ => None,
    })
}

/// What steps expect of the account that they set.
fn expected(steps: &[Step]) -> Option<&Words> {
    steps.iter().find_map(|step| match &step.guard {
        Some(Guard::RedisUser { rules, .. }) => Some(rules),
        _ => None,
    })
}

fn key(change: &Change) -> Option<Key> {
    let (address, name, _) = account(&change.steps)?;
    Some((address.place(), name.to_owned()))
}

fn undo(change: &Change) -> &[Step] {
    match &change.undo {
        Undo::Steps(steps) => steps,
        _ => &[],
    }
}

fn same(one: &Words, other: &Words) -> bool {
    one.as_deref().map(Rules::parse) == other.as_deref().map(Rules::parse)
}

impl Accounts {
    pub(super) fn of(all: &[Made<'_>], answers: &Answers) -> Self {
        let mut accounts = Self::default();
        let mut known: HashMap<Key, Vec<&Change>> = HashMap::new();
        for made in all {
            let Some(key) = key(made.change) else {
                continue;
            };
            known.entry(key.clone()).or_default().push(made.change);
            let told = questions(made.change, all).into_iter().find_map(|probe| {
                match answers.get(&probe) {
                    Some(Observation::RedisUser(state)) if state.error.is_none() => {
                        Some(state.rules.clone())
                    }
                    _ => None,
                }
            });
            accounts.now.extend(told.map(|told| (key, told)));
        }
        for (key, changes) in known {
            let Some(now) = accounts.now.get(&key) else {
                continue;
            };
            let first = changes.first().and_then(|change| expected(&change.steps));
            if first.is_some_and(|first| same(first, now)) {
                accounts.settled.insert(key);
            } else if changes
                .iter()
                .all(|change| standing(change, now) == Standing::Other)
            {
                accounts.moved.insert(key);
            }
        }
        accounts
    }

    /// How an account stands to a change of it; `None`: the change is about none.
    pub(super) fn standing(&self, change: &Change) -> Option<Standing> {
        let key = key(change)?;
        if self.settled.contains(&key) {
            return Some(Standing::Before);
        }
        Some(
            self.now
                .get(&key)
                .map_or(Standing::After, |now| standing(change, now)),
        )
    }

    /// Whether somebody else has changed it since the run.
    pub(super) fn has_moved(&self, change: &Change) -> bool {
        key(change).is_some_and(|key| self.moved.contains(&key))
    }

    /// Whether its server could be asked.
    pub(super) fn is_known(&self, change: &Change) -> bool {
        key(change).is_some_and(|key| self.now.contains_key(&key))
    }

    /// The steps that take a change back, guarded by what the account is now.
    pub(super) fn take_back(&mut self, change: &Change) -> Vec<Step> {
        let Some(key) = key(change) else {
            return Vec::new();
        };
        // Behind a step of the same script that sets it, there is nothing to guard against.
        let is_taken = !self.taken.insert(key.clone());
        let now = self.now.get(&key).filter(|_| !is_taken).cloned();
        let steps = undo(change)
            .iter()
            .map(|step| match (&step.action, &now) {
                (Action::RedisUser { address, name, .. }, Some(now)) => {
                    Step::new(step.action.clone()).guarded(Guard::RedisUser {
                        address: address.clone(),
                        name: name.clone(),
                        rules: now.clone(),
                    })
                }
                _ => Step::new(step.action.clone()),
            })
            .collect();
        if let Some((.., rules)) = account(undo(change)) {
            self.now.insert(key, rules.clone());
        }
        steps
    }
}

fn standing(change: &Change, now: &Words) -> Standing {
    // Runs of an older version did not record how the server says the rules that it was given.
    let Some(after) = expected(undo(change)) else {
        return Standing::After;
    };
    if expected(&change.steps).is_some_and(|before| same(before, now)) {
        Standing::Before
    } else if same(after, now) {
        Standing::After
    } else {
        Standing::Other
    }
}
