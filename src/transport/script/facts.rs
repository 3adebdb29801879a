//! The facts of a host: the program that asks for them, and the reading of its answer.
//!
//! The shell's half only says what files and programs say; every decision about it is made here, where it can be
//! tested with answers that were recorded on real hosts (`tests/cases/facts`).

mod distribution;
mod limits;
mod machine;
mod mounts;
mod network;
mod programs;
mod record;
mod servers;
mod session;
mod settings;
mod virtualization;

use std::sync::OnceLock;

use super::library::without_comments;
use crate::model::fact_parts::FactParts;
use crate::model::facts::Facts;
use crate::model::lock::{HostLock, LockKind};
use record::Records;

/// The program, in parts of one subject each, and whether they are needed.
fn program(parts: FactParts) -> String {
    let system = parts.system;
    let pieces = [
        (true, include_str!("facts/begin.sh")),
        (system, include_str!("facts/system_files.sh")),
        (true, include_str!("facts/machine.sh")),
        (system, include_str!("facts/system.sh")),
        (parts.clock, include_str!("facts/clock.sh")),
        (
            parts.virtualization,
            include_str!("facts/virtualization.sh"),
        ),
        (parts.network, include_str!("facts/network.sh")),
        // The limits of servers are looked for where control groups are mounted.
        (
            parts.mounts || parts.servers,
            include_str!("facts/mounts.sh"),
        ),
        (parts.servers, include_str!("facts/processes.sh")),
        (parts.servers, include_str!("facts/servers.sh")),
        (parts.servers, include_str!("facts/programs.sh")),
        (parts.servers, include_str!("facts/answers.sh")),
        (true, include_str!("shell/born.sh")),
        (true, include_str!("shell/lease.sh")),
        (true, include_str!("facts/end.sh")),
    ];
    let needed = pieces.iter().filter(|(needed, _)| *needed);
    needed
        .flat_map(|(_, piece)| without_comments(piece))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// POSIX sh that prints the facts of the host it runs on. It reads nothing from standard input, prints nothing to
/// standard error, changes nothing on the host, and leaves a function, `cachesmith_facts`, and two variables that tell whether
/// a file server is mounted: `c_near`, for the script's end, and `cachesmith_near`, for what comes behind it in the script.
pub fn snippet(parts: FactParts) -> &'static str {
    static SNIPPETS: [OnceLock<String>; 64] = [const { OnceLock::new() }; 64];
    let place = usize::from(parts.network)
        | usize::from(parts.mounts) << 1
        | usize::from(parts.servers) << 2
        | usize::from(parts.clock) << 3
        | usize::from(parts.virtualization) << 4
        | usize::from(parts.system) << 5;
    SNIPPETS[place].get_or_init(|| program(parts))
}

/// Reads what [`snippet`] printed for these parts. Never fails: what is missing or broken is noted in [`Facts::missing`].
pub fn parse(bytes: &[u8], parts: FactParts) -> Facts {
    let records = Records::read(bytes);
    let mut facts = Facts {
        parts,
        ..Facts::default()
    };
    for (name, text) in records.named("missing") {
        facts.missing.insert(name.to_owned(), text.to_owned());
    }
    machine::read(&records, &mut facts);
    network::read(&records, &mut facts);
    mounts::read(&records, &mut facts);
    programs::read(&records, &mut facts);
    servers::read(&records, &mut facts);
    limits::read(&records, &mut facts);
    for (key, text) in records.named("pending") {
        let names = text.lines().filter(|line| !line.is_empty());
        facts
            .pending_handlers
            .insert(key.to_owned(), names.map(str::to_owned).collect());
    }
    for (name, kind) in [("lease", LockKind::Lease), ("lock", LockKind::Lock)] {
        let locks = records.all(name).map(|text| HostLock::parse(kind, text));
        facts.locks.extend(locks.filter(HostLock::holds));
    }
    if let Some(text) = records.get("last-run") {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        facts.last_run = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
    }
    for (_, text) in records.named("restart") {
        // The first line tells the server that runs without them.
        let names = text.lines().skip(1).filter(|line| !line.is_empty());
        facts.pending_restarts.extend(names.map(str::to_owned));
    }
    for (name, text) in records.named("guard") {
        facts.guards.insert(name.to_owned(), text.to_owned());
    }
    if let Some(reason) = records.cut_off() {
        facts.missing.insert("facts".to_owned(), reason);
    }
    facts
}

#[cfg(test)]
mod tests;
