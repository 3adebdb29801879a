//! The machine: memory and what limits it, processors, system, kernel settings.

use super::sheet::{Part, Row};
use crate::model::facts::{Facts, MemoryLimit};
use crate::view::tell::bytes;

/// Kernel settings that matter to a cache, and what for is in `docs/redis.md`.
const SETTINGS: [&str; 9] = [
    "vm.overcommit_memory",
    "vm.overcommit_ratio",
    "vm.swappiness",
    "vm.max_map_count",
    "vm.min_free_kbytes",
    "vm.zone_reclaim_mode",
    "net.core.somaxconn",
    "net.ipv4.tcp_max_syn_backlog",
    "fs.file-max",
];

pub(super) fn rows(facts: &Facts) -> Vec<Row> {
    let mut rows = memory(facts);
    rows.extend(machine(facts));
    let known = SETTINGS
        .iter()
        .filter_map(|name| facts.kernel_values.get_key_value(*name));
    rows.extend(known.map(|(name, value)| Row::new(Part::Kernel, name, value.clone(), "")));
    rows
}

fn memory(facts: &Facts) -> Vec<Row> {
    let memory = &facts.memory;
    if memory.total == 0 {
        return Vec::new();
    }
    let row = |name: &str, value: String, source: &str| Row::new(Part::Memory, name, value, source);
    let shared = memory.shared();
    // Of several that are equal the machine's own memory counts. A limit on one unit counts for that unit alone.
    let counts = |is: bool| if is { ", this one counts" } else { "" };
    let is_ram = shared == memory.total;
    let mut rows = vec![row(
        "RAM",
        format!("{}{}", bytes(memory.total), counts(is_ram)),
        "/proc/meminfo",
    )];
    let mut counted = is_ram;
    for limit in &memory.limits {
        let is_it = !counted && limit.unit.is_empty() && limit.bytes == shared;
        counted |= is_it;
        let MemoryLimit { path, unit, .. } = limit;
        let name = if unit.is_empty() {
            "limit of a control group".to_owned()
        } else {
            format!("limit of {unit}")
        };
        rows.push(row(
            &numbered(&rows, &name),
            format!("{}{}", bytes(limit.bytes), counts(is_it)),
            path,
        ));
    }
    let swap = match memory.swap_total {
        0 => "none".to_owned(),
        total => bytes(total),
    };
    rows.push(row("swap", swap, "/proc/meminfo"));
    rows
}

/// Names of rows are unlike one another.
fn numbered(rows: &[Row], name: &str) -> String {
    let same = rows.iter().filter(|row| row.name.starts_with(name)).count();
    match same {
        0 => name.to_owned(),
        number => format!("{name} ({})", number + 1),
    }
}

fn machine(facts: &Facts) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: &str, value: String, source: &str| {
        if !value.is_empty() {
            rows.push(Row::new(Part::Machine, name, value, source));
        }
    };
    if facts.processors > 0 {
        let quota = facts
            .processor_quota
            .map(|quota| format!(", of which {quota:.2} may be used"))
            .unwrap_or_default();
        add(
            "processors",
            format!("{}{quota}", facts.processors),
            if facts.processor_quota.is_some() {
                "/proc/self/status, cpu.max"
            } else {
                "/proc/self/status"
            },
        );
    }
    if facts.numa_nodes > 1 {
        add(
            "parts of the memory (NUMA nodes)",
            facts.numa_nodes.to_string(),
            "/sys/devices/system/node/online",
        );
    }
    add(
        "kernel",
        [&facts.system, &facts.kernel, &facts.architecture]
            .map(String::as_str)
            .join(" ")
            .trim()
            .to_owned(),
        "/proc/sys/kernel",
    );
    let distribution = &facts.distribution;
    let exact = match distribution.release.as_str() {
        "" => String::new(),
        release if distribution.name.contains(release) => String::new(),
        release => format!(", exactly {release}"),
    };
    add(
        "distribution",
        format!("{}{exact}", distribution.name),
        "/etc/os-release",
    );
    let machine = &facts.virtualization;
    let technology = match machine.technology.as_str() {
        "" => String::new(),
        technology => format!(" ({technology})"),
    };
    if !machine.kind.is_empty() {
        add(
            "kind",
            format!("{}{technology}", machine.kind),
            "systemd-detect-virt, /sys/class/dmi",
        );
    }
    add("starts with", facts.init.clone(), "/proc/1/comm");
    let pages = &facts.transparent_hugepage;
    if !pages.enabled.is_empty() {
        add(
            "huge pages",
            format!("{}, defrag {}", pages.enabled, pages.defrag),
            "/sys/kernel/mm/transparent_hugepage",
        );
    }
    add("packages with", facts.package_program.clone(), "PATH");
    let last = |name: &str| facts.last_run.get(name).map(String::as_str);
    if let (Some(run), Some(time), Some(by)) = (last("run"), last("time"), last("by")) {
        add(
            "last changed by",
            format!("run {run} of {by}, {time}"),
            "/var/lib/cachesmith/last-run",
        );
    }
    let mut owed: Vec<&str> = facts.pending_restarts.iter().map(String::as_str).collect();
    owed.extend(
        facts
            .pending_handlers
            .values()
            .flatten()
            .map(String::as_str),
    );
    add("still owed", owed.join(", "), "/var/lib/cachesmith");
    rows
}
