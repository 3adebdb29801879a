//! What a host answered before its wave, for a gate to compare with. It is asked together with the first questions of
//! the play, so that it costs no round trip of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::look;
use crate::engine::exchange::Trouble;
use crate::engine::host::HostPlay;
use crate::engine::walk::{self, Memory, Next, Target};
use crate::model::event::Mode;
use crate::model::playbook::{Item, Play};
use crate::model::probe::{Observation, Probe};
use crate::module::world::{Answer, World};

/// What each target answered.
pub(in crate::engine) type Known = HashMap<Target, Arc<HashMap<Probe, Observation>>>;

/// What is to be asked before a host is changed, and what it answered.
#[derive(Default)]
pub(in crate::engine) struct Before {
    /// `None`: nothing, or it has been asked.
    play: Option<Arc<Play>>,
    pub(in crate::engine) known: Known,
}

impl Before {
    /// What the gates of a play will compare with.
    pub(in crate::engine) fn of(play: &Play) -> Self {
        let gates = play.rolling.gates.iter();
        let items: Vec<Item> = gates.filter_map(|gate| gate.redis.clone()).collect();
        Self {
            play: (!items.is_empty()).then(|| Arc::new(look::with(play, items))),
            known: Known::new(),
        }
    }
}

impl HostPlay<'_> {
    /// What gates will compare with, together with what is asked anyway; only once, before the first change.
    pub(in crate::engine) fn questions_before(&mut self) -> BTreeMap<Target, BTreeSet<Probe>> {
        let Some(play) = self
            .before
            .play
            .take_if(|_| self.setting.mode == Mode::Apply)
        else {
            return BTreeMap::new();
        };
        let mut setting = self.setting.clone();
        setting.play = play;
        setting.mode = Mode::Verify;
        let memory = Memory {
            facts: self.memory.facts.clone(),
            variables: self.memory.variables.clone(),
            checks_begun: true,
            ..Memory::default()
        };
        match walk::walk(&setting, &memory, &self.worlds).next {
            Next::Observe(questions) => questions,
            // A server that is not there yet has no before.
            _ => BTreeMap::new(),
        }
    }

    /// Keeps what was answered to these questions.
    pub(in crate::engine) fn keep_before(&mut self, asked: BTreeMap<Target, BTreeSet<Probe>>) {
        for (target, probes) in asked {
            let Some(world) = self.worlds.get(&target) else {
                continue;
            };
            let answers = probes
                .into_iter()
                .filter_map(|probe| match world.answer(&probe) {
                    Answer::Known(answer) => Some((probe.clone(), answer.clone())),
                    _ => None,
                });
            let answers = answers.collect();
            self.before.known.insert(target, Arc::new(answers));
        }
    }

    /// Goes through checks once, and tells nothing but whether they hold.
    ///
    /// # Errors
    /// Why they do not, or why that could not be found out.
    pub(in crate::engine) async fn look(mut self, before: &Known) -> Result<(), Trouble> {
        self.memory.checks_begun = true;
        for (target, known) in before {
            let mut world = World::default();
            world.before = Arc::clone(known);
            self.worlds.insert(target.clone(), world);
        }
        self.kept = Some(Vec::new());
        let finished = self.play().await?;
        let reports = self.kept.take().unwrap_or_default();
        if finished.failed {
            return Err(Trouble::Failed(look::why(&reports)));
        }
        Ok(())
    }
}
