//! What a host is asked on its way through a play, and what becomes of its facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::exchange::{self, Trouble};
use super::host::HostPlay;
use super::notes;
use super::topology::Known as Topology;
use super::walk::Target;
use crate::model::event::{Event, Mode};
use crate::model::fact_parts::FactParts;
use crate::model::facts::Facts;
use crate::model::probe::{Observation, Probe};
use crate::module::Failure;

impl HostPlay<'_> {
    /// Asks each target, in one round trip each.
    pub(super) async fn ask_all(
        &mut self,
        questions: BTreeMap<Target, BTreeSet<Probe>>,
    ) -> Result<(), Trouble> {
        for (target, probes) in questions {
            self.ask(&target, probes.into_iter().collect()).await?;
        }
        Ok(())
    }

    /// Whether the last walk came across something that may use facts which were not asked: a template that nobody saw
    /// before. The walk counts for nothing then.
    pub(super) fn lacks_facts(&self) -> bool {
        let needed = self.context.templates.needed_facts();
        self.setting.play.gather_facts
            && self
                .facts
                .as_ref()
                .is_some_and(|facts| !facts.parts.covers(needed))
    }

    /// Asks a target, in one round trip. Facts are asked in the parts that the run may use.
    pub(super) async fn ask(
        &mut self,
        target: &Target,
        mut probes: Vec<Probe>,
    ) -> Result<(), Trouble> {
        // Stale facts travel with whatever is asked next.
        if self.memory.facts_stale
            && *target == self.setting.facts_target
            && !probes.contains(&Probe::Facts)
        {
            probes.push(Probe::Facts);
        }
        let is_all = probes.contains(&Probe::Facts);
        for probe in &mut probes {
            if *probe == Probe::Facts {
                let parts = self.context.templates.needed_facts();
                *probe = self.setting.facts_probe(parts);
            }
        }
        let answers =
            exchange::observe(self.context, target, self.connection_of(target), &probes).await?;
        if !std::mem::replace(&mut self.reached, true) && self.kept.is_none() {
            self.context.tell(Event::HostReached {
                host: self.setting.host.clone(),
            });
        }
        for (probe, answer) in probes.into_iter().zip(answers) {
            match answer {
                Observation::Facts(facts) => {
                    self.see_locks(&facts.locks)?;
                    if is_all {
                        self.know(Arc::from(facts))?;
                    } else {
                        self.take_over(&facts);
                    }
                }
                Observation::Failed(reason) if matches!(probe, Probe::SomeFacts { .. }) => {
                    return Err(Trouble::Failed(Failure::new(format!(
                        "the host's facts could not be had: {reason}"
                    ))));
                }
                answer => self
                    .worlds
                    .entry(target.clone())
                    .or_default()
                    .observe(probe, answer),
            }
        }
        Ok(())
    }

    /// A play that wants no facts still has to run the handlers that it owes a host, and to see who keeps it.
    pub(super) async fn ask_what_is_owed(&mut self) -> Result<(), Trouble> {
        if self.setting.mode == Mode::Verify || self.setting.play.handlers.is_empty() {
            return Ok(());
        }
        let target = self.setting.facts_target.clone();
        let probe = self.setting.facts_probe(FactParts::default());
        self.ask(&target, vec![probe]).await
    }

    /// Handlers that an earlier run earned in this play and could not run.
    fn take_over(&mut self, facts: &Facts) {
        let key = notes::key(&self.setting.play.key);
        if let Some(names) = facts.pending_handlers.get(&key)
            && self.noted.is_empty()
        {
            self.memory.notified.clone_from(names);
            self.noted.extend(names.iter().cloned());
        }
    }

    /// Makes variables of what the host said of itself, as this play wishes them.
    pub(super) fn know(&mut self, facts: Arc<Facts>) -> Result<(), Trouble> {
        self.take_over(&facts);
        let wishes = self.setting.sizing_wishes().map_err(Trouble::Failed)?;
        if let Some(reason) = crate::redis::from_facts::unmet(&facts, wishes.as_ref()) {
            let failure = Failure::new(reason)
                .help("say `auto` to plan without it, or move to a build with its own jemalloc: `cachesmith explain` tells which");
            return Err(Trouble::Failed(failure));
        }
        let mut variables = super::facts::variables(&facts, wishes.as_ref());
        if let Some(topology) = self.topology() {
            topology
                .annotate(&self.setting.host, &facts, &mut variables)
                .map_err(Trouble::Failed)?;
        }
        self.memory.facts = Arc::new(variables);
        self.memory.facts_stale = false;
        self.facts = Some(facts);
        Ok(())
    }

    /// The servers of the play's hosts, where they decide what is done. Who only looks changes nothing.
    pub(super) fn topology(&self) -> Option<Arc<Topology>> {
        let changes = self.setting.mode != Mode::Verify;
        let known = self.context.topology_of(self.setting.play_index);
        known.filter(|_| changes)
    }
}
