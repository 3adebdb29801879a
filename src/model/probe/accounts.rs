//! Users and groups of a host.

use serde::{Deserialize, Serialize};

/// The number of a user or group that is not known until it has been made. POSIX gives it to nobody:
/// `(uid_t) -1` means "leave as it is" to chown.
pub const UNKNOWN_ID: u32 = u32::MAX;

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserState {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// The name of the primary group.
    pub group: String,
    /// Names of all further groups, sorted.
    pub groups: Vec<String>,
    pub comment: String,
    pub home: String,
    pub shell: String,
    /// Whether the password is locked; `None` when shadow could not be read.
    pub locked: Option<bool>,
    /// SHA-256 of the password field, so that a hash can be compared without leaving the host.
    pub password_fingerprint: Option<String>,
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}
