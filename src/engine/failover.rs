//! What came of steps with which a replica took over.

use super::host::HostPlay;
use super::outcomes::steps_of;
use super::walk::Planned;
use crate::model::event::{Event, FailedOver};
use crate::model::replication::Endpoint;
use crate::model::step::{Action, Outcome, StepStatus};

impl HostPlay<'_> {
    /// Tells the failovers among a task's steps, and keeps the longest stall.
    pub(super) fn note_failovers(&mut self, task: &Planned, outcomes: &[Outcome]) {
        for (step, outcome) in steps_of(task).zip(outcomes) {
            let tried = !matches!(outcome.status, StepStatus::NotRun | StepStatus::GuardFailed);
            if !matches!(step.action, Action::Failover { .. }) || !tried {
                continue;
            }
            // Whatever came of it, roles may not be what they were.
            self.memory.facts_stale = true;
            if let Some(topology) = self.context().topology_of(self.setting.play_index) {
                topology.note_failover(&self.setting.host);
            }
            if outcome.status != StepStatus::Done {
                continue;
            }
            let told = read(&self.setting.host, &outcome.stdout.to_lossy());
            let longest = self.longest_stall.as_ref();
            if longest.is_none_or(|longest| longest.stall_milliseconds < told.stall_milliseconds) {
                self.longest_stall = Some(told.clone());
            }
            self.context().tell(Event::FailedOver(told));
        }
    }
}

/// Whether a task makes a replica the primary.
pub(super) fn is_among(task: &Planned) -> bool {
    steps_of(task).any(|step| matches!(step.action, Action::Failover { .. }))
}

/// Reads what the step says: `stall MILLISECONDS`, `primary ADDRESS PORT`, `warning WORDS`.
fn read(host: &str, text: &str) -> FailedOver {
    let mut told = FailedOver {
        host: host.to_owned(),
        ..FailedOver::default()
    };
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("stall", number)) => {
                told.stall_milliseconds = number.trim().parse().unwrap_or_default();
            }
            Some(("primary", place)) => {
                let place = place.trim().split_once(' ');
                told.to = place
                    .and_then(|(address, port)| Some(Endpoint::new(address, port.parse().ok()?)))
                    .map(|endpoint| endpoint.to_string())
                    .unwrap_or_default();
            }
            Some(("warning", words)) => told.warnings.push(words.trim().to_owned()),
            _ => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_step_says_is_read() {
        let told = read(
            "bw1",
            "stall 40\nprimary 10.0.0.2 6379\nwarning the old primary is slow: no link\n",
        );
        assert_eq!(
            (told.stall_milliseconds, told.to.as_str()),
            (40, "10.0.0.2:6379")
        );
        assert_eq!(told.warnings, ["the old primary is slow: no link"]);
    }
}
