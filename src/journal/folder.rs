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

/// A name for a run that sorts by time, within a second too, and that no other run has.
pub fn new_name() -> String {
    let mut random = [0_u8; 2];
    // The time is enough to tell runs apart where the system has no random numbers.
    let read = File::open("/dev/urandom")
        .and_then(|mut file| io::Read::read_exact(&mut file, &mut random));
    let random = match read {
        Ok(()) => u32::from(u16::from_be_bytes(random)),
        Err(_) => std::process::id(),
    };
    name(jiff::Timestamp::now(), random)
}

/// Day and second, then six hexadecimal digits: which of the second's 4096 parts it is, and a random number.
fn name(time: jiff::Timestamp, random: u32) -> String {
    let part = (i64::from(time.subsec_nanosecond()) << 12) / 1_000_000_000;
    let second = time.strftime("%Y%m%dT%H%M%S");
    format!("{second}-{part:03x}{:03x}", random & 0xfff)
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

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_sort_by_time_within_a_second_too() {
        let name = |time: &str, random| name(time.parse().unwrap(), random);
        assert_eq!(
            name("2026-11-29T04:44:35Z", 0xabcd),
            "20261129T044435-000bcd"
        );
        let later = name("2026-11-29T04:44:35.5Z", 0);
        assert_eq!(later, "20261129T044435-800000");
        assert!(later > name("2026-11-29T04:44:35.499Z", 0xfff));
        assert!(later < name("2026-11-29T04:44:35.999999999Z", 0));
    }
}
