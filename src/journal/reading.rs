//! Reading what was recorded. A last line that a crash cut off is left out.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::arguments::{RunArguments, VERSION};
use super::folder;
use super::intend::{Became, Fate, Intention, Recorded};
use super::seal::Seal;
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::event::{Event, RunEnded, RunStarted};

/// The files of a run's folder.
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const CHANGES: &str = "changes.sealed";
pub(super) const ARGUMENTS: &str = "arguments.sealed";
pub(super) const BECAME: &str = "became.jsonl";

/// A run in a list.
#[derive(Debug)]
pub struct RunLine {
    pub name: String,
    pub started: Option<RunStarted>,
    /// `None`: it did not come to its end.
    pub ended: Option<RunEnded>,
}

/// A run with everything that was recorded.
#[derive(Debug)]
pub struct RunDetail {
    pub name: String,
    pub events: Vec<Event>,
    pub recorded: Vec<Recorded>,
    /// How it was started; `None` where an older version recorded it.
    pub arguments: Option<RunArguments>,
}

/// All runs, newest first.
///
/// # Errors
/// When the folder cannot be read; none at all is no error.
pub fn list() -> io::Result<Vec<RunLine>> {
    let folder = folder::runs()?;
    let mut names = names(&folder)?;
    names.reverse();
    names
        .into_iter()
        .map(|name| {
            let events: Vec<Event> = lines(&folder.join(&name).join(EVENTS))?;
            let mut run = RunLine {
                name,
                started: None,
                ended: None,
            };
            for event in events {
                match event {
                    Event::RunStarted(started) => run.started = Some(started),
                    Event::RunEnded(ended) => run.ended = Some(ended),
                    _ => {}
                }
            }
            Ok(run)
        })
        .collect()
}

/// One run, by its name or the beginning of it; `last` is the newest.
///
/// # Errors
/// When there is no such run, or several begin so.
pub fn read(name: &str) -> Result<RunDetail> {
    let folder = folder::runs().map_err(folder::refused)?;
    let names = names(&folder).map_err(folder::refused)?;
    let found: Vec<&String> = match name {
        "last" => names.last().into_iter().collect(),
        name => names
            .iter()
            .filter(|known| known.starts_with(name))
            .collect(),
    };
    let [name] = found.as_slice() else {
        let problem = if found.is_empty() {
            format!("no run is recorded under `{name}`")
        } else {
            format!("{} runs begin with `{name}`", found.len())
        };
        return Err(Error::input(
            Diagnostic::error(problem).help("`cachesmith runs` lists them all"),
        ));
    };
    let folder = folder.join(name);
    let seal = folder::key()
        .and_then(|key| Seal::at(&key))
        .map_err(folder::refused)?;
    Ok(RunDetail {
        name: (*name).clone(),
        events: lines(&folder.join(EVENTS)).map_err(folder::refused)?,
        recorded: recorded(name, &folder, &seal).map_err(folder::refused)?,
        arguments: arguments(name, &folder, &seal)?,
    })
}

/// How a run was started.
fn arguments(run: &str, folder: &Path, seal: &Seal) -> Result<Option<RunArguments>> {
    let text = match fs::read_to_string(folder.join(ARGUMENTS)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(folder::refused(error)),
    };
    let arguments: Option<RunArguments> = text
        .lines()
        .next()
        .and_then(|line| serde_json::from_slice(&seal.open(line)?).ok());
    match arguments {
        Some(arguments) if arguments.version > VERSION => Err(Error::input(
            Diagnostic::error(format!(
                "run {run} was recorded by a newer version of this program"
            ))
            .help("use that version to show it, to go on with it or to roll it back"),
        )),
        arguments => Ok(arguments),
    }
}

/// All intentions of a run with what became of them, as far as its last line is whole.
pub(super) fn recorded(run: &str, folder: &Path, seal: &Seal) -> io::Result<Vec<Recorded>> {
    let text = fs::read_to_string(folder.join(CHANGES))?;
    let intentions = text
        .lines()
        .map_while(|line| serde_json::from_slice::<Intention>(&seal.open(line)?).ok());
    let mut recorded: Vec<Recorded> = intentions
        .enumerate()
        .map(|(number, intention)| Recorded {
            run: run.to_owned(),
            number,
            fates: vec![Fate::default(); intention.changes.len()],
            intention,
        })
        .collect();
    let became = match fs::read_to_string(folder.join(BECAME)) {
        Ok(became) => became,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    // Later runs add lines here too, behind one that a crash may have cut off.
    let became = became
        .lines()
        .filter_map(|line| serde_json::from_str::<Became>(line).ok());
    for became in became {
        let Some(recorded) = recorded.get_mut(became.intention) else {
            continue;
        };
        for (change, fate) in became.fates {
            if let Some(known) = recorded.fates.get_mut(change) {
                *known = fate;
            }
        }
    }
    Ok(recorded)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                if let Ok(name) = entry?.file_name().into_string() {
                    names.push(name);
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    names.sort();
    Ok(names)
}

fn lines<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let text = fs::read_to_string(path)?;
    Ok(text
        .lines()
        .map_while(|line| serde_json::from_str(line).ok())
        .collect())
}
