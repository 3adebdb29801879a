//! Read-only questions to a host, and their answers.
//!
//! A probe says what a module wants to know, never how to find out: `transport::script` turns all probes of a
//! host into one program and its answer into observations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::fact_parts::FactParts;
use super::facts::Facts;

/// Files larger than this are observed by their hash alone. Bytes.
pub const CONTENT_LIMIT: u64 = 1024 * 1024;

/// One read-only question. Equal probes are asked once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// What the host is. Answer: [`Observation::Facts`].
    Facts,
    /// The same, with these parts alone beside the machine itself.
    SomeFacts(FactParts),
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
    /// Whether something listens at an address, as seen from the host. Answer: [`Observation::Port`].
    Port { host: String, port: u16 },
    /// A running Redis or Valkey. Answer: [`Observation::Redis`].
    Redis(RedisAddress),
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

/// Where a server answers, and who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RedisAddress {
    /// A unix socket; when absent, `host` and `port`.
    pub socket: Option<String>,
    pub host: Option<String>,
    pub port: u16,
    pub user: Option<String>,
    /// Travels in the script's standard input and reaches the client by its environment, never by argv.
    #[serde(skip)]
    pub password: Option<super::secret::Secret>,
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
    Port(bool),
    Redis(RedisState),
    ServerHealth(Box<ServerHealth>),
    BootId(String),
    /// The probe could not be answered: why, in words.
    Failed(String),
}

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

/// A package as its manager knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageState {
    /// The installed version.
    pub installed: Option<String>,
    /// The version that an install or upgrade would bring.
    pub candidate: Option<String>,
    /// All versions that could be installed.
    #[serde(default)]
    pub available: Vec<String>,
    /// Held back by the administrator (apt) or locked (dnf).
    pub held: bool,
    /// Whether the name is a virtual one that others provide, and which.
    #[serde(default)]
    pub provided_by: Vec<String>,
    /// Names of the packages that the candidate depends on directly.
    #[serde(default)]
    pub depends: Vec<String>,
}

/// A package manager that we speak to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageManager {
    Apt,
    Dnf,
}

/// The package manager and its index of what can be installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageIndex {
    pub manager: Option<PackageManager>,
    /// Seconds since the index was last brought up to date; `None` when it never was.
    pub age: Option<u64>,
}

/// A unit as `systemctl show` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// `loaded`, `not-found`, `masked`, ...
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`, ...
    pub active: String,
    /// `running`, `exited`, `dead`, ...
    pub sub: String,
    /// `enabled`, `disabled`, `static`, `masked`, `alias`, ... or empty.
    pub enabled: String,
    /// The unit's own file.
    pub fragment: String,
    #[serde(default)]
    pub drop_ins: Vec<String>,
    /// Whether files changed since systemd read them.
    pub needs_reload: bool,
    pub main_pid: u32,
    /// Other names of the same unit.
    #[serde(default)]
    pub names: Vec<String>,
}

/// What systemd was told about a service, and what its main process has of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// `loaded`, `not-found`, `masked`, ...
    pub load: String,
    /// Whether files changed since systemd read them.
    pub needs_reload: bool,
    /// The unit's own file and all that add to it, as paths and texts, in the order in which they count.
    #[serde(default)]
    pub files: Vec<(String, String)>,
    /// Its main process, where it runs one.
    #[serde(default)]
    pub process: Option<MainProcess>,
    /// Whether the host has the program `prlimit`, which changes limits of a running process.
    pub can_limit: bool,
    /// Whether the session may go beyond what the host itself was given, which a container seldom may: raise hard
    /// limits, and protect processes from the OOM killer (`CAP_SYS_RESOURCE`).
    pub privileged: bool,
}

/// The main process of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainProcess {
    pub pid: u32,
    /// When it started, in the kernel's ticks since the boot: tells it from a later process with the same number.
    pub started: u64,
    /// The same in seconds since 1970, by the host's clock.
    #[serde(default)]
    pub started_at: i64,
    /// How many files it may open: the soft and the hard limit, [`u64::MAX`] for none.
    pub open_files: Option<(u64, u64)>,
    /// From -1000 (never killed) to 1000.
    pub oom_score_adj: Option<i32>,
}

/// A kernel value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelValue {
    /// The live value with runs of white space folded to one space; `None` when there is no such key.
    pub value: Option<String>,
    /// Whether it could be written by the user who asked.
    pub writable: bool,
}

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

/// What a program said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramResult {
    /// The exit code; 128 plus the signal where one ended it.
    pub code: i32,
    pub stdout: Blob,
    pub stderr: Blob,
    pub timed_out: bool,
}

/// What a running server said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisState {
    /// Whether it answered PING with PONG, and took the password that it was given.
    pub alive: bool,
    /// It wants no password although one was given.
    #[serde(default)]
    pub open: bool,
    /// Its error, or the client's, when it did not answer as hoped.
    pub error: Option<String>,
    /// The text of `INFO all`.
    pub info: String,
    /// The raw answer to `CONFIG GET *`: a name and a value line in turn.
    pub config: String,
}

/// What a host knows of a server, beside what the server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerHealth {
    /// The text of `INFO all` at a second look; empty where there was none.
    pub later: String,
    /// The answer to `LATENCY LATEST`: four lines an event.
    pub latency: String,
    /// Processes that the OOM killer has ended since the boot, of all control groups.
    pub oom_kills: Option<u64>,
    /// `MemTotal` and `MemAvailable` of the machine. Bytes.
    pub memory_total: Option<u64>,
    pub memory_available: Option<u64>,
    /// `vm.max_map_count`: mappings that a process may have.
    pub most_maps: Option<u64>,
    /// The server's process; `None` where it is not one of this host, or has ended.
    pub process: Option<ServerProcess>,
}

/// The process of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerProcess {
    pub pid: u32,
    /// `VmRSS` and `VmSwap`. Bytes.
    pub resident: Option<u64>,
    pub swapped: Option<u64>,
    /// Whether it may get transparent huge pages (`THP_enabled`: it has not told the kernel not to).
    pub huge_pages: Option<bool>,
    pub oom_score_adj: Option<i32>,
    /// The soft limit of open files, [`u64::MAX`] for none.
    pub open_files: Option<u64>,
    /// Mappings that it has.
    pub maps: Option<u64>,
    /// Its systemd unit; empty where it has none.
    pub unit: String,
    /// What systemd says of the unit's last end (`success`, `oom-kill`), and how often it started it again by itself.
    pub result: String,
    pub restarts: Option<u64>,
    /// Counters of its control group since that was made: `high`, `max`, `oom`, `oom_kill`.
    #[serde(default)]
    pub group_events: BTreeMap<String, u64>,
}
