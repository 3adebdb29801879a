//! Gates: what has to hold before the next wave begins.
//!
//! Hosts are asked first, for as long as the gate soaks; then the user's command runs; then a person is asked.

mod before;
mod command;
mod look;
mod person;

use std::time::Duration;

use tokio::time::Instant;

pub(super) use before::{Before, Known};
pub use person::Question;

use super::rolling::Rolling;
use crate::model::event::{Event, GateEnded, HostFailure};
use crate::model::rolling::Gate;
use crate::rollout::Input;

/// A gate on its way.
struct Passing<'g> {
    gate: &'g Gate,
    /// Which one, and behind which wave of how many; counted from 1.
    number: usize,
    wave: usize,
    of: usize,
    hosts: Vec<String>,
    looks: usize,
}

/// The user wants the run to end.
struct Interrupted;

/// The hosts on which a gate does not hold, and why.
type Failures = Vec<HostFailure>;

impl Rolling<'_> {
    /// Asks a gate about hosts, and says what came of it.
    pub(super) async fn gate(
        &mut self,
        number: usize,
        wave: (usize, usize),
        hosts: Vec<String>,
        last: bool,
    ) -> Input {
        let play = self.play.clone();
        let Some(gate) = play.rolling.gates.get(number) else {
            return Input::GateEnded {
                failed: Vec::new(),
                refused: None,
            };
        };
        let mut passing = Passing {
            gate,
            number: number + 1,
            wave: wave.0,
            of: wave.1,
            hosts,
            looks: 0,
        };
        self.context.tell(Event::GateStarted {
            play: self.index,
            wave: passing.wave,
            gate: passing.number,
            hosts: passing.hosts.clone(),
        });
        let begun = Instant::now();
        let Ok((failures, refused)) = self.pass(&mut passing, last).await else {
            return Input::Interrupted;
        };
        self.context.tell(Event::GateEnded(GateEnded {
            play: self.index,
            wave: passing.wave,
            gate: passing.number,
            looks: passing.looks,
            seconds: begun.elapsed().as_secs(),
            failures: failures.clone(),
            refused: refused.clone(),
        }));
        let failed: Vec<String> = failures.into_iter().map(|failure| failure.host).collect();
        self.summary.failed.extend(failed.iter().cloned());
        Input::GateEnded { failed, refused }
    }

    async fn pass(
        &mut self,
        passing: &mut Passing<'_>,
        last: bool,
    ) -> Result<(Failures, Option<String>), Interrupted> {
        let failures = self.soak(passing).await?;
        if !failures.is_empty() {
            // Whether that is too much is the budget's to say; what it is about has failed already.
            return Ok((failures, None));
        }
        if let Some(command) = &passing.gate.command
            && let Err(reason) = self.command(passing, command).await?
        {
            return Ok((failures, Some(reason)));
        }
        if let Some(question) = passing.gate.pause.as_ref().filter(|_| !last)
            && let Err(reason) = self.ask_person(passing, question).await?
        {
            return Ok((failures, Some(reason)));
        }
        Ok((failures, None))
    }

    /// Looks until all hosts hold, and goes on looking for as long as the gate soaks.
    async fn soak(&self, passing: &mut Passing<'_>) -> Result<Failures, Interrupted> {
        let gate = passing.gate;
        let Some(play) = look::play(self.play, gate) else {
            return Ok(Vec::new());
        };
        let (mut tries, mut since) = (0, None);
        let mut asked = passing.hosts.clone();
        loop {
            let failures = self.look_at(&play, &asked).await?;
            passing.looks += 1;
            if !failures.is_empty() {
                if tries >= gate.retries {
                    return Ok(failures);
                }
                tries += 1;
                // Those that held are asked again while it soaks.
                asked = failures.into_iter().map(|failure| failure.host).collect();
                self.wait(gate.delay).await?;
                continue;
            }
            let soaked = since.get_or_insert_with(Instant::now).elapsed().as_secs();
            if soaked >= gate.soak {
                return Ok(Vec::new());
            }
            tries = 0;
            asked.clone_from(&passing.hosts);
            self.wait(gate.every.min(gate.soak - soaked)).await?;
        }
    }

    async fn wait(&self, seconds: u64) -> Result<(), Interrupted> {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => Ok(()),
            () = self.context.interruption() => Err(Interrupted),
        }
    }
}

/// A gate in words, for a plan.
pub(super) fn describe(gate: &Gate, has_checks: bool) -> String {
    let mut parts = Vec::new();
    if gate.post_checks && has_checks {
        parts.push("post-checks again".to_owned());
    }
    if gate.redis.is_some() {
        parts.push("servers serve as before".to_owned());
    }
    if gate.soak > 0 {
        parts.push(format!("for {} s", gate.soak));
    }
    if let Some(command) = &gate.command {
        parts.push(format!("`{}`", command.argv.join(" ")));
    }
    if gate.pause.is_some() {
        parts.push("a person is asked".to_owned());
    }
    parts.join(", ")
}
