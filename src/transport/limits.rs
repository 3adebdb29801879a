//! What all sessions of this process share: how much may happen at once, and the list of what is open.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::arrivals::Arrivals;
use super::kept_directory::{self, KeptDirectory};
use super::runtime_directory::RuntimeDirectory;
use super::ssh::Master;

/// Scripts that run at once on one connection; sshd's `MaxSessions` is 10 unless somebody changed it.
pub const CHANNELS: usize = 8;

/// The largest answer to one script, standard output and standard error together, in bytes.
pub const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Connections that are being opened at once, unless told otherwise. sshd's `MaxStartups` (10:30:100) begins to drop
/// connections at ten unauthenticated ones; a jump host or a NAT may make all of ours meet at one sshd.
/// More gain one or two percent of a run at best, and where many share few processors, such as containers of one machine,
/// logins then take longer than a connection may.
pub const CONNECTING: usize = 10;

/// How often a connection is tried again when the server closes it before it says anything.
pub const ATTEMPTS: u32 = 6;

/// Shared by all sessions; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connecting: Semaphore,
    directory: OnceLock<Arc<RuntimeDirectory>>,
    making_directory: Mutex<()>,
    /// `None` where the kernel does not watch the directory.
    arrivals: OnceLock<Option<Arrivals>>,
    /// Whether this machine's ssh does not understand what makes a master have a session.
    only_background: AtomicBool,
    keeping: Option<Keeping>,
    open: Mutex<Vec<Weak<Master>>>,
}

/// How connections are kept open between runs.
#[derive(Debug)]
pub(super) struct Keeping {
    /// How long a connection stays that nobody uses.
    pub(super) time: Duration,
    path: PathBuf,
    /// What is wrong with it is found once, and told of every host.
    directory: OnceLock<Result<KeptDirectory, String>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(CONNECTING)
    }
}

impl Limits {
    /// With so many connections being opened at once; zero is taken as one.
    #[must_use]
    pub fn new(connecting: usize) -> Self {
        Self::with(connecting, None)
    }

    /// The same, and connections stay open for so long after their last use, for other runs of this account.
    #[must_use]
    pub fn keeping(connecting: usize, time: Duration) -> Self {
        let path = kept_directory::paths().swap_remove(0);
        Self::keeping_in(path, connecting, time)
    }

    pub(super) fn keeping_in(path: PathBuf, connecting: usize, time: Duration) -> Self {
        let directory = OnceLock::new();
        Self::with(
            connecting,
            Some(Keeping {
                time,
                path,
                directory,
            }),
        )
    }

    fn with(connecting: usize, keeping: Option<Keeping>) -> Self {
        Self(Arc::new(Shared {
            connecting: Semaphore::new(connecting.max(1)),
            directory: OnceLock::new(),
            making_directory: Mutex::new(()),
            arrivals: OnceLock::new(),
            only_background: AtomicBool::new(false),
            keeping,
            open: Mutex::new(Vec::new()),
        }))
    }

    /// Closes every connection that is open, at once, whoever holds it: for the end of an interrupted run. Scripts that are
    /// running lose their connection.
    pub async fn close_all(&self) {
        let open = std::mem::take(&mut *self.0.open.lock().unwrap_or_else(PoisonError::into_inner));
        let mut closing = tokio::task::JoinSet::new();
        for master in open.iter().filter_map(Weak::upgrade) {
            closing.spawn(async move { master.close().await });
        }
        closing.join_all().await;
    }

    pub(super) fn kept(&self) -> Option<&Keeping> {
        self.0.keeping.as_ref()
    }

    pub(super) fn connecting(&self) -> &Semaphore {
        &self.0.connecting
    }

    /// The directory for sockets, made when it is first needed. Whoever has a socket in it keeps it.
    pub(super) fn directory(&self) -> io::Result<Arc<RuntimeDirectory>> {
        let _making = self
            .0
            .making_directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = self.0.directory.get() {
            return Ok(Arc::clone(directory));
        }
        let directory = Arc::new(RuntimeDirectory::create()?);
        Ok(Arc::clone(self.0.directory.get_or_init(|| directory)))
    }

    /// Tells when masters of this process have made their sockets, where it is of use: where they may have sessions, and the
    /// kernel watches the directory.
    pub(super) fn arrivals(&self) -> Option<&Arrivals> {
        if self.0.keeping.is_some() || self.0.only_background.load(Ordering::Acquire) {
            return None;
        }
        let watch = || {
            let watched = self
                .directory()
                .and_then(|directory| Arrivals::watch(directory.path()));
            watched
                .inspect_err(
                    |error| tracing::debug!(%error, "cannot watch the directory for sockets"),
                )
                .ok()
        };
        self.0.arrivals.get_or_init(watch).as_ref()
    }

    /// Remembers that no master can have a session.
    pub(super) fn set_only_background(&self) {
        self.0.only_background.store(true, Ordering::Release);
    }

    pub(super) fn remember(&self, master: &Arc<Master>) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|master| master.strong_count() > 0);
        open.push(Arc::downgrade(master));
    }
}

impl Keeping {
    /// The directory for kept connections, opened when it is first needed.
    pub(super) fn directory(&self) -> Result<&KeptDirectory, &str> {
        self.directory
            .get_or_init(|| KeptDirectory::open(&self.path).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(String::as_str)
    }
}
