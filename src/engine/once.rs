//! `run_once`: one host of a wave settles a task, the others wait for what it came to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::walk::{Done, Key};

/// What the leading host of a wave has settled for all.
pub(super) struct Board {
    settled: Mutex<HashMap<Key, Done>>,
    /// Counts up with each entry; closed when the leader has ended.
    changed: watch::Sender<u64>,
    ended: watch::Sender<bool>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            settled: Mutex::default(),
            changed: watch::Sender::new(0),
            ended: watch::Sender::new(false),
        }
    }
}

impl Board {
    pub(super) fn publish(&self, key: Key, done: Done) {
        self.settled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, done);
        self.changed.send_modify(|count| *count += 1);
    }

    /// The leader has left the play: nothing more will come.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Waits for a task; `None` when the leader ended without settling it.
    pub(super) async fn wait(&self, key: &Key) -> Option<Done> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            let found = self
                .settled
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(key)
                .cloned();
            if found.is_some() || *self.ended.borrow() {
                return found;
            }
            if changed.changed().await.is_err() {
                return None;
            }
        }
    }
}
