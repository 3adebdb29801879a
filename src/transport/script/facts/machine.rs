//! What the machine is: memory, processors, kernel, clock.

use indexmap::IndexMap;

use super::record::{Records, field};
use super::{distribution, session, virtualization};
use crate::model::facts::Facts;
use crate::model::probe::PackageManager;

/// Lines of files by their path.
pub(super) type Files<'a> = IndexMap<&'a str, Vec<&'a str>>;

/// Package managers by the program that shows them, in the order in which they are believed.
const PACKAGE_PROGRAMS: [(&str, &str, Option<PackageManager>); 6] = [
    ("apt-get", "apt", Some(PackageManager::Apt)),
    ("dnf", "dnf", Some(PackageManager::Dnf)),
    ("yum", "yum", None),
    ("zypper", "zypper", None),
    ("apk", "apk", None),
    ("pacman", "pacman", None),
];

pub(super) fn read(records: &Records, facts: &mut Facts) {
    let files = files(records.get("files").unwrap_or_default());
    let first = |path: &str| files.get(path).and_then(|lines| lines.first()).copied();
    memory(&files, facts);
    facts.memory.other_processes = number(records.get("others"))
        .zip(number(records.get("page-size")))
        .and_then(|(pages, size)| pages.checked_mul(size))
        .unwrap_or(0);
    let allowed = records.get("processors-allowed").and_then(count_list);
    let online = first("/sys/devices/system/cpu/online").and_then(count_list);
    facts.processors = match (allowed, online) {
        (Some(allowed), Some(online)) => allowed.min(online),
        (allowed, online) => allowed.or(online).unwrap_or(0),
    };
    facts.numa_nodes = first("/sys/devices/system/node/online")
        .and_then(count_list)
        .unwrap_or(0);
    facts.page_size = number(records.get("page-size")).unwrap_or(0);
    let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
    facts.hostname = text(records.get("hostname"));
    facts.fqdn = text(records.get("fqdn"));
    facts.kernel = text(first("/proc/sys/kernel/osrelease"));
    facts.system = text(first("/proc/sys/kernel/ostype"));
    facts.architecture = text(records.get("machine").or(first("/proc/sys/kernel/arch")));
    facts.boot_id = text(first("/proc/sys/kernel/random/boot_id"));
    facts.uptime = first("/proc/uptime")
        .and_then(|line| line.split(['.', ' ']).next())
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(0);
    let clock: Vec<&str> = records
        .get("clock")
        .unwrap_or_default()
        .split(' ')
        .collect();
    facts.clock = clock
        .first()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    facts.time_offset = text(clock.get(1).copied());
    facts.time_zone = text(clock.get(2).copied());
    facts.distribution = distribution::read(&files);
    let word = |path: &str| chosen_word(first(path).unwrap_or_default());
    facts.transparent_hugepage.enabled = word("/sys/kernel/mm/transparent_hugepage/enabled");
    facts.transparent_hugepage.defrag = word("/sys/kernel/mm/transparent_hugepage/defrag");
    facts.kernel_values = kernel_values(&files);
    facts.memory.oom_kills = records
        .get("oom")
        .and_then(|line| line.trim().strip_prefix("oom_kill ")?.parse().ok());
    let signs: Vec<&str> = records.get("signs").unwrap_or_default().lines().collect();
    facts.init = init(&signs, first("/proc/1/comm").unwrap_or_default());
    if facts.parts.virtualization {
        facts.virtualization = virtualization::read(records, &files, &signs);
    }
    for (program, name, manager) in PACKAGE_PROGRAMS {
        if records
            .get("tools")
            .unwrap_or_default()
            .lines()
            .any(|tool| tool == program)
        {
            facts.package_manager = manager;
            name.clone_into(&mut facts.package_program);
            break;
        }
    }
    for line in records.get("environment").unwrap_or_default().lines() {
        if let Some((name, value)) = line.split_once('=')
            && !value.is_empty()
        {
            facts.environment.insert(name.to_owned(), value.to_owned());
        }
    }
    session::read(records, facts);
    note_missing(facts);
}

/// Lines of `grep`: a path, a colon and a line of that file.
fn files(text: &str) -> Files<'_> {
    let mut files = Files::new();
    for (path, line) in text.lines().filter_map(|line| line.split_once(':')) {
        files.entry(path).or_default().push(line);
    }
    files
}

fn memory(files: &Files<'_>, facts: &mut Facts) {
    let text = files
        .get("/proc/meminfo")
        .map(|lines| lines.join("\n"))
        .unwrap_or_default();
    let bytes = |name: &str| {
        field(&text, name, ':')
            .and_then(|value| value.strip_suffix(" kB"))
            .and_then(|kibibytes| kibibytes.trim().parse::<u64>().ok())
            .and_then(|kibibytes| kibibytes.checked_mul(1024))
    };
    let memory = &mut facts.memory;
    memory.total = bytes("MemTotal").unwrap_or(0);
    memory.free = bytes("MemFree").unwrap_or(0);
    // Kernels before 3.14 do not estimate what is available.
    memory.available = bytes("MemAvailable").unwrap_or_else(|| {
        [
            memory.free,
            bytes("Buffers").unwrap_or(0),
            bytes("Cached").unwrap_or(0),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    });
    memory.swap_total = bytes("SwapTotal").unwrap_or(0);
    memory.swap_free = bytes("SwapFree").unwrap_or(0);
}

/// How many numbers a list such as `0-3,5` holds.
fn count_list(text: &str) -> Option<u32> {
    text.trim().split(',').try_fold(0_u32, |sum, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

pub(super) fn number(text: Option<&str>) -> Option<u64> {
    text?.trim().parse().ok()
}

/// The word in brackets of `always [madvise] never`.
fn chosen_word(text: &str) -> String {
    text.split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(word, _)| word.to_owned())
        .unwrap_or_default()
}

fn kernel_values(files: &Files<'_>) -> IndexMap<String, String> {
    // Identity of the machine, not something to set.
    const FACTS_OF_THEIR_OWN: [&str; 5] = [
        "kernel.hostname",
        "kernel.osrelease",
        "kernel.ostype",
        "kernel.arch",
        "kernel.random.boot_id",
    ];
    files
        .iter()
        .filter_map(|(path, lines)| {
            let name = path.strip_prefix("/proc/sys/")?.replace('/', ".");
            let value = lines
                .first()?
                .split_ascii_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            (!FACTS_OF_THEIR_OWN.contains(&name.as_str())).then_some((name, value))
        })
        .collect()
}

fn init(signs: &[&str], first_process: &str) -> String {
    if signs.contains(&"/run/systemd/system") {
        "systemd".to_owned()
    } else if signs.contains(&"/run/openrc") {
        "openrc".to_owned()
    } else {
        // `init` of busybox or SysV, or whatever a container runs as its first process.
        first_process.trim().to_owned()
    }
}

/// Facts that everything else rests on are missed aloud.
fn note_missing(facts: &mut Facts) {
    let system = facts.parts.system;
    let needed = [
        (
            "memory",
            facts.memory.total == 0,
            "/proc/meminfo could not be read",
        ),
        (
            "processors",
            system && facts.processors == 0,
            "/sys/devices/system/cpu/online could not be read",
        ),
        (
            "page size",
            system && facts.page_size == 0,
            "neither /proc/self/smaps nor getconf told it",
        ),
        (
            "kernel",
            facts.kernel.is_empty(),
            "/proc/sys/kernel/osrelease could not be read",
        ),
        (
            "distribution",
            system && facts.distribution.id.is_empty(),
            "there is no /etc/os-release",
        ),
        (
            "clock",
            facts.parts.clock && facts.clock == 0,
            "`date` did not tell it",
        ),
        (
            "boot id",
            facts.boot_id.is_empty(),
            "/proc/sys/kernel/random/boot_id could not be read",
        ),
        (
            "virtualization",
            facts.parts.virtualization && facts.virtualization.kind.is_empty(),
            "neither systemd-detect-virt nor the firmware told it",
        ),
        (
            "transparent hugepages",
            system && facts.transparent_hugepage.enabled.is_empty(),
            "the kernel has no /sys/kernel/mm/transparent_hugepage",
        ),
    ];
    for (name, is_missing, reason) in needed {
        if is_missing {
            facts
                .missing
                .entry(name.to_owned())
                .or_insert_with(|| reason.to_owned());
        }
    }
}
