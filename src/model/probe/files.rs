//! What stands at a path.

use serde::{Deserialize, Serialize};

use crate::model::blob::Blob;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    Absent {
        /// Whether the directory that would hold it exists.
        parent_exists: bool,
    },
    Present(Box<FileInfo>),
}

/// One file, directory or link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileInfo {
    pub kind: FileKind,
    /// Permission bits including setuid, setgid and sticky, for example 0o644.
    pub mode: u32,
    pub owner: String,
    pub group: String,
    pub uid: u32,
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970.
    pub modified: i64,
    /// Of regular files, and of the file that a link leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Of regular files when it was asked for and is not too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Blob>,
}

/// The kinds of things at a path that matter here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    File,
    Directory,
    /// `resolved`: the full path of what it leads to, if that exists.
    Link {
        target: String,
        resolved: Option<String>,
    },
    /// A device, socket or pipe.
    Other,
}
