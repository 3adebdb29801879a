//! The directory for masters that stay open between runs: one for each account of this machine.
//!
//! Whoever can put a socket there can play a host, and is sent scripts with their secrets. So it is used only where it is
//! ours and nobody else can write to it. It has no lock file: nobody takes it for a run's own, which is removed.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::nonce::nonce;
use super::place::Place;
use super::runtime_directory::can_hold_sockets;

/// The directory's name; in `/tmp`, which all accounts share, the account's number follows.
const NAME: &str = "cachesmith-kept";

/// The length of a socket's name: what the connection is, a dash, and what tells it from others of its kind.
const LONGEST_NAME: usize = FINGERPRINT + 1 + UNIQUE;

/// The digits of what a connection is. See `ssh/fingerprint.rs`.
pub(super) const FINGERPRINT: usize = 20;

const UNIQUE: usize = 8;

/// A younger log without a socket may belong to a run that has not locked it yet; whoever opens a connection holds the lock.
const UNLOCKED: Duration = Duration::from_secs(60);

/// The directory, and the sockets that were in it when it was opened.
#[derive(Debug)]
pub(super) struct KeptDirectory {
    path: PathBuf,
    /// By what the connection is. Looked up once a run: a directory may hold thousands.
    sockets: Mutex<HashMap<String, Vec<PathBuf>>>,
}

/// Where the directory may be, the first being the one to use.
pub(super) fn paths() -> Vec<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|parent| parent.is_absolute() && is_owned(parent, uid))
        .map(|parent| parent.join(NAME))
        .filter(|path| can_hold_sockets(path, LONGEST_NAME))
        .into_iter()
        .chain([PathBuf::from(format!("/tmp/{NAME}-{uid}"))])
        .collect()
}

/// Whoever owns a directory can replace what is in it.
fn is_owned(parent: &Path, uid: u32) -> bool {
    fs::metadata(parent).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == uid)
}

impl KeptDirectory {
    /// Opens the directory, which is made where it is not there.
    ///
    /// # Errors
    /// What is wrong with it, with its path.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io::Error::other(format!(
                    "{} cannot be made: {error}",
                    path.display()
                )));
            }
            _ => {}
        }
        let problem = match fs::symlink_metadata(path) {
            Ok(metadata) => problem(&metadata, rustix::process::geteuid().as_raw()),
            Err(error) => Some(format!("cannot be looked at: {error}")),
        };
        if let Some(problem) = problem {
            return Err(io::Error::other(format!("{} {problem}", path.display())));
        }
        let sockets = Mutex::new(sockets(path)?);
        Ok(Self {
            path: path.to_owned(),
            sockets,
        })
    }

    /// The sockets of one kind of connection.
    pub(super) fn sockets(&self, fingerprint: &str) -> Vec<PathBuf> {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.get(fingerprint).cloned().unwrap_or_default()
    }

    /// All sockets.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.values().flatten().cloned().collect()
    }

    /// A place for a new master, under a name that no other has: two runs never want the same.
    pub(super) fn new_place(&self, fingerprint: &str) -> io::Result<Place> {
        let unique: String = nonce().chars().take(UNIQUE).collect();
        let socket = self.path.join(format!("{fingerprint}-{unique}"));
        let place = Place::claim(socket.clone())?
            .ok_or_else(|| io::Error::other(format!("{} is taken", socket.display())))?;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets
            .entry(fingerprint.to_owned())
            .or_default()
            .push(socket);
        Ok(place)
    }
}

/// Why a directory is not used.
fn problem(metadata: &Metadata, uid: u32) -> Option<String> {
    if metadata.file_type().is_symlink() {
        Some("is a symbolic link".to_owned())
    } else if !metadata.is_dir() {
        Some("is not a directory".to_owned())
    } else if metadata.uid() != uid {
        Some(format!(
            "belongs to another account (number {})",
            metadata.uid()
        ))
    } else if metadata.mode() & 0o7777 != 0o700 {
        let mode = metadata.mode() & 0o7777;
        Some(format!("has the mode {mode:04o}, not 0700"))
    } else {
        None
    }
}

/// The sockets in a directory. Logs that a master left which ended by itself are removed.
fn sockets(path: &Path) -> io::Result<HashMap<String, Vec<PathBuf>>> {
    let mut sockets: HashMap<String, Vec<PathBuf>> = HashMap::new();
    let mut logs = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        // ssh makes a socket under a longer name with a dot.
        if let Some((fingerprint, unique)) = name.split_once('-')
            && fingerprint.len() == FINGERPRINT
            && unique.len() == UNIQUE
        {
            let kind = sockets.entry(fingerprint.to_owned()).or_default();
            kind.push(entry.path());
        } else if name.ends_with(".log") {
            logs.push(entry);
        }
    }
    for log in logs {
        let age = log
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map(|modified| modified.elapsed().unwrap_or_default());
        let socket = log.path().with_extension("");
        if age.is_ok_and(|age| age >= UNLOCKED)
            && !socket.exists()
            && let Ok(Some(place)) = Place::claim(socket)
        {
            place.remove();
        }
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::{FINGERPRINT, KeptDirectory, UNLOCKED, paths};
    use std::fs::{self, File};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::{Path, PathBuf};
    use std::time::SystemTime;

    fn refusal(path: &Path) -> String {
        KeptDirectory::open(path).unwrap_err().to_string()
    }

    #[test]
    fn it_is_made_for_us_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("kept");
        KeptDirectory::open(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
        KeptDirectory::open(&path).unwrap();
    }

    #[test]
    fn what_others_could_write_to_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("kept");
        fs::create_dir(&path).unwrap();
        for mode in [0o755, 0o770, 0o1777] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let said = refusal(&path);
            assert!(said.contains(&format!("{mode:04o}, not 0700")), "{said}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let link = parent.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(refusal(&link).ends_with("is a symbolic link"));
        let file = parent.path().join("file");
        File::create(&file).unwrap();
        assert!(refusal(&file).ends_with("is not a directory"));
        // Only root can give a directory away.
        if chown(&path, Some(65534), None).is_ok() {
            assert!(refusal(&path).contains("belongs to another account (number 65534)"));
        }
    }

    #[test]
    fn sockets_are_found_by_what_their_connection_is() {
        let parent = tempfile::tempdir().unwrap();
        let (one, other) = ("1".repeat(FINGERPRINT), "2".repeat(FINGERPRINT));
        let directory = KeptDirectory::open(&parent.path().join("kept")).unwrap();
        assert_eq!(directory.sockets(&one), Vec::<PathBuf>::new());
        let place = directory.new_place(&one).unwrap();
        let socket = place.socket.clone();
        File::create(&socket).unwrap();
        // As ssh makes it before it has its name.
        File::create(socket.with_extension("abcdefghijklmnop")).unwrap();
        let again = KeptDirectory::open(&parent.path().join("kept")).unwrap();
        for directory in [&directory, &again] {
            assert_eq!(directory.sockets(&one), std::slice::from_ref(&socket));
            assert_eq!(directory.sockets(&other), Vec::<PathBuf>::new());
            assert_eq!(directory.all(), std::slice::from_ref(&socket));
        }
        assert_ne!(directory.new_place(&one).unwrap().socket, socket);
    }

    #[test]
    fn a_place_is_for_one_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let directory = KeptDirectory::open(&parent.path().join("kept")).unwrap();
        let place = directory.new_place(&"1".repeat(FINGERPRINT)).unwrap();
        let claim = || super::Place::claim(place.socket.clone()).unwrap();
        assert!(claim().is_none());
        place.let_go();
        assert!(claim().is_some());
    }

    #[test]
    fn logs_that_nobody_needs_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let directory = KeptDirectory::open(&parent.path().join("kept")).unwrap();
        let place = || directory.new_place(&"1".repeat(FINGERPRINT)).unwrap();
        let (ended, young, used, living) = (place(), place(), place(), place());
        File::create(&living.socket).unwrap();
        let old = SystemTime::now() - UNLOCKED;
        for place in [&ended, &used, &living] {
            let log = File::options().append(true).open(&place.log).unwrap();
            log.set_modified(old).unwrap();
        }
        for place in [&ended, &young, &living] {
            place.let_go();
        }
        KeptDirectory::open(&parent.path().join("kept")).unwrap();
        assert!(!ended.log.exists());
        for place in [&young, &used, &living] {
            assert!(place.log.exists());
        }
    }

    #[test]
    fn there_is_a_place_for_it_everywhere() {
        let last = paths().pop().unwrap();
        assert!(last.starts_with("/tmp"));
        assert!(super::can_hold_sockets(&last, super::LONGEST_NAME));
        assert!(super::can_hold_sockets(
            Path::new("/run/user/4294967295/cachesmith-kept"),
            super::LONGEST_NAME
        ));
    }
}
