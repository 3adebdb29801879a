//! Units of systemd, and the processes that they run.

use serde::{Deserialize, Serialize};

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
