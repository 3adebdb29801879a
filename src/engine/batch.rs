//! Carrying out what a walk planned: one script, recorded before it is sent, and what became of it.

use std::collections::BTreeSet;

use super::exchange::Trouble;
use super::failover;
use super::host::HostPlay;
use super::intentions::became;
use super::leases::{self, Purpose};
use super::notes;
use super::outcomes::{begun, executed, lacks_output, steps_of, until_restart};
use super::walk::{Planned, Target};
use super::words::failure_of;
use crate::model::probe::{Probe, Program};
use crate::model::step::{Action, Outcome, Step, StepStatus};
use crate::module::Failure;
use crate::transport::script::Orders;

/// A task whose guards fail this often is fought over by somebody else.
const MOST_REFUSALS: u32 = 5;

impl HostPlay<'_> {
    /// Makes planned changes, in order. `owed`: handlers that will still have to run afterwards. `ahead`: programs behind them
    /// that only look at files, asked in the same script. `last`: nothing of the run is expected to follow on this host.
    pub(super) async fn carry_out(
        &mut self,
        target: &Target,
        planned: Vec<Planned>,
        owed: &[String],
        ahead: &[Program],
        last: bool,
    ) -> Result<(), Trouble> {
        if let Some(permit) = &self.context().exact.permit
            && let Err(failure) = permit.check(&self.setting, &planned)
        {
            return Err(if self.counts.changed == 0 {
                Trouble::Refused(failure)
            } else {
                Trouble::Failed(failure)
            });
        }
        let first = self
            .context()
            .journal
            .intend(&self.intentions(target, &planned))
            .map_err(|error| {
                Trouble::Failed(Failure::new(format!(
                    "the run's record cannot be written: {error}"
                )))
            })?;
        let names = self.names_to_note(target, &planned, owed);
        let owes_nothing = names.is_empty() && owed.is_empty();
        let (purpose, (before, after)) =
            if owes_nothing && planned.iter().all(|task| task.only_looks) {
                (Purpose::Look, (Vec::new(), Vec::new()))
            } else {
                (Purpose::Change, self.note_steps(target, &names, owed))
            };
        let own: Vec<Step> = planned.iter().flat_map(steps_of).cloned().collect();
        let steps: Vec<Step> = before.iter().chain(&own).chain(&after).cloned().collect();
        if !before.is_empty() {
            self.run_written = true;
            self.noted.extend(names);
        }
        let reboot = own.iter().find_map(|step| match step.action {
            Action::Reboot { time_limit } => Some(time_limit),
            _ => None,
        });
        let boot = match reboot {
            Some(_) => self.boot(target).await?,
            None => String::new(),
        };
        let orders = Orders {
            steps: &steps,
            stops: Some(&stops(before.len(), &planned)),
            hold: None,
            ahead,
        };
        let connection = self.connection_of(target);
        let carried =
            leases::carry_out(self.context(), target, connection, orders, purpose, last).await?;
        let (outcomes, lost) = (carried.outcomes, carried.trouble);
        if !after.is_empty()
            && outcomes
                .last()
                .is_some_and(|outcome| outcome.status == StepStatus::Done)
        {
            self.noted.clear();
        }
        let own_outcomes = outcomes.get(before.len()..).unwrap_or_default();
        // The changes are made: that their outcome cannot be written leaves it unknown, as after a crash.
        let _ = self
            .context()
            .journal
            .became(&became(first, &planned, own_outcomes));
        if let Some(failure) = notes::failure(&before, &outcomes) {
            return Err(Trouble::Failed(failure));
        }
        let mut outcomes = outcomes.into_iter().skip(before.len()).peekable();
        let nothing_began = outcomes
            .peek()
            .is_some_and(|outcome| outcome.status == StepStatus::NotRun);
        if nothing_began && lost.is_none() && !self.context().is_interrupted() {
            return Err(Trouble::Failed(Failure::new(
                "the host took the changes and did not begin with them",
            )));
        }
        let (mut arbitrary, mut has_ended) = (false, false);
        for task in planned {
            let count = steps_of(&task).count();
            let results: Vec<Outcome> = outcomes.by_ref().take(count).collect();
            if has_ended {
                self.owe_what_may_have_begun(&task, &results);
            } else {
                has_ended = !self.absorb(target, task, &results, lost.is_none(), &mut arbitrary);
            }
        }
        for (other, world) in &mut self.worlds {
            // Another account may see something else of what was done: it looks again. And what a command of the user's
            // does to another host, such as by a copy over there, only those who wrote it know.
            let is_other_account = other != target && other.host == target.host;
            if arbitrary || is_other_account {
                world.forget_all();
            }
            world.forget_early_programs();
        }
        let world = self.worlds.entry(target.clone()).or_default();
        for (program, answer) in ahead.iter().zip(carried.ahead) {
            world.observe(Probe::EarlyProgram(Box::new(program.clone())), answer);
        }
        if let Some(limit) = reboot
            && self
                .memory
                .executed
                .values()
                .all(|executed| executed.failure.is_none())
        {
            self.wait_for_return(target, &boot, limit).await?;
            self.worlds.remove(target);
            self.memory.facts_stale = true;
            return self.after_reboot(target, &own).await;
        }
        match lost {
            // The user cut it.
            Some(_) if self.context().is_interrupted() => Err(Trouble::Interrupted),
            Some(Trouble::Unreachable(failure)) => Err(Trouble::Unreachable(failure.help(
                "the connection was lost while changes were being made; the next run finds out how far they came",
            ))),
            Some(trouble) => Err(trouble),
            None => Ok(()),
        }
    }

    /// Takes in what became of a task's steps. False: the script ended with this task. `goes_on`: the host can still be
    /// asked.
    fn absorb(
        &mut self,
        target: &Target,
        task: Planned,
        outcomes: &[Outcome],
        goes_on: bool,
        arbitrary: &mut bool,
    ) -> bool {
        if let Some(done) = task.settled {
            self.memory.ready.insert(task.key, done);
            return true;
        }
        self.note_failovers(&task, outcomes);
        let bad = until_restart(&task, outcomes)
            .iter()
            .find(|outcome| outcome.status != StepStatus::Done);
        let status = bad.map(|outcome| outcome.status);
        // What was done without anybody hearing what it said cannot be judged, where the run goes on.
        let unheard = goes_on && lacks_output(&task.decision, outcomes);
        let status = status.or_else(|| unheard.then_some(StepStatus::Lost));
        if !matches!(status, None | Some(StepStatus::GuardFailed)) {
            self.owe_what_may_have_begun(&task, outcomes);
        }
        let world = self.worlds.entry(target.clone()).or_default();
        match status {
            None => {
                for change in &task.decision.changes {
                    self.memory.facts_stale |= world.confirm(change);
                    *arbitrary |= change.is_arbitrary();
                }
                let executed = executed(&task.decision, outcomes, None);
                self.memory.executed.insert(task.key, executed);
                true
            }
            Some(StepStatus::GuardFailed) => {
                // A role may be what has changed.
                self.memory.facts_stale |= failover::is_among(&task);
                // Somebody, or an earlier step, changed what this task was decided from: look again.
                world.forget_all();
                let begun = begun(&task.decision, outcomes);
                if !begun.is_empty() {
                    self.memory
                        .begun
                        .entry(task.key.clone())
                        .or_default()
                        .extend(begun);
                }
                let refusals = self.refusals.entry(task.key.clone()).or_insert(0);
                *refusals += 1;
                if *refusals > MOST_REFUSALS {
                    let failure = Failure::new(
                        "this host is being changed by somebody else at the same time",
                    )
                    .help("find out what else manages it, and run again");
                    self.memory
                        .executed
                        .insert(task.key, executed(&task.decision, outcomes, Some(failure)));
                }
                false
            }
            Some(StepStatus::Failed | StepStatus::TimedOut) => {
                world.forget_all();
                let failure = failure_of(&task.decision, outcomes);
                self.memory
                    .executed
                    .insert(task.key, executed(&task.decision, outcomes, Some(failure)));
                false
            }
            Some(status) => {
                world.forget_all();
                // A step that began and of which nothing more is known must not be repeated unseen.
                if status == StepStatus::Lost {
                    let failure = Failure::new("the host did not say what became of this")
                        .help("look at the host, and run again");
                    self.memory
                        .executed
                        .insert(task.key, executed(&task.decision, outcomes, Some(failure)));
                    return false;
                }
                // The user stopped the run in the middle of the task.
                let done = outcomes
                    .iter()
                    .filter(|outcome| outcome.status == StepStatus::Done)
                    .count();
                if done > 0 && self.context().is_interrupted() {
                    let failure = Failure::new(format!(
                        "interrupted: {done} of its {} steps were made",
                        outcomes.len()
                    ))
                    .help("run again: what is left is found out and made then");
                    self.memory
                        .executed
                        .insert(task.key, executed(&task.decision, outcomes, Some(failure)));
                }
                false
            }
        }
    }

    /// What a task notifies stays owed where one of its steps was made, or may have been. Of steps that are told together,
    /// some may have been made behind the one that ended the script.
    fn owe_what_may_have_begun(&mut self, task: &Planned, outcomes: &[Outcome]) {
        let may_have_begun = outcomes
            .iter()
            .any(|outcome| matches!(outcome.status, StepStatus::Done | StepStatus::Lost));
        if may_have_begun {
            self.memory.uncertain.extend(task.notifies.iter().cloned());
        }
    }

    /// Handlers that the host owes when these changes are made and nothing follows, with those of earlier scripts. Empty
    /// where nothing is noted.
    fn names_to_note(
        &self,
        target: &Target,
        planned: &[Planned],
        owed: &[String],
    ) -> BTreeSet<String> {
        if !self.is_noted_for(target) {
            return BTreeSet::new();
        }
        let notified = planned.iter().flat_map(|task| &task.notifies);
        let names = self.noted.iter().chain(notified).chain(owed);
        names.cloned().collect()
    }

    fn is_noted_for(&self, target: &Target) -> bool {
        target.host == self.setting.host && target.account.as_deref().unwrap_or("root") == "root"
    }

    /// Steps that put down which handlers are owed before anything is changed, and take that away when none is.
    fn note_steps(
        &self,
        target: &Target,
        names: &BTreeSet<String>,
        owed: &[String],
    ) -> (Vec<Step>, Vec<Step>) {
        if !self.is_noted_for(target) {
            return (Vec::new(), Vec::new());
        }
        let key = notes::key(&self.setting.play.key);
        let run = (!self.run_written).then_some(&self.context().run);
        let is_new = *names != self.noted;
        let before = if is_new || run.is_some() {
            let names: Vec<String> = if is_new {
                names.iter().cloned().collect()
            } else {
                Vec::new()
            };
            notes::write(run, &key, &names)
        } else {
            Vec::new()
        };
        let after = if owed.is_empty() && !names.is_empty() {
            vec![notes::remove(&key)]
        } else {
            Vec::new()
        };
        (before, after)
    }

    /// The play has come to its end, and no script was left to say what is still owed.
    pub(super) async fn settle_note(&mut self, owed: &[String]) -> Result<(), Trouble> {
        let owed: BTreeSet<String> = owed.iter().cloned().collect();
        if self.noted.is_empty() || self.noted == owed {
            return Ok(());
        }
        let target = self.setting.facts_target.clone();
        let key = notes::key(&self.setting.play.key);
        let steps = if owed.is_empty() {
            vec![notes::remove(&key)]
        } else {
            notes::write(None, &key, &Vec::from_iter(owed.iter().cloned()))
        };
        let orders = Orders {
            steps: &steps,
            ..Orders::default()
        };
        leases::carry_out(
            self.context(),
            &target,
            self.connection_of(&target),
            orders,
            Purpose::Change,
            false,
        )
        .await?;
        self.noted = owed;
        Ok(())
    }
}

/// The steps before which the script may end: where a change begins. A change is made whole, so that no file is
/// written without what has to follow. `before`: how many steps stand before the first change's.
fn stops(before: usize, planned: &[Planned]) -> BTreeSet<usize> {
    let mut next = before;
    planned
        .iter()
        .flat_map(|task| &task.decision.changes)
        .filter_map(|change| {
            let first = next;
            next += change.steps.len();
            (!change.steps.is_empty()).then_some(first)
        })
        .collect()
}
