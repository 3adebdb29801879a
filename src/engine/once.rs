//! `run_once`: the first host of a wave does a task for all, the others wait for what it came to.
//!
//! First is meant in the order of the wave, not in time, so that a plan and an apply choose the same host. Where the
//! first host never comes to the task (it failed, or did not include it), the next one does it once the first has
//! left the play. The first of those that are still there waits for nobody, so all come to an end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::throttle::Throttles;
use super::walk::{Done, Key};

/// What the hosts of a wave have settled for all.
pub(super) struct Board {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    pub(super) throttles: Throttles,
}

struct State {
    settled: HashMap<Key, Done>,
    /// Who is still in the play, in the order of the wave.
    present: Vec<String>,
}

/// A host is in the play for as long as it holds this, and leaves it however its task ends.
pub(super) struct Presence {
    board: Arc<Board>,
    host: String,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.board
            .state()
            .present
            .retain(|present| *present != self.host);
        self.board.changed.send_modify(|count| *count += 1);
    }
}

/// What a host has to do about a task that one host does for all.
pub(super) enum Turn {
    /// Do it.
    Lead,
    /// It came to this.
    Settled(Box<Done>),
}

impl Board {
    /// For the hosts of a wave, in its order.
    pub(super) fn new(wave: &[String]) -> Self {
        Self {
            state: Mutex::new(State {
                settled: HashMap::new(),
                present: wave.to_vec(),
            }),
            changed: watch::Sender::default(),
            throttles: Throttles::default(),
        }
    }

    /// What one of the wave's hosts holds until it leaves the play.
    pub(super) fn presence(self: &Arc<Self>, host: &str) -> Presence {
        Presence {
            board: Arc::clone(self),
            host: host.to_owned(),
        }
    }

    pub(super) fn publish(&self, key: Key, done: Done) {
        self.state().settled.insert(key, done);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Waits until it is this host's turn to do a task for all, or another has done it.
    pub(super) async fn turn(&self, key: &Key, host: &str) -> Turn {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            {
                let state = self.state();
                if let Some(done) = state.settled.get(key) {
                    return Turn::Settled(Box::new(done.clone()));
                }
                if state.present.first().is_none_or(|first| first == host) {
                    return Turn::Lead;
                }
            }
            // The sender lives as long as the board, so waiting never fails.
            let _ = changed.changed().await;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
