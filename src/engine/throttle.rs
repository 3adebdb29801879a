//! `throttle`: at most so many hosts of a wave carry out a task at once.
//!
//! A host that has its turn keeps it until what it carried out is settled, `until` and its tries included, and gives it
//! back before it looks at anything else. Questions are never throttled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::exchange::Trouble;
use super::host::HostPlay;
use super::walk::{Key, Planned};
use crate::model::rolling::Throttle;
use crate::model::source::At;

/// The turns of a wave's hosts, by where each `throttle` was written.
#[derive(Default)]
pub(super) struct Throttles(Mutex<HashMap<At, Arc<Semaphore>>>);

impl Throttles {
    fn of(&self, throttle: &Throttle) -> Arc<Semaphore> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let semaphore = known
            .entry(throttle.at.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(throttle.hosts)));
        Arc::clone(semaphore)
    }
}

/// A host's turn, and the tasks that it is for.
pub(super) struct Turn {
    throttle: Throttle,
    tasks: Vec<Key>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl HostPlay<'_> {
    /// Waits for this host's turn at what is planned, where that is throttled.
    ///
    /// # Errors
    /// When the user ends the run meanwhile.
    pub(super) async fn take_turn(
        &mut self,
        throttle: Option<Throttle>,
        planned: &[Planned],
    ) -> Result<(), Trouble> {
        let tasks = planned.iter().map(|task| task.key.clone());
        match (&mut self.turn, throttle) {
            (Some(turn), Some(throttle)) if turn.throttle == throttle => turn.tasks.extend(tasks),
            (_, throttle) => {
                self.turn = None;
                if let Some(throttle) = throttle {
                    let semaphore = self.board.throttles.of(&throttle);
                    let permit = tokio::select! {
                        // The semaphore is never closed.
                        permit = semaphore.acquire_owned() => permit.ok(),
                        () = self.context.interruption() => return Err(Trouble::Interrupted),
                    };
                    self.turn = Some(Turn {
                        throttle,
                        tasks: tasks.collect(),
                        _permit: permit,
                    });
                }
            }
        }
        Ok(())
    }

    /// Gives the turn back once all that it was for is settled.
    pub(super) fn end_turn(&mut self) {
        let done = &self.memory.done;
        self.turn
            .take_if(|turn| turn.tasks.iter().all(|task| done.contains_key(task)));
    }
}
