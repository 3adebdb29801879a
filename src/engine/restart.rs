//! A host that restarts: waiting until it is back, and what stands behind the restart.

use super::exchange::{self, LOOK_AGAIN, Trouble};
use super::host::HostPlay;
use super::leases::{self, Purpose};
use super::walk::Target;
use super::words::last_lines;
use crate::model::probe::{Observation, Probe};
use crate::model::step::{Action, Step, StepStatus};
use crate::module::Failure;
use crate::transport::script::Orders;

impl HostPlay<'_> {
    /// Steps behind a restart are carried out once the machine is back.
    pub(super) async fn after_reboot(
        &mut self,
        target: &Target,
        steps: &[Step],
    ) -> Result<(), Trouble> {
        let rest: Vec<Step> = steps
            .iter()
            .skip_while(|step| !matches!(step.action, Action::Reboot { .. }))
            .skip(1)
            .cloned()
            .collect();
        if rest.is_empty() {
            return Ok(());
        }
        let orders = Orders {
            steps: &rest,
            ..Orders::default()
        };
        let carried = leases::carry_out(
            self.context(),
            target,
            self.connection_of(target),
            orders,
            Purpose::Change,
            false,
        )
        .await?;
        if let Some(trouble) = carried.trouble {
            return Err(trouble);
        }
        match carried
            .outcomes
            .iter()
            .find(|outcome| outcome.status != StepStatus::Done)
        {
            None => Ok(()),
            Some(outcome) => Err(Trouble::Failed(Failure::new(format!(
                "the machine is back, and what checks it failed: {}",
                last_lines(&outcome.stderr.to_lossy())
            )))),
        }
    }

    /// Which boot the host is in.
    pub(super) async fn boot(&self, target: &Target) -> Result<String, Trouble> {
        let answers = exchange::observe(
            self.context(),
            target,
            self.connection_of(target),
            &[Probe::BootId],
        )
        .await?;
        match answers.into_iter().next() {
            Some(Observation::BootId(id)) => Ok(id),
            _ => Err(Trouble::Failed(Failure::new(
                "the host does not tell which boot it is in",
            ))),
        }
    }

    /// Waits until a host that restarts answers again, with another boot than before.
    pub(super) async fn wait_for_return(
        &mut self,
        target: &Target,
        boot: &str,
        limit: u64,
    ) -> Result<(), Trouble> {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(limit);
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            self.context().sessions.forget(&target.host).await;
            let answer = exchange::observe(
                self.context(),
                target,
                self.connection_of(target),
                &[Probe::BootId],
            )
            .await;
            match answer {
                Ok(answers) if matches!(answers.first(), Some(Observation::BootId(id)) if id != boot) =>
                {
                    return Ok(());
                }
                _ if tokio::time::Instant::now() > deadline => {
                    return Err(Trouble::Unreachable(Failure::new(format!(
                        "it did not come back within {limit} seconds"
                    ))));
                }
                _ => {}
            }
        }
    }
}
