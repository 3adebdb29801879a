//! What the kernel says of a host's memory: the control group around the host, the server's process, and the counters
//! of kills.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::Serialize;

const EVERY: Duration = Duration::from_millis(100);

/// What was seen while a host was under load. Bytes.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Seen {
    /// The most that the host's processes and its files in memory held: what cannot be had back by dropping cached
    /// files. Read every 100 ms.
    pub host_peak: u64,
    /// The kernel's own mark of the most that was resident of one process of the server.
    pub server_peak: u64,
    /// Kills in the host's control group, by the kernel's count.
    pub kills: u64,
    /// Kills on this whole machine (`/proc/vmstat`), those of others included.
    pub kills_of_machine: u64,
}

/// The files of the limit of a host.
pub struct Group(PathBuf);

impl Group {
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Version 1 counts in `memory.oom_control`, version 2 in `memory.events`.
    fn kills(&self) -> u64 {
        value_in(&self.0.join("memory.oom_control"), "oom_kill")
            .or_else(|| value_in(&self.0.join("memory.events"), "oom_kill"))
            .unwrap_or_default()
    }

    /// Anonymous memory, and files that live in memory alone.
    fn held(&self) -> u64 {
        let stat = self.0.join("memory.stat");
        let value = |name: &str| value_in(&stat, name);
        let anonymous = value("total_rss").or_else(|| value("anon"));
        let shared = value("total_shmem").or_else(|| value("shmem"));
        anonymous.unwrap_or_default() + shared.unwrap_or_default()
    }

    /// The most that the process of this name, the largest if there are several, ever had resident.
    fn resident(&self, process: &str) -> u64 {
        let processes = processes_below(&self.0);
        let of_server = processes.iter().filter(|id| {
            fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim() == process)
        });
        of_server
            .filter_map(|id| value_in(Path::new(&format!("/proc/{id}/status")), "VmHWM"))
            .max()
            .unwrap_or_default()
            << 10
    }

    /// Watches while `load` runs.
    pub fn watch<T>(&self, process: &str, load: impl FnOnce() -> T) -> (T, Seen) {
        let (kills, kills_of_machine) = (self.kills(), machine_kills());
        let done = AtomicBool::new(false);
        let (result, mut seen) = thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut seen = Seen::default();
                while !done.load(Ordering::Relaxed) {
                    seen.host_peak = seen.host_peak.max(self.held());
                    seen.server_peak = seen.server_peak.max(self.resident(process));
                    thread::sleep(EVERY);
                }
                seen
            });
            let result = load();
            done.store(true, Ordering::Relaxed);
            (result, watcher.join().unwrap_or_default())
        });
        seen.kills = self.kills() - kills;
        seen.kills_of_machine = machine_kills() - kills_of_machine;
        (result, seen)
    }
}

fn machine_kills() -> u64 {
    value_in(Path::new("/proc/vmstat"), "oom_kill").unwrap_or_default()
}

/// The number behind a name in a file of `name value` or `name: value` lines.
fn value_in(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()?.trim_end_matches(':') == name)
            .then(|| words.next()?.parse().ok())
            .flatten()
    })
}

/// The processes of a group and of the groups in it.
fn processes_below(folder: &Path) -> Vec<u32> {
    let own = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let mut found: Vec<u32> = own.lines().filter_map(|line| line.parse().ok()).collect();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(processes_below(&entry.path()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
        let group = Group::new(folder.path().to_owned());
        write("memory.stat", "anon 100\nfile 9\nshmem 20\n");
        write("memory.events", "oom 3\noom_kill 2\n");
        assert_eq!((group.held(), group.kills()), (120, 2));
        write(
            "memory.stat",
            "cache 7\nrss 1\ntotal_rss 300\ntotal_shmem 4\n",
        );
        write(
            "memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n",
        );
        assert_eq!((group.held(), group.kills()), (304, 5));
    }

    #[test]
    fn a_process_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        let own = std::process::id();
        fs::write(folder.path().join("inner/cgroup.procs"), format!("{own}\n")).unwrap();
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        let group = Group::new(folder.path().to_owned());
        assert!(group.resident(name.trim()) > 1 << 20);
        assert_eq!(group.resident("no-such-process"), 0);
    }
}
