//! Tells when files appear in a directory, without asking again and again.
//!
//! ssh makes a master's socket as soon as it has logged in, and tells of it in no other way while it stays in the
//! foreground.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Becomes ready when the file is there; with an error where nobody watches any more.
pub(super) type Arrival = oneshot::Receiver<()>;

/// The files of one directory that somebody waits for.
#[derive(Debug)]
pub(super) struct Arrivals {
    expected: Arc<Expected>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Expected {
    directory: PathBuf,
    waiting: Mutex<HashMap<OsString, oneshot::Sender<()>>>,
}

impl Arrivals {
    /// Watches a directory, as a task of the runtime that this is called in.
    ///
    /// # Errors
    /// The kernel watches no more directories for this account (`fs.inotify.max_user_instances`), or is none that does.
    pub(super) fn watch(directory: &Path) -> io::Result<Self> {
        let expected = Arc::new(Expected {
            directory: directory.to_owned(),
            waiting: Mutex::default(),
        });
        let listening = kernel::listen(directory, Arc::clone(&expected))?;
        Ok(Self {
            expected,
            listening,
        })
    }

    /// Waits for a file of this name, which is not there yet.
    pub(super) fn expect(&self, name: &OsStr) -> Arrival {
        let (told, arrival) = oneshot::channel();
        let mut waiting = self.expected.waiting();
        // What did not come, and nobody waits for any more.
        waiting.retain(|_, other| !other.is_closed());
        waiting.insert(name.to_owned(), told);
        arrival
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Expected {
    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<OsString, oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, name: &OsStr) {
        if let Some(told) = self.waiting().remove(name) {
            // Nobody may wait for it any more.
            let _ = told.send(());
        }
    }

    /// Looks for each.
    fn tell_of_all(&self) {
        let mut names: Vec<OsString> = self.waiting().keys().cloned().collect();
        names.retain(|name| self.directory.join(name).exists());
        for name in names {
            self.tell(&name);
        }
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::sync::Arc;

    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use tokio::io::AsyncReadExt;
    use tokio::net::unix::pipe::Receiver;
    use tokio::task::JoinHandle;

    use super::Expected;

    /// What stands before a name: four numbers of four bytes, of which the last is the name's length (`inotify(7)`).
    const HEAD: usize = 16;

    pub(super) fn listen(directory: &Path, expected: Arc<Expected>) -> io::Result<JoinHandle<()>> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&queue, directory, WatchFlags::CREATE)?;
        // No pipe, but it is waited for and read like one.
        let queue = Receiver::from_owned_fd_unchecked(queue)?;
        Ok(tokio::spawn(tell(queue, expected)))
    }

    async fn tell(mut queue: Receiver, expected: Arc<Expected>) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = queue.read(&mut buffer).await {
            let mut events = &buffer[..count];
            while let Some((name, rest)) = next(events) {
                events = rest;
                if name.is_empty() {
                    // There were more than its queue holds.
                    expected.tell_of_all();
                } else {
                    expected.tell(OsStr::from_bytes(name));
                }
            }
        }
        expected.waiting().clear();
    }

    /// The name that the first event is about, without the NULs behind it, and the events behind that one.
    fn next(events: &[u8]) -> Option<(&[u8], &[u8])> {
        let (head, rest) = events.split_at_checked(HEAD)?;
        let length = u32::from_ne_bytes(head[HEAD - 4..].try_into().ok()?);
        let (name, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let end = name.iter().position(|byte| *byte == 0);
        Some((&name[..end.unwrap_or(name.len())], rest))
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::io;
    use std::path::Path;
    use std::sync::Arc;

    use tokio::task::JoinHandle;

    pub(super) fn listen(_: &Path, _: Arc<super::Expected>) -> io::Result<JoinHandle<()>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Arrivals;
    use std::ffi::OsStr;
    use std::fs;

    #[tokio::test]
    async fn each_is_told_of_its_own_file() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let arrivals = Arrivals::watch(directory.path()).unwrap();
        let mut absent = arrivals.expect(OsStr::new("absent"));
        let one = arrivals.expect(OsStr::new("1"));
        let two = arrivals.expect(OsStr::new("2"));
        fs::write(at("2"), "").unwrap();
        two.await.unwrap();
        // As ssh does it.
        fs::write(at("1.other"), "").unwrap();
        fs::hard_link(at("1.other"), at("1")).unwrap();
        one.await.unwrap();
        assert!(absent.try_recv().is_err());
    }

    #[tokio::test]
    async fn more_than_the_kernel_tells_of_is_found_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let arrivals = Arrivals::watch(directory.path()).unwrap();
        let there = arrivals.expect(OsStr::new("there"));
        let mut absent = arrivals.expect(OsStr::new("absent"));
        fs::write(directory.path().join("there"), "").unwrap();
        arrivals.expected.tell_of_all();
        there.await.unwrap();
        assert!(absent.try_recv().is_err());
    }
}
