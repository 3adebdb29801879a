//! Facts of this machine, for `connection: local`: memory, limits, swap, disks and addresses as the `sysinfo` crate
//! reads them on every operating system.
//!
//! On Linux they complete what the facts' program told ([`super::script::facts`]); elsewhere they are all there is.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use sysinfo::{
    CpuRefreshKind, Disks, MemoryRefreshKind, Networks, ProcessRefreshKind, ProcessesToUpdate,
    RefreshKind, System,
};

use crate::model::facts::{Address, Facts, MemoryLimit, Mount};

/// How long the sizes of all disks may take. One on a file server that is gone never answers.
const DISK_TIME: Duration = Duration::from_secs(3);

/// Programs that are servers, not "other processes".
const SERVERS: [&str; 2] = ["redis-server", "valkey-server"];

/// Adds what this machine knows of itself to `facts`, which are those that the program told, or
/// [`Facts::default`] where it does not run. Blocks for up to [`DISK_TIME`].
pub fn complete(mut facts: Facts) -> Facts {
    let refresh = RefreshKind::nothing()
        .with_memory(MemoryRefreshKind::everything())
        .with_cpu(CpuRefreshKind::nothing());
    match System::new_with_specifics(refresh) {
        Ok(system) => {
            memory(&system, &mut facts);
            if facts.kernel.is_empty() {
                other_system(system, &mut facts);
            }
        }
        Err(error) => {
            facts
                .missing
                .entry("memory".to_owned())
                .or_insert_with(|| error.to_string());
        }
    }
    disks(&mut facts);
    facts
}

fn memory(system: &System, facts: &mut Facts) {
    let memory = &mut facts.memory;
    if system.total_memory() == 0 {
        return;
    }
    memory.total = system.total_memory();
    memory.free = system.free_memory();
    memory.available = system.available_memory();
    memory.swap_total = system.total_swap();
    memory.swap_free = system.free_swap();
    facts.missing.shift_remove("memory");
    // The limit of the whole machine where it is a container. That of this program's own group is another matter:
    // a server would not run in it.
    if let Some(limit) = system.cgroup_limits()
        && limit.total_memory < memory.total
        && memory
            .limits
            .iter()
            .all(|known| known.bytes > limit.total_memory)
    {
        memory.limits.push(MemoryLimit {
            path: "/sys/fs/cgroup".to_owned(),
            bytes: limit.total_memory,
            unit: String::new(),
        });
    }
}

/// What the program would have told, as far as it is known on an operating system that is not Linux.
fn other_system(mut system: System, facts: &mut Facts) {
    facts.hostname = System::host_name().unwrap_or_default();
    facts.fqdn = facts.hostname.clone();
    facts.kernel = System::kernel_version().unwrap_or_default();
    facts.architecture = System::cpu_arch();
    facts.system = match std::env::consts::OS {
        "macos" => "Darwin".to_owned(),
        "linux" => "Linux".to_owned(),
        "freebsd" => "FreeBSD".to_owned(),
        other => other.to_owned(),
    };
    facts.distribution.id = System::distribution_id();
    facts.distribution.version = System::os_version().unwrap_or_default();
    facts.distribution.name = System::long_os_version().unwrap_or_default();
    facts.distribution.like = System::distribution_id_like();
    facts.processors = u32::try_from(system.cpus().len()).unwrap_or(0);
    facts.uptime = System::uptime().unwrap_or(0);
    facts.clock = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|time| i64::try_from(time.as_secs()).ok())
        .unwrap_or(0);
    for name in ["HOME", "PATH", "SHELL", "USER", "LANG"] {
        if let Ok(value) = std::env::var(name) {
            facts.environment.insert(name.to_owned(), value);
        }
    }
    system.refresh_processes_specifics(
        ProcessesToUpdate::All,
        true,
        ProcessRefreshKind::nothing().with_memory(),
    );
    facts.memory.other_processes = system
        .processes()
        .values()
        .filter(|process| !SERVERS.iter().any(|name| process.name() == *name))
        .map(sysinfo::Process::memory)
        .fold(0, u64::saturating_add);
    addresses(facts);
    let names = ["kernel values", "transparent hugepages", "servers", "user"];
    for name in names {
        facts.missing.insert(
            name.to_owned(),
            "this is looked at on Linux only".to_owned(),
        );
    }
}

fn addresses(facts: &mut Facts) {
    let Ok(networks) = Networks::new_with_refreshed_list() else {
        return;
    };
    let mut found: Vec<Address> = Vec::new();
    for (interface, data) in &networks {
        let interface = interface.to_string_lossy().into_owned();
        let outside = data
            .ip_networks()
            .iter()
            .filter(|network| !network.addr.is_loopback());
        found.extend(outside.map(|network| Address {
            interface: interface.clone(),
            address: network.addr.to_string(),
            prefix: network.prefix,
            default: false,
        }));
        facts.interfaces.push(interface);
    }
    found.sort_by(|one, other| {
        (&one.interface, &one.address).cmp(&(&other.interface, &other.address))
    });
    facts.interfaces.sort();
    facts.addresses = found;
}

/// Sizes of disks: of those that the program named and could not measure, and of all where it named none.
fn disks(facts: &mut Facts) {
    let (sender, receiver) = mpsc::channel();
    // A thread that hangs in the kernel is left behind; it ends with this program.
    thread::spawn(move || {
        let list: Vec<Mount> = match Disks::new_with_refreshed_list() {
            Ok(disks) => disks.iter().map(mount).collect(),
            Err(_) => Vec::new(),
        };
        let _ = sender.send(list);
    });
    let Ok(disks) = receiver.recv_timeout(DISK_TIME) else {
        let reason = format!(
            "disks did not answer within {} seconds",
            DISK_TIME.as_secs()
        );
        facts.missing.entry("mounts".to_owned()).or_insert(reason);
        return;
    };
    if facts.mounts.is_empty() {
        facts.mounts = disks;
        if !facts.mounts.is_empty() {
            facts.missing.shift_remove("mounts");
        }
        return;
    }
    for known in facts.mounts.iter_mut().filter(|known| known.size.is_none()) {
        if let Some(disk) = disks.iter().find(|disk| disk.path == known.path) {
            known.size = disk.size;
            known.available = disk.available;
            facts
                .missing
                .shift_remove(&format!("size of {}", known.path));
        }
    }
}

fn mount(disk: &sysinfo::Disk) -> Mount {
    Mount {
        path: disk.mount_point().to_string_lossy().into_owned(),
        device: disk.name().to_string_lossy().into_owned(),
        filesystem: disk.file_system().to_string_lossy().into_owned(),
        options: if disk.is_read_only() { "ro" } else { "rw" }.to_owned(),
        size: Some(disk.total_space()),
        available: Some(disk.available_space()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::model::fact_parts::FactParts;
    use crate::transport::script::facts::{parse, snippet};

    #[test]
    fn alone_it_knows_what_any_operating_system_knows() {
        let facts = complete(Facts::default());
        assert!(facts.memory.total > 0 && facts.memory.available <= facts.memory.total);
        assert!(facts.processors > 0 && facts.uptime > 0 && facts.clock > 0);
        for text in [
            &facts.hostname,
            &facts.kernel,
            &facts.system,
            &facts.architecture,
        ] {
            assert!(!text.is_empty(), "{facts:?}");
        }
        assert!(facts.missing.contains_key("kernel values"));
        assert!(facts.mounts.iter().all(|mount| mount.path.starts_with('/')));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn both_ways_of_asking_agree() {
        let output = Command::new("sh")
            .arg("-c")
            .arg(snippet(FactParts::ALL))
            .output()
            .unwrap();
        let told = parse(&output.stdout, FactParts::ALL);
        assert_eq!(told.missing.get("facts"), None, "{:?}", told.missing);
        let alone = complete(Facts::default());
        let both = complete(told.clone());
        assert_eq!(both.memory.total, told.memory.total);
        assert_eq!(both.memory.total, alone.memory.total);
        assert_eq!(both.memory.swap_total, told.memory.swap_total);
        assert_eq!(both.kernel, alone.kernel);
        assert_eq!(both.hostname, alone.hostname);
        assert_eq!(both.architecture, alone.architecture);
        assert_eq!(both.distribution, told.distribution, "what was told stays");
        assert_eq!(both.distribution.id, alone.distribution.id);
        assert_eq!(both.processors, told.processors);
    }
}
