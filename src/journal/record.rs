//! Writing the record of one run.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::arguments::RunArguments;
use super::folder;
use super::intend::{Became, Fate, Intention, Journal, Origin, Recorded};
use super::reading;
use super::seal::Seal;
use super::under_way;
use crate::model::event::Event;

/// The record of a run that is under way.
pub struct Record {
    name: String,
    folder: PathBuf,
    events: Mutex<File>,
    changes: Mutex<Changes>,
    became: Mutex<File>,
    seal: Seal,
}

/// The file of changes, and how many intentions it holds.
struct Changes {
    file: File,
    intentions: usize,
}

impl Record {
    /// Begins a record in a folder of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(arguments: &RunArguments) -> io::Result<Self> {
        let name = folder::new_name();
        let folder = folder::runs()?.join(&name);
        folder::make(&folder)?;
        let record = Self {
            name,
            events: Mutex::new(folder::append(&folder.join(reading::EVENTS))?),
            changes: Mutex::new(Changes {
                file: folder::append(&folder.join(reading::CHANGES))?,
                intentions: 0,
            }),
            became: Mutex::new(folder::append(&folder.join(reading::BECAME))?),
            seal: Seal::at(&folder::key()?)?,
            folder: folder.clone(),
        };
        let text = Zeroizing::new(serde_json::to_vec(arguments)?);
        let file = Mutex::new(folder::append(&folder.join(reading::ARGUMENTS))?);
        line(&file, record.seal.close(&text)?.as_bytes(), true)?;
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
    fn intend(&self, intentions: &[Intention]) -> io::Result<usize> {
        // Where nothing is recorded, nobody waits for the disk.
        if intentions.is_empty() {
            return Ok(0);
        }
        let mut lines = String::new();
        for intention in intentions {
            let text = Zeroizing::new(serde_json::to_vec(intention)?);
            lines.push_str(&self.seal.close(&text)?);
            lines.push('\n');
        }
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.file.write_all(lines.as_bytes())?;
        changes.file.sync_data()?;
        let first = changes.intentions;
        changes.intentions += intentions.len();
        Ok(first)
    }

    fn became(&self, became: &[Became]) -> io::Result<()> {
        let mut lines = Vec::new();
        for became in became {
            serde_json::to_writer(&mut lines, became)?;
            lines.push(b'\n');
        }
        let mut file = self.became.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&lines)
    }

    fn taken_back(&self, origins: &[Origin], fate: Fate) -> io::Result<()> {
        for origin in origins {
            let became = Became {
                intention: origin.intention,
                fates: vec![(origin.change, fate)],
            };
            if origin.run == self.name {
                self.became(&[became])?;
            } else {
                let folder = folder::runs()?.join(&origin.run);
                let file = Mutex::new(folder::append(&folder.join(reading::BECAME))?);
                // The last line of a run that was cut off may lack its end.
                line(
                    &file,
                    &[b"\n", &serde_json::to_vec(&became)?[..]].concat(),
                    false,
                )?;
            }
        }
        Ok(())
    }

    fn recorded(&self) -> io::Result<Vec<Recorded>> {
        reading::recorded(&self.name, &self.folder, &self.seal)
    }

    fn run(&self) -> &str {
        &self.name
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
