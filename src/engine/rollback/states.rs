//! The states of resources while a rollback is decided: what they are, and what each step back makes of them.

use std::collections::{HashMap, HashSet};

use super::made::{Answers, Made};
use crate::model::aspect::{Aspect, is_in_state};
use crate::model::probe::{Observation, Probe, ServiceState};

/// How a resource stands to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// As it was before the change.
    Before,
    /// As the change left it.
    After,
    /// Neither.
    Other,
}

/// All resources of a host.
#[derive(Debug, Default)]
pub(super) struct States {
    now: HashMap<Probe, Observation>,
    /// As they were before the whole run.
    settled: HashSet<Probe>,
    /// In no state that the run knows.
    moved: HashSet<Probe>,
}

impl States {
    pub(super) fn of(made: &[Made<'_>], answers: &Answers) -> Self {
        let mut known: HashMap<&Probe, Vec<&Aspect>> = HashMap::new();
        for aspect in made.iter().flat_map(Made::aspects) {
            known.entry(&aspect.probe).or_default().push(aspect);
        }
        let mut states = Self::default();
        for (probe, aspects) in known {
            let Some(now) = answers.state(probe) else {
                continue;
            };
            let first = aspects.first().and_then(|aspect| aspect.before.as_ref());
            if first.is_some_and(|first| is_in_state(first, &now)) {
                states.settled.insert(probe.clone());
            } else if aspects
                .iter()
                .all(|aspect| standing(aspect, &now) == Standing::Other)
            {
                states.moved.insert(probe.clone());
            }
            states.now.insert(probe.clone(), now);
        }
        states
    }

    pub(super) fn now(&self, probe: &Probe) -> Option<&Observation> {
        self.now.get(probe)
    }

    /// How a resource stands to a change of it. What the host cannot tell is taken as the change left it.
    pub(super) fn standing(&self, aspect: &Aspect) -> Standing {
        if self.settled.contains(&aspect.probe) {
            return Standing::Before;
        }
        self.now
            .get(&aspect.probe)
            .map_or(Standing::After, |now| standing(aspect, now))
    }

    /// Whether somebody else has changed it since the run.
    pub(super) fn has_moved(&self, probe: &Probe) -> bool {
        self.moved.contains(probe)
    }

    /// The change is taken back.
    pub(super) fn take_back(&mut self, aspects: &[Aspect]) {
        for aspect in aspects {
            match &aspect.before {
                Some(before) => self.now.insert(aspect.probe.clone(), before.clone()),
                None => self.now.remove(&aspect.probe),
            };
        }
    }
}

fn standing(aspect: &Aspect, now: &Observation) -> Standing {
    let is =
        |state: &Option<Observation>| state.as_ref().is_some_and(|state| is_in_state(state, now));
    if is(&aspect.before) || is_another_process(aspect, now) {
        Standing::Before
    } else if aspect.after.is_none() || is(&aspect.after) {
        Standing::After
    } else {
        Standing::Other
    }
}

/// A process that was started since has nothing of what another one was given.
fn is_another_process(aspect: &Aspect, now: &Observation) -> bool {
    let process = |observation: &Observation| match observation {
        Observation::Service(ServiceState { process, .. }) => Some(
            process
                .as_ref()
                .map(|process| (process.pid, process.started)),
        ),
        _ => None,
    };
    let changed = aspect.after.as_ref().and_then(process);
    changed.is_some() && changed != process(now)
}
