//! Writing the record of one run.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::folder;
use super::intend::{Intention, Journal};
use super::seal::Seal;
use super::under_way;
use crate::model::event::Event;

/// The record of a run that is under way.
pub struct Record {
    name: String,
    events: Mutex<File>,
    changes: Mutex<File>,
    seal: Seal,
}

impl Record {
    /// Begins a record in a folder of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin() -> io::Result<Self> {
        let name = folder::new_name();
        let folder = folder::runs()?.join(&name);
        folder::make(&folder)?;
        let record = Self {
            name,
            events: Mutex::new(folder::append(&folder.join("events.jsonl"))?),
            changes: Mutex::new(folder::append(&folder.join("changes.sealed"))?),
            seal: Seal::at(&folder::key()?)?,
        };
        // The folder's own entry has to be on disk before anything is done.
        File::open(&folder)?.sync_all()?;
        if let Some(parent) = folder.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(record)
    }

    /// The run's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Records what happened.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn event(&self, event: &Event) -> io::Result<()> {
        let last = matches!(event, Event::RunEnded(_));
        line(&self.events, &serde_json::to_vec(event)?, last)
    }
}

impl Journal for Record {
    fn intend(&self, intention: &Intention) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(intention)?);
        line(&self.changes, self.seal.close(&text)?.as_bytes(), true)
    }

    fn is_dead(&self, run: &str) -> bool {
        run != self.name && under_way::is_over(run)
    }
}

/// Appends one line; `flush` waits until it is on disk.
fn line(file: &Mutex<File>, text: &[u8], flush: bool) -> io::Result<()> {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.write_all(&[text, b"\n"].concat())?;
    if flush {
        file.sync_data()?;
    }
    Ok(())
}
