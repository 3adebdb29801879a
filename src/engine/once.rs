//! `run_once`: the first host of a wave that comes to a task does it, the others wait for what it came to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::walk::{Done, Key};

/// What the hosts of a wave have settled for all.
#[derive(Default)]
pub(super) struct Board {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    settled: HashMap<Key, Done>,
    /// Which host does which task: the first that comes to it.
    claimed: HashMap<Key, String>,
}

/// What a host has to do about a task that one host does for all.
pub(super) enum Turn {
    /// Do it.
    Lead,
    /// It came to this.
    Settled(Box<Done>),
}

impl Board {
    pub(super) fn publish(&self, key: Key, done: Done) {
        self.state().settled.insert(key, done);
        self.changed.send_modify(|count| *count += 1);
    }

    /// A host has left the play: what it claimed and did not settle is free again.
    pub(super) fn leave(&self, host: &str) {
        self.state().claimed.retain(|_, claimer| claimer != host);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Claims a task, or waits for what another host makes of it.
    pub(super) async fn turn(&self, key: &Key, host: &str) -> Turn {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            {
                let mut state = self.state();
                if let Some(done) = state.settled.get(key) {
                    return Turn::Settled(Box::new(done.clone()));
                }
                if state
                    .claimed
                    .entry(key.clone())
                    .or_insert_with(|| host.to_owned())
                    == host
                {
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
