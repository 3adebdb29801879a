//! Hosts inside a freeze window: what may not be done to them is found out before anything is.
//!
//! A frozen host is planned first, as `plan` does it; where a change would be made that the window does not allow, the
//! host is refused as a whole, so that nothing is half done. What could not be foreseen is held back when it comes up.
//!
//! Whether a host is frozen is decided when its turn comes: a rollout of hours runs into a window as any other run does.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::exchange::Trouble;
use super::host::{self, HostPlay};
use super::once::Board;
use super::walk::Planned;
use crate::model::change::ChangeKind;
use crate::model::event::{Mode, TaskReport, TaskStatus};
use crate::model::impact::Impact;
use crate::module::Failure;
use crate::rollout::{Frozen, Window, frozen};

/// How many tasks a message names.
const NAMED: usize = 3;

/// The time, told by whoever leads the run.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The freeze windows of a run's hosts, and the clock by which they are open or not.
#[derive(Clone, Default)]
pub struct Freezes {
    /// Of each play, the windows of the hosts that have any.
    plays: Vec<HashMap<String, Vec<Window>>>,
    /// There are no windows without it.
    clock: Option<Clock>,
}

impl Freezes {
    /// `plays`: of each, the windows of the hosts that have any.
    pub fn new(plays: Vec<HashMap<String, Vec<Window>>>, clock: Clock) -> Self {
        Self {
            plays,
            clock: Some(clock),
        }
    }

    /// The window that a host is in now.
    pub(super) fn of(&self, play: usize, host: &str) -> Option<Frozen> {
        let windows = self.plays.get(play)?.get(host)?;
        frozen(windows, self.clock.as_ref()?())
    }
}

impl fmt::Debug for Freezes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plays.fmt(formatter)
    }
}

impl HostPlay<'_> {
    /// Refuses a frozen host before it is changed, where it would be changed in a way that its window does not allow.
    ///
    /// # Errors
    /// [`Trouble::Refused`], or why the host cannot be planned.
    pub(super) async fn heed_freeze(&mut self) -> Result<(), Trouble> {
        let Some(frozen) = self.frozen.clone() else {
            return Ok(());
        };
        if self.setting.mode != Mode::Apply {
            return Ok(());
        }
        // What a plan settles for all hosts is not settled for an apply.
        let board = Board::new(std::slice::from_ref(&self.setting.host));
        let mut setting = self.setting.clone();
        setting.mode = Mode::Plan;
        let mut ahead = HostPlay::new(
            self.context,
            setting,
            host::memory(self.memory.variables.clone()),
            self.facts.clone(),
            self.connection.clone(),
            &board,
        );
        ahead.frozen = Some(frozen.clone());
        ahead.kept = Some(Vec::new());
        ahead.play().await?;
        let refused = refused(&frozen, ahead.kept.as_deref().unwrap_or_default());
        // What it was asked need not be asked again.
        self.worlds = ahead.worlds;
        self.facts = ahead.facts;
        match refused {
            Some(what) => Err(Trouble::Refused(refusal(&frozen, &what))),
            None => Ok(()),
        }
    }

    /// Holds back what only now turns out to be more than the window allows.
    ///
    /// # Errors
    /// [`Trouble::Refused`].
    pub(super) fn refuse_frozen(&self, planned: &[Planned]) -> Result<(), Trouble> {
        let Some(frozen) = &self.frozen else {
            return Ok(());
        };
        for task in planned.iter().filter(|task| !task.harmless) {
            let changes = task.decision.changes.iter();
            let impacts = changes
                .filter(|change| change.kind != ChangeKind::Wait)
                .map(Impact::of);
            if let Some(impact) = impacts.max().filter(|impact| !frozen.allows(*impact)) {
                let what = format!("\"{}\" {}", task.name, impact.words());
                return Err(Trouble::Refused(refusal(frozen, &what)));
            }
        }
        Ok(())
    }

    /// What an apply would refuse now of what was planned, for a person.
    pub(super) fn would_refuse(&self) -> Option<String> {
        let frozen = self.frozen.as_ref()?;
        let what = refused(frozen, &self.planned_reports)?;
        Some(format!(
            "it is frozen from {}, and an apply would refuse it now: {what}",
            frozen.words
        ))
    }
}

/// Which of these tasks a window does not allow, in words.
fn refused(frozen: &Frozen, reports: &[TaskReport]) -> Option<String> {
    let mut tasks: Vec<String> = Vec::new();
    for report in reports {
        let impacts = report.changes.iter().map(|change| change.impact);
        let gravest = match &report.status {
            TaskStatus::Changed => impacts.max().unwrap_or_default(),
            _ => continue,
        };
        let words = format!("\"{}\" {}", report.name, gravest.words());
        if !frozen.allows(gravest) && !tasks.contains(&words) {
            tasks.push(words);
        }
    }
    let more = tasks.len().saturating_sub(NAMED);
    tasks.truncate(NAMED);
    if more > 0 {
        tasks.push(format!("{more} more tasks"));
    }
    (!tasks.is_empty()).then(|| tasks.join(", "))
}

fn refusal(frozen: &Frozen, what: &str) -> Failure {
    Failure::new(format!("it is frozen from {}: {what}", frozen.words)).help(
        "wait until that is over, or say `--override-freeze REASON`; the reason stands in the record of the run",
    )
}
