//! How a run was started, so that it can be begun again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The version of what is recorded of a run. A newer one is not read.
pub const VERSION: u32 = 1;

/// Everything that a run was started with. It is sealed: extra variables may be secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunArguments {
    pub version: u32,
    /// The folder in which it was started: paths are relative to it.
    pub directory: PathBuf,
    /// As it was given; empty for the rollback of a run.
    pub playbook: String,
    /// Where the playbook lies, with the variables beside it.
    pub playbook_folder: PathBuf,
    pub inventory: Vec<String>,
    pub limit: Option<String>,
    pub extra_vars: Vec<String>,
    pub tags: Vec<String>,
    pub skip_tags: Vec<String>,
    pub forks: usize,
    pub connecting: usize,
    /// `ssh` or `local`, where it was given.
    pub connection: Option<String>,
    /// The hosts of each play.
    pub plays: Vec<Vec<String>>,
    /// The files that were read before the first connection, with their SHA-256.
    pub inputs: BTreeMap<String, String>,
    /// The run that it takes back.
    pub undoes: Option<String>,
    /// The run that it goes on with.
    pub resumes: Option<String>,
}
