//! A host's connection: a new one, or one that an earlier run left.
//!
//! What is below a connection that was left may have been dead for hours without anybody knowing: the host restarted, this
//! machine slept. To ask would cost a round trip where all is well, so nobody asks: the first channel on it, which a script
//! needs anyway, is opened under the time limit for connecting. Where that fails nothing was run yet, and a new connection
//! takes its place.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{sleep_until, timeout};

use super::channel::SharedSession;
use super::command_line::{Life, OUTLIVING};
use super::control::Control;
use super::fingerprint::fingerprint;
use super::master::{Master, chain};
use super::words::{self, SshWords};
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::exchange::{Collected, End, Errand};
use crate::transport::kept_directory::KeptDirectory;
use crate::transport::limits::{ATTEMPTS, Limits};
use crate::transport::nonce::fraction;
use crate::transport::place::Place;
use crate::transport::session::Exit;
use crate::transport::target::SshTarget;

/// The first pause after a server turned us away; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// The way to one host for one session.
#[derive(Debug)]
pub(in crate::transport) struct Connection {
    name: String,
    target: SshTarget,
    words: SshWords,
    limits: Limits,
    /// What the connection is, where it is to be kept.
    fingerprint: Option<String>,
    master: Mutex<Arc<Master>>,
    /// Held by whoever finds out whether a connection that was left is still good.
    trying: tokio::sync::Mutex<()>,
    opened: AtomicU64,
    closed: AtomicBool,
}

impl Connection {
    /// Takes over a connection that was left, or opens one: with a session for the first command, where there will be one.
    pub(in crate::transport) async fn open(
        name: &str,
        target: &SshTarget,
        limits: &Limits,
        first: Option<&str>,
    ) -> Result<Self, TransportError> {
        let words = words::read(name, &target.common_args, &target.extra_args)?;
        let opener = Opener {
            name,
            target,
            words: &words,
            limits,
        };
        let (fingerprint, left) = match limits.kept() {
            None => (None, None),
            Some(kept) => {
                let directory = kept.directory().map_err(|why| cannot_keep(name, why))?;
                let fingerprint = fingerprint(target, &words, kept.time);
                let left = left_by_others(directory, &fingerprint).await;
                (Some(fingerprint), left)
            }
        };
        let (master, opened) = match left {
            Some(master) => (master, 0),
            None => opener.open(fingerprint.as_deref(), first).await?,
        };
        let master = Arc::new(master);
        limits.remember(&master);
        Ok(Self {
            name: name.to_owned(),
            target: target.clone(),
            words,
            limits: limits.clone(),
            fingerprint,
            master: Mutex::new(master),
            trying: tokio::sync::Mutex::default(),
            opened: AtomicU64::new(opened),
            closed: AtomicBool::new(false),
        })
    }

    /// How many connections were opened; more than one where the server turned us away, or one that was left was dead.
    pub(in crate::transport) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Runs one errand.
    pub(in crate::transport) async fn run(
        &self,
        errand: &mut Errand<'_>,
    ) -> Result<Collected<Exit>, TransportError> {
        let master = self.master();
        if master.is_good() {
            let ran = master.run(&self.name, errand, None).await;
            // Nothing was run where the connection had ended with its first shell.
            let is_over = |error: &TransportError| error.kind == Kind::Closed && master.is_over();
            if !ran.as_ref().is_err_and(is_over) {
                return ran;
            }
        }
        let command = errand.command();
        let (master, channel) = tokio::select! {
            good = self.good_master(&command) => good?,
            () = sleep_until(errand.deadline) => return Ok(Collected::nothing(End::TimedOut)),
            Ok(_) = errand.cut.wait_for(|cut| *cut) => return Err(self.is_closed()),
        };
        master.run(&self.name, errand, channel).await
    }

    /// Lets go of the connection where it is to be kept, and ends it otherwise.
    pub(in crate::transport) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.master().close().await;
    }

    /// Ends the connection, so that the next one is a new login.
    pub(in crate::transport) async fn end(&self) {
        self.closed.store(true, Ordering::Release);
        self.master().end().await;
    }

    fn master(&self) -> Arc<Master> {
        Arc::clone(&self.master.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A master that leads to a server which answers, and the channel that was opened to find out.
    async fn good_master(
        &self,
        command: &str,
    ) -> Result<(Arc<Master>, Option<SharedSession>), TransportError> {
        // Scripts that come meanwhile wait for what this one finds.
        let _trying = self.trying.lock().await;
        let master = self.master();
        if master.is_good() {
            return Ok((master, None));
        }
        let why = if master.is_over() {
            "its first shell has ended".to_owned()
        } else {
            let limit = self
                .words
                .connect_timeout
                .unwrap_or(self.target.connect_timeout);
            match timeout(limit, master.first_channel(command)).await {
                Ok(Ok(channel)) => return Ok((master, Some(channel))),
                Ok(Err(error)) => chain(&error),
                Err(_) => "no answer in time".to_owned(),
            }
        };
        tracing::debug!(host = self.name, why, "a connection is of no use any more");
        master.end().await;
        if self.closed.load(Ordering::Acquire) {
            return Err(self.is_closed());
        }
        let opener = Opener {
            name: &self.name,
            target: &self.target,
            words: &self.words,
            limits: &self.limits,
        };
        let (master, opened) = opener.open(self.fingerprint.as_deref(), None).await?;
        self.opened.fetch_add(opened, Ordering::Relaxed);
        let master = Arc::new(master);
        self.limits.remember(&master);
        *self.master.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&master);
        if self.closed.load(Ordering::Acquire) {
            // Whoever closed it did not see this one.
            master.end().await;
            return Err(self.is_closed());
        }
        Ok((master, None))
    }

    fn is_closed(&self) -> TransportError {
        TransportError::new(Kind::Closed, &self.name, "the session is closed")
    }
}

/// What a new connection is opened with.
struct Opener<'a> {
    name: &'a str,
    target: &'a SshTarget,
    words: &'a SshWords,
    limits: &'a Limits,
}

impl Opener<'_> {
    /// Opens a connection, again where the server is too busy to talk. Gives the number of connections it took, too.
    async fn open(
        &self,
        fingerprint: Option<&str>,
        first: Option<&str>,
    ) -> Result<(Master, u64), TransportError> {
        let mut attempt = 1;
        loop {
            let outcome = {
                // Never closed, so the permit is always there.
                let _permit = self.limits.connecting().acquire().await.ok();
                self.master(fingerprint, first).await
            };
            match outcome {
                Ok(master) => return Ok((master, u64::from(attempt))),
                Err(error) if error.kind == Kind::ServerBusy && attempt < ATTEMPTS => {
                    let pause = FIRST_PAUSE * 2_u32.pow(attempt - 1);
                    tracing::debug!(
                        host = self.name,
                        attempt,
                        ?pause,
                        "the server turned us away"
                    );
                    // Between half and one and a half of it, so that many hosts behind one door do not knock together.
                    tokio::time::sleep(pause.mul_f64(0.5 + fraction())).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a connection: with a session where there is a first command for one, if this machine and the way to the host
    /// let it.
    async fn master(
        &self,
        fingerprint: Option<&str>,
        first: Option<&str>,
    ) -> Result<Master, TransportError> {
        let open = |place, life| Master::open(self.target, self.words, place, life);
        if let (Some(command), Some(arrivals)) = (first, self.limits.arrivals()) {
            let (place, _) = self.place(fingerprint)?;
            match open(place, Life::Session { command, arrivals }).await {
                Ok(master) => return Ok(master),
                Err(failed) if failed.is_not_understood() => self.limits.set_only_background(),
                // Without a session it says more.
                Err(failed) if failed.is_on_the_way() => {}
                Err(failed) => return Err(failed.explain(self.name, self.target).await),
            }
        }
        let (place, idle) = self.place(fingerprint)?;
        match open(place, Life::Background(idle)).await {
            Ok(master) => Ok(master),
            Err(failed) => Err(failed.explain(self.name, self.target).await),
        }
    }

    /// Where the files of a new master go, and how long it stays in the background when nobody uses it.
    fn place(&self, fingerprint: Option<&str>) -> Result<(Place, Duration), TransportError> {
        if let (Some(kept), Some(fingerprint)) = (self.limits.kept(), fingerprint) {
            let refused = |why: &str| cannot_keep(self.name, why);
            let directory = kept.directory().map_err(refused)?;
            let place = directory.new_place(fingerprint);
            let place = place.map_err(|error| refused(&error.to_string()))?;
            return Ok((place, kept.time));
        }
        let directory = self.limits.directory().map_err(|error| {
            TransportError::new(
                Kind::Local,
                self.name,
                format!("cannot make a directory for ssh's socket: {error}"),
            )
        })?;
        Ok((Place::ours(directory), OUTLIVING))
    }
}

/// A connection of this kind that nobody uses. What is left of those that ended is removed.
async fn left_by_others(directory: &KeptDirectory, fingerprint: &str) -> Option<Master> {
    for socket in directory.sockets(fingerprint) {
        let place = match Place::claim(socket) {
            Ok(Some(place)) => place,
            Ok(None) => continue,
            Err(error) => {
                tracing::debug!(%error, "a kept connection cannot be claimed");
                continue;
            }
        };
        if let Some(master) = take_over(place).await {
            return Some(master);
        }
    }
    None
}

/// The connection that somebody left at a place. Where it has ended, its files are removed.
async fn take_over(place: Place) -> Option<Master> {
    match Control::connect(&place.socket).await {
        Ok(control) => Some(Master::take_over(place, control)),
        Err(error) => {
            tracing::debug!(socket = %place.socket.display(), %error, "a kept connection has ended");
            place.remove();
            None
        }
    }
}

/// Ends the connection that somebody left at a place. Tells whether there was one.
pub(in crate::transport) async fn end(place: Place) -> bool {
    match take_over(place).await {
        Some(master) => {
            master.end().await;
            true
        }
        None => false,
    }
}

fn cannot_keep(name: &str, why: &str) -> TransportError {
    TransportError::new(
        Kind::Local,
        name,
        format!("connections cannot be kept open: {why}"),
    )
    .help("remove it, if nobody needs it, or run without `--persist`")
}
