//! What a host is: raw facts as its script reports them. What follows from them (sizing, capability) is `redis`'.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Everything asked of a host in one round trip. A fact that could not be had is `None` or empty, and its name is
/// in `missing` with the reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    pub hostname: String,
    pub fqdn: String,
    pub memory: Memory,
    pub processors: u32,
    /// Bytes.
    pub page_size: u64,
    /// `uname -r`, `uname -m`, `uname -s`.
    pub kernel: String,
    pub architecture: String,
    pub system: String,
    pub distribution: Distribution,
    /// `systemd`, `openrc`, `none`, ...
    pub init: String,
    /// `container`, `virtual machine` or `hardware`, with the technology where it is known.
    pub virtualization: Virtualization,
    pub transparent_hugepage: TransparentHugepage,
    /// Live values by sysctl name, only those that matter to a cache host.
    pub kernel_values: IndexMap<String, String>,
    pub mounts: Vec<Mount>,
    /// All addresses but loopback's, with their interface.
    pub addresses: Vec<Address>,
    pub package_manager: Option<super::probe::PackageManager>,
    /// Who the session is, and whether it is root.
    pub user: SessionUser,
    /// Seconds since the boot, seconds since 1970 by the host's clock.
    pub uptime: u64,
    pub clock: i64,
    pub boot_id: String,
    /// Every server binary that is installed.
    pub redis_binaries: Vec<RedisBinary>,
    /// Every server instance: a unit, a running process, or both.
    pub redis_instances: Vec<RedisInstance>,
    /// Handlers that an earlier run earned and could not run: names, by the key of their play.
    pub pending_handlers: IndexMap<String, Vec<String>>,
    /// Facts that could not be had: name and reason.
    pub missing: IndexMap<String, String>,
}

/// Memory of the machine and the limits above it. All in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub total: u64,
    pub available: u64,
    pub swap_total: u64,
    pub swap_free: u64,
    /// Every finite limit of a control group above the server's unit (or above the session where there is none).
    pub limits: Vec<MemoryLimit>,
}

impl Memory {
    /// What can really be used: the smallest of the machine's memory and every limit. Bytes.
    pub fn usable(&self) -> u64 {
        self.limits
            .iter()
            .map(|limit| limit.bytes)
            .chain([self.total])
            .min()
            .unwrap_or(0)
    }
}

/// One control group limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryLimit {
    /// The file that says so, for example `/sys/fs/cgroup/system.slice/memory.max`.
    pub path: String,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// As in `/etc/os-release`: `debian`, `12`, `bookworm`, `Debian GNU/Linux 12 (bookworm)`, `ID_LIKE`.
    pub id: String,
    pub version: String,
    pub codename: String,
    pub name: String,
    pub like: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Virtualization {
    pub kind: String,
    pub technology: String,
}

/// The chosen word of each of the kernel's two switches; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransparentHugepage {
    pub enabled: String,
    pub defrag: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mount {
    pub path: String,
    pub device: String,
    pub filesystem: String,
    pub options: String,
    /// Bytes; `None` where asking ran into its time limit.
    pub size: Option<u64>,
    pub available: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub interface: String,
    pub address: String,
    /// Whether the default route leaves through its interface.
    pub default: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionUser {
    pub name: String,
    pub uid: u32,
    pub home: String,
    pub shell: String,
}

/// A server program on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisBinary {
    /// The path people would call, and the file it leads to.
    pub path: String,
    pub resolved: String,
    /// The line that `--version` prints.
    pub version_line: String,
    /// Whether the text "Active defragmentation cannot be enabled" is in the binary; `None` when it could not be read.
    pub refuses_defragmentation: Option<bool>,
    /// The linked libraries that matter (`libjemalloc.so.2`), where `readelf` or `ldd` is there.
    pub libraries: Vec<String>,
    /// The package that owns it, with its version.
    pub package: String,
}

/// A server: what its unit, its process and its own answers say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisInstance {
    /// The systemd unit, empty where there is none.
    pub unit: String,
    /// `active`, `inactive`, `failed`.
    pub active: String,
    pub pid: u32,
    pub binary: String,
    pub config_file: String,
    pub user: String,
    pub port: u16,
    pub socket: String,
    /// Addresses it is bound to, as its configuration has them.
    pub bind: String,
    /// Resident memory of the process. Bytes.
    pub resident: u64,
    /// `INFO all` and `CONFIG GET *` as the server answered; empty when it could not be asked.
    pub info: String,
    pub config: String,
    /// Why the server could not be asked (it wants a password, it does not answer, no client program).
    pub unreachable: String,
}
