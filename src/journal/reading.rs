//! Reading what was recorded. A last line that a crash cut off is left out.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::folder;
use super::intend::Intention;
use super::seal::Seal;
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::event::{Event, RunEnded, RunStarted};

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
    pub intentions: Vec<Intention>,
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
            let events: Vec<Event> = lines(&folder.join(&name).join("events.jsonl"))?;
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
    Ok(RunDetail {
        name: (*name).clone(),
        events: lines(&folder.join("events.jsonl")).map_err(folder::refused)?,
        intentions: sealed(&folder.join("changes.sealed")).map_err(folder::refused)?,
    })
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

fn sealed(path: &Path) -> io::Result<Vec<Intention>> {
    let seal = Seal::at(&folder::key()?)?;
    let text = fs::read_to_string(path)?;
    Ok(text
        .lines()
        .map_while(|line| serde_json::from_slice(&seal.open(line)?).ok())
        .collect())
}
