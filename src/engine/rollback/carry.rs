//! Carrying out what a rollback decided: recorded like any change, in one script for each account.

use super::decide::{Take, Verdict};
use super::host::HostUndo;
use super::report::{is_hidden, owed};
use crate::engine::exchange::Trouble;
use crate::engine::intentions::fates;
use crate::engine::leases::{self, Purpose};
use crate::engine::notes;
use crate::engine::walk::Target;
use crate::engine::words::failure_of_changes;
use crate::journal::{Became, Fate, Intention, Origin};
use crate::model::event::ShownFailure;
use crate::model::step::{Outcome, Step, StepStatus};
use crate::module::Failure;
use crate::transport::script::Orders;

/// How far the changes of one account came.
pub(super) enum Came {
    /// All were made.
    Whole,
    /// A guard failed: the host has to be looked at again.
    Moved,
    Failed,
}

impl HostUndo<'_> {
    /// Makes all of it, in order; it ends with what fails.
    pub(super) async fn carry_out(&mut self, verdict: &Verdict<'_>) -> Result<Came, Trouble> {
        let owed = owed(verdict.takes.iter().map(|take| &take.change));
        let mut rest = verdict.takes.as_slice();
        while let Some(first) = rest.first() {
            let same = |take: &&Take<'_>| take.made.account() == first.made.account();
            let count = rest.iter().take_while(same).count();
            let (takes, later) = rest.split_at(count);
            match self.script(takes, &owed, later.is_empty()).await? {
                Came::Whole => rest = later,
                other => return Ok(other),
            }
        }
        Ok(Came::Whole)
    }

    /// What one account does.
    async fn script(
        &mut self,
        takes: &[Take<'_>],
        owed: &[String],
        last: bool,
    ) -> Result<Came, Trouble> {
        let Some(first) = takes.first() else {
            return Ok(Came::Whole);
        };
        let target = Target {
            host: self.host().to_owned(),
            account: first.made.account().map(str::to_owned),
        };
        let journal = &self.context().journal;
        let cannot = |error: std::io::Error| {
            Trouble::Failed(Failure::new(format!(
                "the run's record cannot be written: {error}"
            )))
        };
        let intentions: Vec<Intention> = takes.iter().map(|take| self.intention(take)).collect();
        let number = journal.intend(&intentions).map_err(cannot)?;
        let is_root = target.account.as_deref().unwrap_or("root") == "root";
        let run = (!std::mem::replace(&mut self.run_written, true)).then_some(&self.context().run);
        let key = self.key();
        let mut steps: Vec<Step> = Vec::new();
        if is_root {
            steps.extend(notes::write(run, &key, owed));
        }
        let before = steps.len();
        let mut stops = std::collections::BTreeSet::new();
        for take in takes {
            if !take.change.steps.is_empty() {
                stops.insert(steps.len());
            }
            steps.extend(take.change.steps.iter().cloned());
        }
        if is_root && last {
            steps.push(notes::remove(&key));
        }
        let connection = first.made.recorded.intention.connection.as_deref();
        let orders = Orders {
            steps: &steps,
            stops: Some(&stops),
            ..Orders::default()
        };
        let carried = leases::carry_out(
            self.context(),
            &target,
            connection,
            orders,
            Purpose::Change,
            false,
        )
        .await?;
        let outcomes = carried.outcomes;
        let own = outcomes.get(before..).unwrap_or_default();
        let came = self.absorb(takes, number, own).map_err(cannot)?;
        if let Some(failure) = notes::failure(&steps[..before], &outcomes) {
            return Err(Trouble::Failed(failure));
        }
        match carried.trouble {
            Some(_) if self.context().is_interrupted() => Err(Trouble::Interrupted),
            Some(Trouble::Unreachable(failure)) => Err(Trouble::Unreachable(failure.help(
                "the connection was lost while changes were being taken back; roll back once more to find out how far they came",
            ))),
            Some(trouble) => Err(trouble),
            None if self.context().is_interrupted() && !matches!(came, Came::Whole) => {
                Err(Trouble::Interrupted)
            }
            None => Ok(came),
        }
    }

    /// Records and tells what became of each.
    fn absorb(
        &mut self,
        takes: &[Take<'_>],
        number: usize,
        outcomes: &[Outcome],
    ) -> std::io::Result<Came> {
        let journal = &self.context().journal;
        let mut all = outcomes.iter();
        let mut came = Came::Whole;
        let mut made: Vec<&Take<'_>> = Vec::new();
        let mut failed = None;
        let mut became = Vec::new();
        for (order, take) in takes.iter().enumerate() {
            let own: Vec<&Outcome> = all.by_ref().take(take.change.steps.len()).collect();
            let fate = fates(std::slice::from_ref(&take.change), &mut own.iter().copied());
            became.push(Became {
                intention: number + order,
                fates: fate.iter().copied().enumerate().collect(),
            });
            let bad = own
                .iter()
                .find(|outcome| outcome.status != StepStatus::Done)
                .map(|outcome| outcome.status);
            match bad {
                None if fate == [Fate::Done] => {
                    made.push(take);
                    let restored: Vec<Origin> = take
                        .origins
                        .iter()
                        .flat_map(|origin| self.behind(origin))
                        .collect();
                    journal.taken_back(&take.origins, Fate::Undone)?;
                    journal.taken_back(&restored, Fate::Done)?;
                }
                Some(StepStatus::GuardFailed) if matches!(came, Came::Whole) => came = Came::Moved,
                Some(StepStatus::Failed | StepStatus::TimedOut) if failed.is_none() => {
                    came = Came::Failed;
                    let own: Vec<Outcome> = own.into_iter().cloned().collect();
                    failed = Some((take, failure_of_changes([&take.change], &own)));
                }
                Some(StepStatus::Lost) if failed.is_none() => {
                    came = Came::Failed;
                    failed = Some((
                        take,
                        Failure::new("the host did not say what became of this"),
                    ));
                }
                _ if matches!(came, Came::Whole) => came = Came::Failed,
                _ => {}
            }
        }
        journal.became(&became)?;
        self.tell_taken(&made);
        if let Some((take, failure)) = failed {
            let mut failure = ShownFailure {
                message: failure.message,
                help: failure.help,
            };
            if is_hidden(&take.made) {
                "it failed; the reason is hidden by `no_log`".clone_into(&mut failure.message);
                failure.help.clear();
            }
            self.tell_failed(take, failure);
        }
        Ok(came)
    }

    /// What is recorded of one change of the rollback.
    fn intention(&self, take: &Take<'_>) -> Intention {
        let of = &take.made.recorded.intention;
        Intention {
            host: of.host.clone(),
            account: of.account.clone(),
            behalf: of.behalf.clone(),
            connection: of.connection.clone(),
            task: of.task.clone(),
            changes: vec![take.change.clone()],
            aspects: vec![take.aspects.clone()],
            servers: take.servers.clone(),
            undoes: vec![take.origins.clone()],
            hidden: of.hidden,
            secrets: of.secrets.clone(),
        }
    }
}
