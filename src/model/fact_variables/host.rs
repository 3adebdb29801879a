//! The variable `host`. Sizes in bytes, times in seconds.

use super::distributions::family;
use super::{Builder, strings};
use crate::model::facts::{Facts, Memory};
use crate::model::value::{Map, Value};

pub(super) fn variables(facts: &Facts) -> Map {
    let mut host = Builder::default();
    host.text("name", &facts.hostname)
        .text("fqdn", &facts.fqdn)
        .put("container", facts.virtualization.kind == "container")
        .put("memory", memory(&facts.memory))
        .known("cores", facts.processors.into())
        .known("numa_nodes", facts.numa_nodes.into());
    if let Some(quota) = facts.processor_quota {
        host.put("core_quota", quota);
    }
    host.known("page_size", facts.page_size)
        .text("kernel", &facts.kernel)
        .text("architecture", &facts.architecture)
        .text("system", &facts.system)
        .put("distribution", distribution(facts))
        .text("init", &facts.init)
        .put("virtualization", virtualization(facts))
        .put("thp", transparent_hugepage(facts))
        .put("sysctl", kernel_values(facts))
        .put("mounts", mounts(facts))
        .put("addresses", addresses(facts))
        .put("interfaces", strings(&facts.interfaces))
        .text("gateway", &facts.gateway)
        .text("package_manager", &facts.package_program)
        .put("user", user(facts))
        .known("uptime", facts.uptime);
    if facts.clock != 0 {
        host.put("clock", facts.clock);
    }
    host.text("time_zone", &facts.time_zone)
        .text("boot_id", &facts.boot_id);
    let missing: Map = facts
        .missing
        .iter()
        .map(|(name, reason)| (name.clone(), reason.as_str().into()))
        .collect();
    host.put("missing", missing);
    host.finish()
}

fn memory(memory: &Memory) -> Map {
    let mut map = Builder::default();
    if let Some(kills) = memory.oom_kills {
        map.put("oom_kills", kills);
    }
    if memory.total != 0 {
        map.put("total", memory.total)
            .put("usable", memory.usable())
            .put("available", memory.available)
            .put("free", memory.free)
            .put("swap", {
                let mut swap = Builder::default();
                swap.put("total", memory.swap_total)
                    .put("free", memory.swap_free)
                    .finish()
            })
            .put("other_processes", memory.other_processes);
    }
    let limits = memory.limits.iter().map(|limit| {
        let mut map = Builder::default();
        map.put("path", limit.path.as_str())
            .put("bytes", limit.bytes)
            .text("unit", &limit.unit);
        Value::Map(map.finish())
    });
    map.put("limits", limits.collect::<Vec<_>>());
    map.finish()
}

fn distribution(facts: &Facts) -> Map {
    let distribution = &facts.distribution;
    let mut map = Builder::default();
    map.text("id", &distribution.id)
        .text("version", &distribution.version)
        .text("codename", &distribution.codename)
        .text("name", &distribution.name)
        .text("release", &distribution.release)
        .put("like", strings(&distribution.like))
        .text("family", &family(distribution));
    map.finish()
}

fn virtualization(facts: &Facts) -> Map {
    let mut map = Builder::default();
    map.text("kind", &facts.virtualization.kind)
        .text("technology", &facts.virtualization.technology);
    map.finish()
}

fn transparent_hugepage(facts: &Facts) -> Map {
    let mut map = Builder::default();
    map.text("enabled", &facts.transparent_hugepage.enabled)
        .text("defrag", &facts.transparent_hugepage.defrag);
    map.finish()
}

/// Numbers as numbers, so that they compare as such; ranges and words as text.
fn kernel_values(facts: &Facts) -> Map {
    let value = |text: &str| match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Value::Int(number),
        _ => text.into(),
    };
    facts
        .kernel_values
        .iter()
        .map(|(name, text)| (name.clone(), value(text)))
        .collect()
}

fn mounts(facts: &Facts) -> Vec<Value> {
    let mounts = facts.mounts.iter().map(|mount| {
        let mut map = Builder::default();
        map.put("path", mount.path.as_str())
            .put("device", mount.device.as_str())
            .put("filesystem", mount.filesystem.as_str())
            .put("options", mount.options.as_str());
        if let (Some(size), Some(available)) = (mount.size, mount.available) {
            map.put("size", size).put("available", available);
        }
        Value::Map(map.finish())
    });
    mounts.collect()
}

fn addresses(facts: &Facts) -> Vec<Value> {
    let addresses = facts.addresses.iter().map(|address| {
        let mut map = Builder::default();
        map.text("interface", &address.interface)
            .put("address", address.address.as_str())
            .put("prefix", u32::from(address.prefix))
            .put("default", address.default);
        Value::Map(map.finish())
    });
    addresses.collect()
}

fn user(facts: &Facts) -> Map {
    let user = &facts.user;
    let mut map = Builder::default();
    if !facts.missing.contains_key("user") {
        map.text("name", &user.name)
            .put("uid", user.uid)
            .put("gid", user.gid)
            .text("home", &user.home)
            .text("shell", &user.shell);
    }
    map.finish()
}
