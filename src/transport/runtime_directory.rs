//! The private directory for the sockets and logs of this process's connections.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// Begins the names of our directories.
const PREFIX: &str = "cachesmith-";

/// The file whose lock says that a directory's owner is alive.
const LOCK: &str = "lock";

/// A younger directory may belong to a process that has not locked it yet.
const UNFINISHED: Duration = Duration::from_secs(60);

/// A socket's path may have 104 bytes with its final NUL on the strictest systems, and ssh first makes the socket under
/// a name that is 17 bytes longer.
const LONGEST: usize = 104 - 1 - 17;

/// The most that a socket's name has here: a number.
const LONGEST_NAME: usize = 11;

/// A directory that only we can read; it is removed when it is dropped.
#[derive(Debug)]
pub(super) struct RuntimeDirectory {
    directory: TempDir,
    /// Held as long as we live.
    _lock: File,
    next: AtomicU64,
}

impl RuntimeDirectory {
    /// Makes it in `XDG_RUNTIME_DIR` or `/tmp`, and removes what processes that were killed left there.
    pub(super) fn create() -> io::Result<Self> {
        let parent = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute() && path.is_dir() && is_usable(path))
            .unwrap_or_else(|| PathBuf::from("/tmp"));
        remove_abandoned(&parent, UNFINISHED);
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(8)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent)?;
        let lock = File::create_new(directory.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self {
            directory,
            _lock: lock,
            next: AtomicU64::new(1),
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A path for one connection's socket, used by no other.
    pub(super) fn socket(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.directory.path().join(number.to_string())
    }
}

/// Whether ssh can keep sockets in a directory of ours there.
fn is_usable(parent: &Path) -> bool {
    can_hold_sockets(&parent.join(format!("{PREFIX}12345678")), LONGEST_NAME)
}

/// Whether ssh can keep sockets with names of this length in a directory: their paths are short, and hold nothing that ssh
/// would expand.
pub(super) fn can_hold_sockets(directory: &Path, name: usize) -> bool {
    directory.to_str().is_some_and(|text| {
        text.len() + 1 + name <= LONGEST && !text.contains(['%', '$', '"', ' '])
    })
}

/// Removes the directories whose owner was killed: nobody holds their lock. Best effort, it is only tidiness.
fn remove_abandoned(parent: &Path, older_than: Duration) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        // Of others, of which there may be thousands, nothing more is asked.
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map(|modified| modified.elapsed().unwrap_or_default());
        if is_directory
            && age.is_ok_and(|age| age >= older_than)
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::debug!(path = %entry.path().display(), %error, "cannot remove an abandoned directory");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCK, PREFIX, RuntimeDirectory, is_usable, remove_abandoned};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn it_is_private_and_goes_away() {
        let directory = RuntimeDirectory::create().unwrap();
        let path = directory.directory.path().to_owned();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_ne!(directory.socket(), directory.socket());
        drop(directory);
        assert!(!path.exists());
    }

    #[test]
    fn only_directories_without_a_living_owner_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join(format!("{PREFIX}dead"));
        let alive = parent.path().join(format!("{PREFIX}alive"));
        let foreign = parent.path().join(format!("{PREFIX}foreign"));
        for path in [&dead, &alive, &foreign] {
            fs::create_dir(path).unwrap();
        }
        fs::write(dead.join(LOCK), "").unwrap();
        let lock = fs::File::create(alive.join(LOCK)).unwrap();
        lock.lock().unwrap();
        remove_abandoned(parent.path(), Duration::from_secs(60));
        assert!(dead.exists(), "it may be just being made");
        remove_abandoned(parent.path(), Duration::ZERO);
        assert!(!dead.exists());
        assert!(alive.exists());
        assert!(
            foreign.exists(),
            "a directory without our lock file is not ours"
        );
    }

    #[test]
    fn long_and_odd_parents_are_not_used() {
        assert!(is_usable(Path::new("/run/user/1000")));
        assert!(!is_usable(Path::new("/run/%h")));
        assert!(!is_usable(Path::new(&format!("/{}", "x".repeat(80)))));
    }
}
