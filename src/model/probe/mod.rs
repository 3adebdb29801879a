//! Read-only questions to a host, and their answers.
//!
//! A probe says what a module wants to know, never how to find out: `transport::script` turns all probes of a
//! host into one program and its answer into observations.

mod accounts;
mod files;
mod packages;
mod servers;
mod services;
mod well_known;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use accounts::{GroupState, UNKNOWN_ID, UserState};
pub use files::{FileInfo, FileKind, FileState};
pub use packages::{PackageIndex, PackageManager, PackageState};
pub use servers::{
    RedisAddress, RedisState, RedisUserQuestion, RedisUserState, ServerHealth, ServerProcess,
    TlsFiles,
};
pub use services::{MainProcess, ServiceState, UnitState};

use super::blob::Blob;
use super::fact_parts::FactParts;
use super::facts::Facts;
use super::secret::Secret;

/// Files larger than this are observed by their hash alone. Bytes.
pub const CONTENT_LIMIT: u64 = 1024 * 1024;

/// One read-only question. Equal probes are asked once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// What the host is. Answer: [`Observation::Facts`].
    Facts,
    /// The same, with these parts alone beside the machine itself.
    SomeFacts {
        parts: FactParts,
        /// Tried with a server that wants one.
        #[serde(skip)]
        server_password: Option<Secret>,
    },
    /// What stands at a path, links not followed, without its content. Answer: [`Observation::File`].
    File(String),
    /// The same with the content of a regular file of up to [`CONTENT_LIMIT`] bytes, links followed for the
    /// content's sake: a link to a file is observed as a link whose `resolved` is that file.
    Content(String),
    /// Everything below a directory, without contents. Answer: [`Observation::Tree`].
    Tree(String),
    /// The contents of all files that match a shell pattern with `*` in its last part, sorted by name.
    /// Answer: [`Observation::Files`].
    Glob(String),
    /// A package by its name, `name:arch` allowed. What could be installed is told only of a package that is not:
    /// package managers read their whole index for it, which costs a host a second of CPU. Answer:
    /// [`Observation::Package`].
    Package(String),
    /// The same, with what could be installed in any case.
    PackageOffers(String),
    /// The package manager and the age of its index. Answer: [`Observation::PackageIndex`].
    PackageIndex,
    /// A systemd unit by its full name. Answer: [`Observation::Unit`].
    Unit(String),
    /// A service by the full name of its unit: its files, and the process that it runs. Answer:
    /// [`Observation::Service`].
    Service(String),
    /// A kernel value by its sysctl name with dots, such as `vm.overcommit_memory`. Answer:
    /// [`Observation::KernelValue`].
    KernelValue(String),
    /// An account by its name. Answer: [`Observation::User`].
    User(String),
    /// A group by its name. Answer: [`Observation::Group`].
    Group(String),
    /// A program that changes nothing and is run in dry runs too (`unless`, `onlyif`, `creates` patterns).
    /// Answer: [`Observation::Program`].
    Program(Box<Program>),
    /// A program that only looks at files ([`Program::looks_at_files`]), asked before its turn. It is not run where a file
    /// that is asked for along with it is missing, because a change comes before its turn then, where files are large, or
    /// where something may hang. Answer: [`Observation::Program`] or [`Observation::NotAsked`].
    EarlyProgram(Box<Program>),
    /// Whether something listens at an address, as seen from the host. Answer: [`Observation::Port`].
    Port { host: String, port: u16 },
    /// A running Redis or Valkey. Answer: [`Observation::Redis`].
    Redis(RedisAddress),
    /// An account of a running server. Answer: [`Observation::RedisUser`].
    RedisUser(Box<RedisUserQuestion>),
    /// What a host knows of a server that runs on it, beside the server's own words. Answer:
    /// [`Observation::ServerHealth`].
    ServerHealth {
        address: RedisAddress,
        /// Seconds to wait before the server is asked a second time, so that what grows can be seen; 0: only its
        /// process is looked up.
        watch: u32,
    },
    /// The identity of the running boot (`/proc/sys/kernel/random/boot_id`). Answer: [`Observation::BootId`].
    BootId,
}

/// A program to run on a host. Nothing of it is ever read by a shell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Program {
    /// The program and its arguments. Visible to every user of the host: never a secret.
    pub argv: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Blob>,
    /// Seconds after which the program and all it started are ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<u64>,
}

impl Program {
    /// A program with its arguments.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// A text for `/bin/sh -c`, for what people write as `shell:`.
    pub fn shell(text: &str) -> Self {
        Self::new(["/bin/sh", "-c", text])
    }
}

/// What a program said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramResult {
    /// The exit code; 128 plus the signal where one ended it.
    pub code: i32,
    pub stdout: Blob,
    pub stderr: Blob,
    pub timed_out: bool,
}

/// A kernel value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelValue {
    /// The live value with runs of white space folded to one space; `None` when there is no such key.
    pub value: Option<String>,
    /// Whether it could be written by the user who asked.
    pub writable: bool,
}

/// The answer to a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    Facts(Box<Facts>),
    File(FileState),
    /// Paths relative to the probed directory, sorted.
    Tree(Vec<(String, FileInfo)>),
    /// Full paths with contents, sorted by path.
    Files(Vec<(String, Blob)>),
    Package(PackageState),
    PackageIndex(PackageIndex),
    Unit(UnitState),
    Service(ServiceState),
    KernelValue(KernelValue),
    User(Option<UserState>),
    Group(Option<GroupState>),
    Program(ProgramResult),
    /// It was left to the host whether to answer, and it did not.
    NotAsked,
    Port(bool),
    Redis(RedisState),
    RedisUser(RedisUserState),
    ServerHealth(Box<ServerHealth>),
    BootId(String),
    /// The probe could not be answered: why, in words.
    Failed(String),
}
