//! A host of files for the guard: a tree like `/proc`, a server that is a few files, and a time that passes when the
//! guard sleeps.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use cachesmith::module::redis_guard::program;

use crate::host::{Host, executable};

const MIB: u64 = 1024 * 1024;

pub(crate) struct Stage {
    pub(crate) directory: tempfile::TempDir,
    host: Host,
    settings: String,
    /// What happens before each turn but the first.
    turns: Vec<String>,
}

/// What became of a guard.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) log: String,
    pub(crate) complaints: String,
    /// Orders to the server: `purge`, or a directive and its value; sizes in MiB.
    pub(crate) orders: Vec<String>,
    pub(crate) status: String,
}

impl Stage {
    /// A machine of 1000 MiB, nothing of it used; a server with a `maxmemory` of 500 MiB, all of it used.
    pub(crate) fn new(host: &Host) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let stage = Self {
            host: host.clone(),
            settings: format!(
                "version=1\nport=6379\nplanned_maxmemory={}\nfloor={}\n",
                500 * MIB,
                100 * MIB
            ),
            turns: Vec::new(),
            directory,
        };
        for folder in [
            "programs",
            "run",
            "server/config",
            "server/info",
            "proc/42/task/42",
        ] {
            fs::create_dir_all(stage.at(folder)).unwrap();
        }
        executable(&stage.at("programs/redis-cli"), include_str!("redis-cli"));
        executable(&stage.at("programs/sleep"), include_str!("sleep"));
        executable(&stage.at("programs/date"), "echo 1764362400\n");
        stage.write("proc/uptime", "1000.00 1.00\n");
        stage.write(
            "proc/meminfo",
            &format!(
                "MemTotal: {0} kB\nMemFree: 1 kB\nMemAvailable: {0} kB\n",
                1000 * 1024
            ),
        );
        stage.write("proc/42/cgroup", "0::/\n");
        stage.write("proc/42/task/42/children", "");
        stage.write("proc/42/stat", "42 (redis-server) S 1 42 42 0\n");
        for (name, value) in [
            ("config/maxmemory", (500 * MIB).to_string()),
            ("config/maxmemory-policy", "allkeys-lfu".to_owned()),
            ("config/replica-ignore-maxmemory", "yes".to_owned()),
            ("spare", (10 * MIB).to_string()),
            ("info/process_id", "42".to_owned()),
            ("info/used_memory", (500 * MIB).to_string()),
            ("info/role", "master".to_owned()),
            ("info/evicted_keys", "0".to_owned()),
        ] {
            stage.write(&format!("server/{name}"), &value);
        }
        stage.resident(42, 500);
        stage
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), text).unwrap();
    }

    /// The resident memory of a process, MiB.
    pub(crate) fn resident(&self, process: u32, mib: u64) {
        let pages = mib * 256;
        self.write(
            &format!("proc/{process}/statm"),
            &format!("{pages} {pages} 0 0 0 0 0\n"),
        );
    }

    pub(crate) fn setting(mut self, line: &str) -> Self {
        self.settings.push_str(line);
        self.settings.push('\n');
        self
    }

    /// Before each of so many turns, this shell text runs; `resident MIB` is a word of it.
    pub(crate) fn turns(mut self, count: usize, text: &str) -> Self {
        self.turns
            .extend(std::iter::repeat_n(text.to_owned(), count));
        self
    }

    /// Runs the guard until its turns are over and it has been ended.
    pub(crate) fn run(&self) -> Told {
        self.write("guard.conf", &self.settings);
        self.write("server/turns", &(self.turns.join("\n") + "\n"));
        let _ = fs::remove_file(self.at("server/orders"));
        let program_file = self.at("guard");
        fs::write(&program_file, program()).unwrap();
        fs::set_permissions(&program_file, fs::Permissions::from_mode(0o755)).unwrap();
        let text = |name: &str| self.at(name).display().to_string();
        let host = self
            .host
            .with_programs(&self.at("programs"))
            .with("FAKE", &text("server"))
            .with("GUARD_SETTINGS", &text("guard.conf"))
            .with("GUARD_RUN", &text("run"))
            .with("GUARD_PROC", &text("proc"))
            .with("GUARD_CGROUPS", &text("cgroups"));
        let mut command = host.command();
        command.arg(&program_file).arg("6379");
        let output = command.output().unwrap();
        let read = |name: &str| fs::read_to_string(self.at(name)).unwrap_or_default();
        Told {
            code: output.status.code(),
            log: String::from_utf8_lossy(&output.stdout).into_owned(),
            complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
            orders: read("server/orders").lines().map(in_mib).collect(),
            status: read("run/6379.status"),
        }
    }
}

/// `maxmemory 104857600` as `maxmemory 100`; other orders as they are.
fn in_mib(order: &str) -> String {
    match order.split_once(' ') {
        Some(("maxmemory", bytes)) => {
            format!("maxmemory {}", bytes.parse::<u64>().unwrap() / MIB)
        }
        _ => order.to_owned(),
    }
}

impl Told {
    /// The values that `maxmemory` was set to, in MiB.
    pub(crate) fn limits(&self) -> Vec<u64> {
        self.orders
            .iter()
            .filter_map(|order| order.strip_prefix("maxmemory "))
            .map(|mib| mib.parse().unwrap())
            .collect()
    }

    /// A line of the status file.
    pub(crate) fn says(&self, key: &str) -> &str {
        self.status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .unwrap_or_else(|| panic!("no {key} in {}", self.status))
    }
}
