//! Where a master's socket and log lie, and who holds them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::runtime_directory::RuntimeDirectory;

/// The files of one master. The log's name is the socket's with an ending.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// Among the files of this process, which go with it.
    Ours { _directory: Arc<RuntimeDirectory> },
    /// Among those that stay: the lock on the log says that the master is in use. `None` once it was let go.
    Kept(Mutex<Option<File>>),
}

/// The log beside a socket.
pub(super) fn log_of(socket: &Path) -> PathBuf {
    socket.with_extension("log")
}

/// Opens a log to add to it.
pub(super) fn open_log(log: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(log)
}

impl Place {
    /// A place in the directory of this process.
    pub(super) fn ours(directory: Arc<RuntimeDirectory>) -> Self {
        let socket = directory.socket();
        Self {
            log: log_of(&socket),
            socket,
            held: Held::Ours {
                _directory: directory,
            },
        }
    }

    /// A place among those that stay, for one process at a time: with several, one could end what another one works on, and
    /// together they could want more channels than the server allows. `None` where another process has it.
    pub(super) fn claim(socket: PathBuf) -> io::Result<Option<Self>> {
        let log = log_of(&socket);
        let lock = open_log(&log)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        Ok(Some(Self {
            socket,
            log,
            held: Held::Kept(Mutex::new(Some(lock))),
        }))
    }

    /// Whether the master may stay when this process is done with it.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.held, Held::Kept(_))
    }

    /// Begins the log anew: what a master said in an earlier run explains nothing in this one.
    pub(super) fn empty_log(&self) {
        if let Held::Kept(lock) = &self.held
            && let Some(log) = &*lock.lock().unwrap_or_else(PoisonError::into_inner)
            && let Err(error) = log.set_len(0)
        {
            tracing::debug!(path = %self.log.display(), %error, "cannot empty the log of a connection");
        }
    }

    /// Lets another process have it.
    pub(super) fn let_go(&self) {
        if let Held::Kept(lock) = &self.held
            && let Some(log) = lock.lock().unwrap_or_else(PoisonError::into_inner).take()
            // Not only closed: a process that is just being started has it open for a moment, too.
            && let Err(error) = log.unlock()
        {
            tracing::debug!(path = %self.log.display(), %error, "cannot let go of a connection");
        }
    }

    /// Removes both files. Best effort, it is only tidiness.
    pub(super) fn remove(&self) {
        for path in [&self.socket, &self.log] {
            if let Err(error) = fs::remove_file(path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::debug!(path = %path.display(), %error, "cannot remove a file of a connection");
            }
        }
    }
}
