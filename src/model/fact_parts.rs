//! The parts of a host's facts that are asked only where something may use them.
//!
//! Every program that runs on a host costs a millisecond of its CPU, and a package manager's index costs a whole second.
//! What a run may use is known from the variables that its templates mention: [`FactParts::named_by`] may name too much,
//! never too little.

use std::ops::BitOr;

use serde::{Deserialize, Serialize};

use super::value::Value;

/// What is asked beside the machine itself (memory, name, kernel's release, the session's account), which always is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct FactParts {
    /// Distribution, processors, kernel values, init system, package manager. Servers and virtualization rest on it.
    pub system: bool,
    /// Addresses, interfaces, routes, and the host's name with its domain.
    pub network: bool,
    /// File systems and their sizes.
    pub mounts: bool,
    /// Servers, what they may use, and what a package would bring.
    pub servers: bool,
    /// What time it is there, and in which zone.
    pub clock: bool,
    /// Whether it is a machine, a virtual one or a container.
    pub virtualization: bool,
}

/// Variables that begin like Ansible's facts and are none: people and the tool set them.
const NO_FACTS: &[&str] = &["check_mode", "diff_mode", "host", "managed", "port", "user"];

/// Facts under Ansible's names that tell of the machine alone.
const OF_THE_MACHINE: &[&str] = &[
    "env",
    "hostname",
    "kernel",
    "memfree_mb",
    "memory_mb",
    "memtotal_mb",
    "nodename",
    "swapfree_mb",
    "swaptotal_mb",
    "user_dir",
    "user_gid",
    "user_id",
    "user_shell",
    "user_uid",
];

/// Those that tell of its system.
const OF_THE_SYSTEM: &[&str] = &[
    "architecture",
    "distribution",
    "distribution_major_version",
    "distribution_minor_version",
    "distribution_release",
    "distribution_version",
    "lsb",
    "machine",
    "os_family",
    "pkg_mgr",
    "processor_nproc",
    "processor_vcpus",
    "service_mgr",
    "system",
    "uptime_seconds",
];

/// What `host` says of the machine alone.
const OF_HOST: &[&str] = &["boot_id", "kernel", "name", "user"];

/// Likewise in `host.memory`: its other figures depend on limits, which are looked for above the servers.
const OF_THE_MACHINES_MEMORY: &[&str] = &["available", "free", "swap", "total"];

impl FactParts {
    /// Facts that were kept were asked as a whole.
    pub(crate) const fn all() -> Self {
        Self::ALL
    }

    pub const NONE: Self = Self {
        system: false,
        network: false,
        mounts: false,
        servers: false,
        clock: false,
        virtualization: false,
    };
    pub const ALL: Self = Self {
        system: true,
        network: true,
        mounts: true,
        servers: true,
        clock: true,
        virtualization: true,
    };
    pub const SYSTEM: Self = Self {
        system: true,
        ..Self::NONE
    };
    pub const NETWORK: Self = Self {
        network: true,
        ..Self::NONE
    };
    pub const MOUNTS: Self = Self {
        mounts: true,
        ..Self::NONE
    };
    /// They rest on the system.
    pub const SERVERS: Self = Self {
        servers: true,
        ..Self::SYSTEM
    };
    pub const CLOCK: Self = Self {
        clock: true,
        ..Self::NONE
    };
    /// It rests on the system.
    pub const VIRTUALIZATION: Self = Self {
        virtualization: true,
        ..Self::SYSTEM
    };

    /// Whether all of `other` is in it.
    pub fn covers(self, other: Self) -> bool {
        self | other == self
    }

    /// The names of variables that tell of a host, as far as they are the same for all hosts.
    pub fn variables() -> impl Iterator<Item = String> {
        let ansible = OF_THE_MACHINE.iter().chain(OF_THE_SYSTEM);
        let others = ["ansible_facts", "host", "redis"].map(str::to_owned);
        ansible.map(|name| format!("ansible_{name}")).chain(others)
    }

    /// What a variable, with the attributes that are taken from it, may be about.
    pub fn named_by(path: &[String]) -> Self {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        match words[..] {
            ["host", ref rest @ ..] => Self::of_host(rest),
            ["ansible_facts", fact, ..] => Self::of_ansible(fact),
            // Everything there is, of this host or of others.
            ["ansible_facts" | "hostvars" | "vars", ..] => Self::ALL,
            ["redis", ..] => Self::SERVERS,
            [name, ..] => name
                .strip_prefix("ansible_")
                .map_or(Self::NONE, Self::of_ansible),
            [] => Self::NONE,
        }
    }

    /// What a module may ask of the facts by itself.
    pub fn of_module(name: &str) -> Self {
        match name {
            name if name.starts_with("redis") => Self::ALL,
            // They may end a server that others follow.
            "service" | "reboot" => Self::SERVERS,
            // A container cannot change what is its machine's.
            "sysctl" | "transparent_hugepage" => Self::VIRTUALIZATION,
            _ => Self::NONE,
        }
    }

    /// The same for a task with these arguments.
    pub fn of_task<'v>(module: &str, arguments: impl IntoIterator<Item = &'v Value>) -> Self {
        // Its scripts may end a server that others follow.
        let ends_a_server = || arguments.into_iter().any(names_a_server);
        match module {
            "package" if ends_a_server() => Self::SERVERS,
            module => Self::of_module(module),
        }
    }

    fn of_host(path: &[&str]) -> Self {
        match path {
            [] | ["missing", ..] => Self::ALL,
            ["memory", figure, ..] if OF_THE_MACHINES_MEMORY.contains(figure) => Self::NONE,
            ["memory", "oom_kills", ..] => Self::SYSTEM,
            ["memory" | "core_quota", ..] => Self::SERVERS,
            ["addresses" | "interfaces" | "gateway" | "fqdn", ..] => Self::NETWORK,
            ["mounts", ..] => Self::MOUNTS,
            ["clock" | "time_zone", ..] => Self::CLOCK,
            ["container" | "virtualization", ..] => Self::VIRTUALIZATION,
            [fact, ..] if OF_HOST.contains(fact) => Self::NONE,
            _ => Self::SYSTEM,
        }
    }

    /// Interfaces are facts under their own names, so what is not known to be another thing may be one.
    fn of_ansible(fact: &str) -> Self {
        match fact {
            "mounts" => Self::MOUNTS,
            "date_time" => Self::CLOCK,
            "virtualization_role" | "virtualization_type" => Self::VIRTUALIZATION,
            fact if NO_FACTS.contains(&fact) || OF_THE_MACHINE.contains(&fact) => Self::NONE,
            fact if OF_THE_SYSTEM.contains(&fact) => Self::SYSTEM,
            _ => Self::NETWORK,
        }
    }
}

fn names_a_server(value: &Value) -> bool {
    match value {
        Value::String(text) => ["redis", "valkey"].iter().any(|name| text.contains(name)),
        Value::List(list) => list.iter().any(names_a_server),
        _ => false,
    }
}

impl BitOr for FactParts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            system: self.system || other.system,
            network: self.network || other.network,
            mounts: self.mounts || other.mounts,
            servers: self.servers || other.servers,
            clock: self.clock || other.clock,
            virtualization: self.virtualization || other.virtualization,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact_variables;
    use crate::model::facts::{Address, Facts, Mount};

    fn named(path: &str) -> FactParts {
        FactParts::named_by(&path.split('.').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_mentioned_decides_what_is_asked() {
        for (path, parts) in [
            ("ansible_facts.memtotal_mb", FactParts::NONE),
            ("ansible_memtotal_mb", FactParts::NONE),
            ("host.memory.total", FactParts::NONE),
            ("host.memory.usable", FactParts::SERVERS),
            ("host.memory", FactParts::SERVERS),
            ("host.kernel", FactParts::NONE),
            ("ansible_user_id", FactParts::NONE),
            ("host.memory.oom_kills", FactParts::SYSTEM),
            ("host.cores", FactParts::SYSTEM),
            ("host.sysctl", FactParts::SYSTEM),
            ("ansible_facts.os_family", FactParts::SYSTEM),
            ("ansible_distribution_release", FactParts::SYSTEM),
            ("host.fqdn", FactParts::NETWORK),
            ("ansible_fqdn", FactParts::NETWORK),
            ("ansible_facts.domain", FactParts::NETWORK),
            ("host.clock", FactParts::CLOCK),
            ("ansible_date_time.epoch", FactParts::CLOCK),
            ("host.container", FactParts::VIRTUALIZATION),
            ("ansible_virtualization_type", FactParts::VIRTUALIZATION),
            ("host.addresses", FactParts::NETWORK),
            ("ansible_eth0.ipv4", FactParts::NETWORK),
            ("ansible_facts.default_ipv4.address", FactParts::NETWORK),
            ("ansible_mounts", FactParts::MOUNTS),
            ("redis.maxmemory", FactParts::SERVERS),
            ("redis_port", FactParts::NONE),
            ("ansible_facts", FactParts::ALL),
            ("host", FactParts::ALL),
            ("hostvars", FactParts::ALL),
            ("maxclients", FactParts::NONE),
        ] {
            assert_eq!(named(path), parts, "{path}");
        }
    }

    #[test]
    fn packages_of_servers_need_to_know_the_servers() {
        let parts = |name: &Value| FactParts::of_task("package", [name]);
        assert_eq!(parts(&"valkey-server=8.*".into()), FactParts::SERVERS);
        let list = Value::List(vec!["curl".into(), "redis".into()]);
        assert_eq!(parts(&list), FactParts::SERVERS);
        assert_eq!(parts(&"curl".into()), FactParts::NONE);
        assert_eq!(FactParts::of_task("copy", [&list]), FactParts::NONE);
    }

    /// A fact that is new must not be taken for one that is always asked.
    #[test]
    fn what_differs_with_a_part_is_named_by_it() {
        let mut facts = Facts {
            kernel: "6.1".to_owned(),
            ..Facts::default()
        };
        let bare = fact_variables::variables(&facts);
        facts.addresses.push(Address {
            interface: "eth0".to_owned(),
            address: "192.0.2.1".to_owned(),
            prefix: 24,
            default: true,
        });
        facts.interfaces.push("eth0".to_owned());
        facts.gateway = "192.0.2.2".to_owned();
        facts.mounts.push(Mount {
            path: "/".to_owned(),
            ..Mount::default()
        });
        facts.fqdn = "cache01.example.net".to_owned();
        facts.clock = 1_700_000_000;
        facts.time_zone = "UTC".to_owned();
        facts.virtualization.kind = "container".to_owned();
        facts.virtualization.technology = "docker".to_owned();
        facts.processors = 2;
        facts.numa_nodes = 1;
        facts.page_size = 4096;
        facts.architecture = "x86_64".to_owned();
        facts.system = "Linux".to_owned();
        facts.distribution.id = "debian".to_owned();
        facts.distribution.version = "12".to_owned();
        facts.distribution.codename = "bookworm".to_owned();
        facts.init = "systemd".to_owned();
        facts.package_program = "apt".to_owned();
        facts.uptime = 60;
        let full = fact_variables::variables(&facts);
        let mut differing = 0;
        for (name, value) in &full {
            if bare.get(name) != Some(value) {
                differing += 1;
                assert_ne!(named(name), FactParts::NONE, "{name}");
            }
        }
        assert!(differing >= 20, "{differing}");
    }
}
