//! Where runs are recorded.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::model::diagnostic::Diagnostic;

/// The folder of all runs: below `XDG_STATE_HOME`, or `~/.local/state`.
///
/// # Errors
/// When neither is known.
pub(super) fn runs() -> io::Result<PathBuf> {
    Ok(own()?.join("runs"))
}

/// The folder of the runs that are under way.
///
/// # Errors
/// As [`runs`].
pub(super) fn under_way() -> io::Result<PathBuf> {
    Ok(own()?.join("under-way"))
}

/// The key that seals what undoes changes.
///
/// # Errors
/// As [`runs`].
pub(super) fn key() -> io::Result<PathBuf> {
    Ok(own()?.join("journal.key"))
}

fn own() -> io::Result<PathBuf> {
    let state = match std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    {
        Some(state) => state,
        None => std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .map(|home| home.join(".local/state"))
            .ok_or_else(|| io::Error::other("neither XDG_STATE_HOME nor HOME is set"))?,
    };
    Ok(state.join("cachesmith"))
}

/// A name for a run that sorts by time and that no other run has.
pub fn new_name() -> String {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S").to_string();
    let mut random = [0_u8; 3];
    // The time of day is enough to tell runs apart where the system has no random numbers.
    let read = File::open("/dev/urandom")
        .and_then(|mut file| io::Read::read_exact(&mut file, &mut random));
    if read.is_err() {
        random = [0, 0, u8::try_from(std::process::id() % 256).unwrap_or(0)];
    }
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{time}-{random}")
}

/// Makes a folder that only its owner can enter, with those above it.
pub(super) fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file for appending that only its owner can read.
pub(super) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// A record that cannot be kept ends a run: what cannot be recorded is not done.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used where errors are mapped"
)]
pub fn refused(error: io::Error) -> Error {
    Error::new(
        ErrorKind::Local,
        vec![
            Diagnostic::error(format!("the record of runs cannot be used: {error}"))
                .help("make the folder `$XDG_STATE_HOME/cachesmith` (or `~/.local/state/cachesmith`) writable"),
        ],
    )
}
