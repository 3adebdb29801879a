//! Exit codes; documented in `docs/exit-codes.md`.

use crate::error::ErrorKind;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All went well; in a plan: there is nothing to do.
    Done,
    /// This machine, or the program itself, is at fault.
    Local,
    /// A plan with changes.
    Changes,
    /// Tasks or post-checks failed on some hosts.
    Failed,
    /// Some hosts could not be reached, and nothing else failed.
    Unreachable,
    /// Nothing was done on some hosts, because somebody else keeps them, they are frozen, or they have moved since they
    /// were planned.
    Refused,
    /// The inventory, the playbook or another input is wrong; no host was connected to.
    Input,
    /// Interrupted by the user.
    Interrupted,
    /// Not confirmed, or nobody there to confirm.
    NotConfirmed,
    /// No host failed, and yet the run was stopped: a gate did not let it pass.
    Stopped,
    /// The run was stopped, and what its playbook wanted taken back was taken back.
    RolledBack,
    /// The command line is wrong.
    Usage,
}

impl Exit {
    /// The number that the shell gets.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Local => 1,
            Self::Changes => 2,
            Self::Failed => 3,
            Self::Unreachable => 4,
            Self::Input => 5,
            Self::NotConfirmed => 6,
            Self::Refused => 7,
            Self::Stopped => 8,
            Self::RolledBack => 9,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Input => Self::Input,
            ErrorKind::Refused => Self::Refused,
            ErrorKind::Local | ErrorKind::Internal => Self::Local,
        }
    }
}
