//! The facts under Ansible's names, without their prefix: what playbooks written for Ansible ask for.

use super::clock::date_time;
use super::{Builder, distributions, network};
use crate::model::facts::Facts;
use crate::model::value::{Map, Value};

/// Technologies whose name differs between `systemd-detect-virt` and Ansible (its `virtual/linux.py`).
const VIRTUALIZATION_TYPES: [(&str, &str); 8] = [
    ("qemu", "kvm"),
    ("amazon", "kvm"),
    ("google", "kvm"),
    ("vmware", "VMware"),
    ("oracle", "virtualbox"),
    ("microsoft", "VirtualPC"),
    ("lxc-libvirt", "lxc"),
    ("systemd-nspawn", "container"),
];

pub(super) fn variables(facts: &Facts) -> Map {
    let mut map = Builder::default();
    let short = facts.hostname.split('.').next().unwrap_or_default();
    map.text("hostname", short)
        .text("nodename", &facts.hostname)
        .text("fqdn", &facts.fqdn);
    if !facts.fqdn.is_empty() {
        map.put(
            "domain",
            facts.fqdn.split_once('.').map_or("", |(_, domain)| domain),
        );
    }
    memory(facts, &mut map);
    map.known("processor_vcpus", facts.processors.into())
        .known("processor_nproc", facts.processors.into());
    distribution(facts, &mut map);
    map.text("kernel", &facts.kernel)
        .text("architecture", &facts.architecture)
        .text("machine", &facts.architecture)
        .text("system", &facts.system)
        .text("service_mgr", &facts.init)
        .text("pkg_mgr", &facts.package_program);
    virtualization(facts, &mut map);
    network::add(facts, &mut map);
    map.put("mounts", mounts(facts));
    user(facts, &mut map);
    if facts.clock != 0 {
        map.put("date_time", date_time(facts));
    }
    map.known("uptime_seconds", facts.uptime);
    map.finish()
}

fn memory(facts: &Facts, map: &mut Builder) {
    const MIB: u64 = 1024 * 1024;
    let memory = &facts.memory;
    if memory.total == 0 {
        return;
    }
    let share = |total: u64, free: u64| {
        let mut share = Builder::default();
        share
            .put("total", total / MIB)
            .put("free", free / MIB)
            .put("used", (total / MIB).saturating_sub(free / MIB));
        share.finish()
    };
    let mut both = Builder::default();
    both.put("real", share(memory.total, memory.free))
        .put("swap", share(memory.swap_total, memory.swap_free));
    map.put("memtotal_mb", memory.total / MIB)
        .put("memfree_mb", memory.free / MIB)
        .put("swaptotal_mb", memory.swap_total / MIB)
        .put("swapfree_mb", memory.swap_free / MIB)
        .put("memory_mb", both.finish());
}

fn distribution(facts: &Facts, map: &mut Builder) {
    let distribution = &facts.distribution;
    if distribution.id.is_empty() {
        return;
    }
    let version = distributions::version(distribution);
    let mut numbers = version.split('.');
    let codename = match distribution.codename.as_str() {
        "" if distribution.name.contains("CentOS Stream") => "Stream",
        "" => "NA",
        codename => codename,
    };
    map.put("distribution", distributions::name(distribution))
        .put("os_family", distributions::family(distribution))
        .text("distribution_version", version)
        .text(
            "distribution_major_version",
            numbers.next().unwrap_or_default(),
        )
        .text(
            "distribution_minor_version",
            numbers.next().unwrap_or_default(),
        )
        .put("distribution_release", codename);
    if !distribution.codename.is_empty() {
        let mut lsb = Builder::default();
        lsb.put("id", distributions::name(distribution))
            .put("codename", codename)
            .put("description", distribution.name.as_str())
            .put("release", distribution.version.as_str())
            .put(
                "major_release",
                distribution.version.split('.').next().unwrap_or_default(),
            );
        map.put("lsb", lsb.finish());
    }
}

fn virtualization(facts: &Facts, map: &mut Builder) {
    let technology = facts.virtualization.technology.as_str();
    let kind = VIRTUALIZATION_TYPES
        .iter()
        .find(|(name, _)| *name == technology)
        .map_or(technology, |(_, name)| name);
    match facts.virtualization.kind.as_str() {
        "container" | "virtual machine" => {
            map.put("virtualization_type", kind)
                .put("virtualization_role", "guest");
        }
        "hardware" => {
            map.put("virtualization_type", "NA")
                .put("virtualization_role", "NA");
        }
        _ => {}
    }
}

fn mounts(facts: &Facts) -> Vec<Value> {
    let mounts = facts.mounts.iter().map(|mount| {
        let mut map = Builder::default();
        map.put("mount", mount.path.as_str())
            .put("device", mount.device.as_str())
            .put("fstype", mount.filesystem.as_str())
            .put("options", mount.options.as_str());
        if let (Some(size), Some(available)) = (mount.size, mount.available) {
            map.put("size_total", size).put("size_available", available);
        }
        Value::Map(map.finish())
    });
    mounts.collect()
}

fn user(facts: &Facts, map: &mut Builder) {
    let user = &facts.user;
    if facts.missing.contains_key("user") {
        return;
    }
    map.text("user_id", &user.name)
        .put("user_uid", user.uid)
        .put("user_gid", user.gid)
        .put("effective_user_id", user.uid)
        .put("real_user_id", user.uid)
        .text("user_dir", &user.home)
        .text("user_shell", &user.shell);
    let environment = facts.environment.iter();
    let environment: Map = environment
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    map.put("env", environment);
}
