//! The process of this machine that has a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::control::Control;
use super::foreground::Foreground;

/// How long after a channel's end we wait to learn whether the whole connection ended.
pub(super) const SETTLING: Duration = Duration::from_millis(500);

/// A master, as we hold it.
#[derive(Debug)]
pub(super) enum Process {
    /// It went to the background, and lives as long as our line to its control socket, or longer.
    Background(Control),
    /// It is a child of ours, and lives as long as its own session, or as it is held.
    Foreground(Arc<Foreground>),
}

impl Process {
    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        match self {
            Self::Background(control) => control.pid,
            Self::Foreground(foreground) => foreground.pid,
        }
    }

    /// Makes sure that it lives on whatever becomes of its own session.
    ///
    /// # Errors
    /// It has ended, or does not answer at its socket.
    pub(super) async fn hold(&self) -> io::Result<()> {
        match self {
            Self::Background(_) => Ok(()),
            Self::Foreground(foreground) => foreground.hold().await,
        }
    }

    /// Whether it has ended with its own session, or will any moment.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Background(_) => false,
            Self::Foreground(foreground) => foreground.is_over(),
        }
    }

    /// Returns when it is gone.
    pub(super) async fn gone(&self) {
        match self {
            Self::Background(control) => control.gone().await,
            Self::Foreground(foreground) => {
                foreground.ended().await;
            }
        }
    }

    /// Tells it to end now, whatever runs on it. Does not wait for that.
    pub(super) fn terminate(&self) {
        match self {
            Self::Background(control) => control.terminate(),
            Self::Foreground(foreground) => foreground.terminate(),
        }
    }
}
