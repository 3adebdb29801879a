//! What a host is: raw facts as its script reports them. What follows from them (sizing, capability) is `redis`'.

use super::fact_parts::FactParts;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::lock::HostLock;
use super::probe::TlsFiles;

/// Everything asked of a host in one round trip. A fact that could not be had is `None` or empty, and its name is
/// in `missing` with the reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    pub hostname: String,
    pub fqdn: String,
    pub memory: Memory,
    /// Processors that programs may run on.
    pub processors: u32,
    /// The smallest share of processor time that a control group allows, in processors (1.5: one and a half).
    pub processor_quota: Option<f64>,
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
    /// Parts of the memory that are nearer to some processors than to others; 0: not known.
    pub numa_nodes: u32,
    /// Live values by sysctl name, only those that matter to a cache host.
    pub kernel_values: IndexMap<String, String>,
    pub mounts: Vec<Mount>,
    /// All addresses but loopback's, with their interface.
    pub addresses: Vec<Address>,
    /// Names of all network interfaces, loopback too.
    pub interfaces: Vec<String>,
    /// Where the IPv4 default route leads; empty where there is none.
    pub gateway: String,
    pub package_manager: Option<super::probe::PackageManager>,
    /// The program that manages packages, also where we do not speak to it: `apt`, `dnf`, `yum`, `zypper`, `apk`,
    /// `pacman`.
    pub package_program: String,
    /// Who the session is, and whether it is root.
    pub user: SessionUser,
    /// Seconds since the boot, seconds since 1970 by the host's clock.
    pub uptime: u64,
    pub clock: i64,
    /// The host's time zone as `date` has it: `UTC`, `+0000`.
    pub time_zone: String,
    pub time_offset: String,
    pub boot_id: String,
    /// A few variables of the session: `HOME`, `PATH`, `SHELL`, `USER`, `LANG`. No others, they may hold secrets.
    pub environment: IndexMap<String, String>,
    /// Every server binary that is installed.
    pub redis_binaries: Vec<RedisBinary>,
    /// Every server instance: a unit, a running process, or both.
    pub redis_instances: Vec<RedisInstance>,
    /// Every Sentinel that runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redis_sentinels: Vec<RedisSentinel>,
    /// What the package manager would install; asked only where no server is installed.
    pub redis_candidates: Vec<RedisCandidate>,
    /// Handlers that an earlier run earned and could not run: names, by the key of their play.
    pub pending_handlers: IndexMap<String, Vec<String>>,
    /// The last run that changed the host: `run`, `time`, `by` (who, and from where), `what`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub last_run: IndexMap<String, String>,
    /// Directives that were written and that a restart has still to bring.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending_restarts: Vec<String>,
    /// What guards of servers say: the text of their status files, by their names.
    pub guards: IndexMap<String, String>,
    /// Leases and locks that keep others from this host now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<HostLock>,
    /// What was asked.
    #[serde(skip, default = "FactParts::all")]
    pub parts: FactParts,
    /// Facts that could not be had: name and reason.
    pub missing: IndexMap<String, String>,
}

/// Memory of the machine and the limits above it. All in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub total: u64,
    pub free: u64,
    pub available: u64,
    pub swap_total: u64,
    pub swap_free: u64,
    /// Processes that the kernel's OOM killer has ended since the boot, of all control groups; `None` where the kernel
    /// does not count them.
    pub oom_kills: Option<u64>,
    /// What all processes but the servers need for themselves: resident pages that they share with nobody.
    pub other_processes: u64,
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

    /// What the servers share with everything else: as [`Memory::usable`], without the limits that are set on a
    /// server's own unit. Bytes.
    pub fn shared(&self) -> u64 {
        self.limits
            .iter()
            .filter(|limit| limit.unit.is_empty())
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
    /// The file that says so, for example `/sys/fs/cgroup/system.slice/memory.max`; for a unit that does not run,
    /// its name and property (`redis-server.service MemoryMax`).
    pub path: String,
    pub bytes: u64,
    /// The server's unit that it is set on; empty when it stands above the units.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
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
    /// The exact version, where a file of the distribution has it: `12.11` of `/etc/debian_version`.
    pub release: String,
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
    /// Bits of the network's part.
    pub prefix: u8,
    /// Whether the default route leaves through its interface.
    pub default: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionUser {
    pub name: String,
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    pub home: String,
    pub shell: String,
}

/// A server program on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisBinary {
    /// The path people would call, and the file it leads to. `/proc/PID/exe` is a program that still runs although its
    /// file was replaced.
    pub path: String,
    pub resolved: String,
    /// The line that `--version` prints.
    pub version_line: String,
    /// Whether the text "Active defragmentation cannot be enabled" is in the binary; `None` when it could not be read.
    pub refuses_defragmentation: Option<bool>,
    /// What its own parser said to a trial configuration of `activedefrag yes` and nonsense: `>>> 'activedefrag ...'`
    /// names the one that it refused. Asked only where the text could not be looked for.
    pub parser_answer: String,
    /// The linked libraries that matter (`libjemalloc.so.2`).
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
    /// `active`, `inactive`, `failed`; a process without a unit is `active`.
    pub active: String,
    /// `enabled`, `disabled`, `static`, ...; empty without a unit.
    pub enabled: String,
    pub pid: u32,
    /// The program that runs or would run, by the name that people call.
    pub binary: String,
    /// Whether the running program was replaced on disk since it was started.
    pub replaced: bool,
    pub config_file: String,
    pub user: String,
    /// 0: it does not listen on TCP, or only with TLS.
    pub port: u16,
    pub tls_port: u16,
    /// With what it is asked at its TLS port; only of a server that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsFiles>,
    pub socket: String,
    /// Addresses it is bound to, as its configuration has them.
    pub bind: String,
    /// Resident memory of the process. Bytes.
    pub resident: u64,
    /// What of it is swapped out. Bytes.
    pub swapped: u64,
    /// `INFO all` and `CONFIG GET *` as the server answered, passwords masked; empty when it could not be asked.
    pub info: String,
    pub config: String,
    /// Bytes in which its allocator gives out memory, as MEMORY MALLOC-STATS has it: 8 where jemalloc is the one that
    /// the server brings along. 0: not known.
    pub quantum: u32,
    /// How many Sentinels listen to what it hears of other Sentinels.
    #[serde(skip_serializing_if = "is_zero")]
    pub sentinels: u32,
    /// `CLUSTER INFO` and `CLUSTER NODES` as the server answered; empty where it is no node of a cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_info: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_nodes: String,
    /// Why the server could not be asked (it wants a password, it does not answer, no client program).
    pub unreachable: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A Sentinel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisSentinel {
    /// Its systemd unit; empty where there is none.
    pub unit: String,
    pub pid: u32,
    /// 0: it does not listen on TCP, or only with TLS.
    pub port: u16,
    /// The address that it listens at first; empty: all.
    pub bind: String,
    /// `INFO all` as it answered; empty when it could not be asked.
    pub info: String,
    /// Why it could not be asked.
    pub unreachable: String,
}

/// A server package that could be installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisCandidate {
    pub package: String,
    /// As the package manager writes it: `5:7.0.15-1~deb12u10`.
    pub version: String,
    /// Names of the packages that it depends on.
    pub depends: Vec<String>,
}
