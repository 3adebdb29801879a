//! `run_once`: the first host of a wave does a task for all, the others wait for what it came to.
//!
//! First is meant in the order of the wave, not in time, so that a plan and an apply choose the same host. Where the
//! first host never comes to the task (it failed, or did not include it), the next one does it once the first has
//! left the play. The first of those that are still there waits for nobody, so all come to an end.

use std::collections::{HashMap, HashSet, VecDeque};
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
    /// In the order of the wave, from the first host on that is still in the play.
    wave: VecDeque<String>,
    /// Hosts behind that one which have left the play: few, as hosts begin in the wave's order.
    left: HashSet<String>,
}

impl State {
    /// A host leaves the play. That costs the same however large the wave is.
    fn leave(&mut self, host: String) {
        self.left.insert(host);
        while let Some(first) = self.wave.front()
            && self.left.remove(first)
        {
            self.wave.pop_front();
        }
    }
}

/// A host is in the play for as long as it holds this, and leaves it however its task ends.
pub(super) struct Presence {
    board: Arc<Board>,
    host: String,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.board.state().leave(std::mem::take(&mut self.host));
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
                wave: wave.iter().cloned().collect(),
                left: HashSet::new(),
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
                if state.wave.front().is_none_or(|first| first == host) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_host_that_is_left_leads() {
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let board = Arc::new(Board::new(&names));
        let first = || board.state().wave.front().cloned();
        let mut here: HashMap<&str, Presence> = names
            .iter()
            .map(|name| (name.as_str(), board.presence(name)))
            .collect();
        for (leaves, left) in [("c", "a"), ("a", "b"), ("b", "d")] {
            here.remove(leaves);
            assert_eq!(first().as_deref(), Some(left), "{leaves}");
        }
        here.clear();
        assert_eq!(first(), None);
        assert!(board.state().left.is_empty(), "nothing is kept");
    }
}
