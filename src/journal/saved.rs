//! Plans in files: what `plan --out` saw and would do, sealed with the journal's key.
//!
//! The first line says what the file is and when it was made; all else is one sealed line, because changes, variables and
//! file contents can be secrets.

use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::arguments::RunArguments;
use super::folder;
use super::seal::{Seal, random};
use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Event;
use crate::model::fingerprint::{FingerprintKey, KEY};

/// The version of the format.
const VERSION: u32 = 1;

/// How every plan's file begins.
const BEGINNING: &str = "{\"cachesmith_plan\":";

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the format.
    cachesmith_plan: u32,
    pub program: String,
    /// RFC 3339, UTC.
    pub made: String,
    pub by: String,
    pub playbook: String,
    /// Tells which key seals the rest.
    key: String,
}

/// What was planned.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedPlan {
    pub head: Head,
    /// How it was asked for, and what was read for it.
    pub arguments: RunArguments,
    key: String,
    /// What was told; tasks with the fingerprints of their changes.
    pub events: Vec<Event>,
}

/// A key for the fingerprints of a new plan.
///
/// # Errors
/// When there are no random numbers to be had.
pub fn new_key() -> io::Result<FingerprintKey> {
    let mut key = Zeroizing::new([0_u8; KEY]);
    random(&mut *key)?;
    Ok(FingerprintKey::new(*key))
}

impl SavedPlan {
    /// Puts a plan together.
    ///
    /// # Errors
    /// When the journal's key cannot be read or made.
    pub fn new(
        made: String,
        key: &FingerprintKey,
        arguments: RunArguments,
        events: Vec<Event>,
    ) -> Result<Self> {
        let seal = seal().map_err(folder::refused)?;
        Ok(Self {
            head: Head {
                cachesmith_plan: VERSION,
                program: env!("CARGO_PKG_VERSION").to_owned(),
                made,
                by: super::user_and_machine(),
                playbook: arguments.playbook.clone(),
                key: seal.name().to_owned(),
            },
            arguments,
            key: STANDARD.encode(key.expose()),
            events,
        })
    }

    /// The key of its fingerprints.
    ///
    /// # Errors
    /// When the file holds another thing in its place.
    pub fn fingerprint_key(&self) -> Result<FingerprintKey> {
        let bytes = STANDARD.decode(&self.key).ok().map(Zeroizing::new);
        bytes
            .and_then(|bytes| <[u8; KEY]>::try_from(bytes.as_slice()).ok())
            .map(FingerprintKey::new)
            .ok_or_else(|| Error::input(Diagnostic::error("the plan has no key for its changes")))
    }

    /// Writes it whole, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        self.write_to(path)
            .map_err(|error| cannot_write(path, &error))
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(self)?);
        // It comes into being with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
        writeln!(file, "{}", serde_json::to_string(&self.head)?)?;
        writeln!(file, "{}", seal()?.close(&text)?)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Sees that a plan can be written there, before hosts are asked.
///
/// # Errors
/// When it cannot.
pub fn check_place(path: &Path) -> Result<()> {
    tempfile::NamedTempFile::new_in(folder_of(path))
        .map(drop)
        .map_err(|error| cannot_write(path, &error))
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let problem = format!("cannot write `{}`: {error}", path.display());
    Error::new(ErrorKind::Local, vec![Diagnostic::error(problem)])
}

/// Whether a path is that of a saved plan, of whatever version.
pub fn is_plan(path: &Path) -> bool {
    use std::io::Read;
    let mut beginning = [0_u8; BEGINNING.len()];
    std::fs::File::open(path).is_ok_and(|mut file| file.read_exact(&mut beginning).is_ok())
        && beginning == *BEGINNING.as_bytes()
}

/// Reads a plan.
///
/// # Errors
/// When it is none, is torn, is of a newer version, or was sealed on another controller.
pub fn open(path: &Path) -> Result<SavedPlan> {
    let name = path.display();
    let wrong = |problem: String| Diagnostic::error(format!("`{name}` {problem}"));
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::input(wrong(format!("cannot be read: {error}"))))?;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if !first.starts_with(BEGINNING) {
        return Err(wrong("is not a saved plan".to_owned())
            .help("`cachesmith plan ... --out FILE` makes one")
            .into());
    }
    let torn = || {
        wrong("is torn: its end is missing, or it was changed".to_owned())
            .help("copy it again, or make the plan again")
    };
    let version: Version = serde_json::from_str(first).map_err(|_| torn())?;
    if version.cachesmith_plan != VERSION {
        return Err(wrong(format!(
            "is a plan of version {}, and this program knows version {VERSION}",
            version.cachesmith_plan
        ))
        .help("make the plan with the program that is to apply it")
        .into());
    }
    let head: Head = serde_json::from_str(first).map_err(|_| torn())?;
    let seal = seal().map_err(folder::refused)?;
    if head.key != seal.name() {
        return Err(wrong(format!(
            "was made by {} with the key of another journal",
            head.by
        ))
        .help("apply it as the user, and on the machine, that made it")
        .into());
    }
    let body = lines
        .next()
        .and_then(|line| seal.open(line))
        .ok_or_else(torn)?;
    let plan: SavedPlan = serde_json::from_slice(&body).map_err(|_| torn())?;
    if plan.head != head {
        return Err(torn().into());
    }
    Ok(plan)
}

/// Read before anything else, so that a newer format can be told from a torn file.
#[derive(Deserialize)]
struct Version {
    cachesmith_plan: u32,
}

fn seal() -> io::Result<Seal> {
    let path = folder::key()?;
    if let Some(folder) = path.parent() {
        folder::make(folder)?;
    }
    Seal::at(&path)
}
