//! Runs that are under way on this machine: a second one on the same hosts, whatever it calls them, is refused before it
//! begins.
//!
//! Each has a file of its own that it keeps locked: the kernel frees it when the process ends, however it ends, so that
//! none is ever stale. A run whose file is not locked is known to be dead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder;
use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;

/// What a run tells others about itself.
#[derive(Debug, Serialize, Deserialize)]
struct Notice {
    run: String,
    /// `alice@laptop`
    by: String,
    /// `apply site.yml`
    what: String,
    process: u32,
    machine: String,
    hosts: BTreeSet<String>,
    /// What tells their machines from others, and a name of each.
    #[serde(default)]
    machines: BTreeMap<String, String>,
}

/// The hosts of a run: their names, and what tells the machine of each from others, where that is known.
pub type Hosts = BTreeMap<String, Option<String>>;

/// The door through which runs begin, one at a time.
pub struct Door {
    folder: PathBuf,
    hosts: Hosts,
    /// Locked as long as it lives.
    _lock: File,
}

/// A run that is under way; it is over when this is dropped.
#[derive(Debug)]
pub struct UnderWay {
    path: PathBuf,
    /// Locked as long as it lives.
    _lock: File,
}

/// Waits for the door, and looks whether a run on one of these hosts is under way.
///
/// # Errors
/// When there is one: it is named. When the folder cannot be used.
pub fn enter(hosts: Hosts) -> Result<Door> {
    let door = open_door(hosts).map_err(folder::refused)?;
    for notice in others(&door.folder).map_err(folder::refused)? {
        let both = notice.shared_with(&door.hosts);
        if let Some(first) = both.first() {
            return Err(in_use(&notice, first, both.len()));
        }
    }
    Ok(door)
}

fn open_door(hosts: Hosts) -> io::Result<Door> {
    let folder = folder::under_way()?;
    folder::make(&folder)?;
    let lock = create(&folder.join(".door"))?;
    lock.lock()?;
    Ok(Door {
        folder,
        hosts,
        _lock: lock,
    })
}

fn in_use(notice: &Notice, first: &str, number: usize) -> Error {
    let hosts = match number {
        1 => first.to_owned(),
        2 => format!("{first} and another host"),
        number => format!("{first} and {} other hosts", number - 1),
    };
    let diagnostic = Diagnostic::error(format!(
        "run {} (`{}`, process {}) is working on {hosts}",
        notice.run, notice.what, notice.process
    ))
    .help("wait until it has ended, or leave its hosts out with `--limit`")
    .help(format!(
        "`cachesmith show {}` tells how far it is",
        notice.run
    ));
    Error::new(ErrorKind::Refused, vec![diagnostic])
}

impl Notice {
    /// Hosts that are among its own, by their names or as machines, in words.
    fn shared_with(&self, hosts: &Hosts) -> Vec<String> {
        let mut both = Vec::new();
        for (name, machine) in hosts {
            let other = machine.as_ref().and_then(|key| self.machines.get(key));
            if self.hosts.contains(name) {
                both.push(name.clone());
            } else if let Some(other) = other {
                both.push(format!("{name} (which it calls {other})"));
            }
        }
        both
    }
}

impl Door {
    /// Tells others of the run from now on.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn begin(self, run: &str, what: &str) -> io::Result<UnderWay> {
        let path = self.folder.join(run);
        let mut file = create(&path)?;
        file.lock()?;
        let machines = self.hosts.iter();
        let machines = machines.filter_map(|(name, key)| Some((key.clone()?, name.clone())));
        let notice = Notice {
            run: run.to_owned(),
            by: user_and_machine(),
            what: what.to_owned(),
            process: std::process::id(),
            machine: machine(),
            machines: machines.collect(),
            hosts: self.hosts.into_keys().collect(),
        };
        file.write_all(&serde_json::to_vec(&notice)?)?;
        Ok(UnderWay { path, _lock: file })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // What is left behind is not locked, and so nobody's.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a run that was begun here is known to be over: its process is gone.
pub(super) fn is_over(run: &str) -> bool {
    let known = |path: io::Result<PathBuf>| path.is_ok_and(|path| path.join(run).is_dir());
    if run.is_empty() || run.contains('/') || !known(folder::runs()) {
        return false;
    }
    let Ok(path) = folder::under_way().map(|folder| folder.join(run)) else {
        return false;
    };
    match File::open(&path) {
        // It takes its file away when it ends.
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        // The folder may be shared with another machine, whose processes are unknown here.
        Ok(file) => {
            read(&file).is_some_and(|notice| notice.machine == machine()) && !is_locked(&file)
        }
    }
}

/// The runs that are under way. What dead ones left is taken away.
fn others(folder: &Path) -> io::Result<Vec<Notice>> {
    let mut notices = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name == ".door") {
            continue;
        }
        let Ok(file) = File::open(&path) else {
            continue;
        };
        let notice = read(&file);
        if is_locked(&file) {
            notices.extend(notice);
        } else if notice.is_none_or(|notice| notice.machine == machine()) {
            let _ = fs::remove_file(&path);
        }
    }
    Ok(notices)
}

fn read(mut file: &File) -> Option<Notice> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn is_locked(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Tells this machine from others.
fn machine() -> String {
    fs::read_to_string("/etc/machine-id")
        .map(|text| text.trim().to_owned())
        .ok()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(host_name)
}

fn host_name() -> String {
    sysinfo::System::host_name().unwrap_or_else(|_| "this machine".to_owned())
}

/// Who works here, for other people: `alice@laptop`.
pub fn user_and_machine() -> String {
    let user = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .or_else(account)
        .unwrap_or_else(|| "somebody".to_owned());
    format!("{user}@{}", host_name())
}

/// The name of this process's account.
fn account() -> Option<String> {
    let number = fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(pairs: &[(&str, Option<&str>)]) -> Hosts {
        let owned = |text: &str| text.to_owned();
        pairs
            .iter()
            .map(|(name, machine)| (owned(name), machine.map(owned)))
            .collect()
    }

    #[test]
    fn a_host_is_known_by_its_name_and_by_its_machine() {
        let text = r#"{"run": "r", "by": "a@b", "what": "apply", "process": 1, "machine": "m",
            "hosts": ["one", "two"], "machines": {"192.0.2.1 22": "one"}}"#;
        let notice: Notice = serde_json::from_str(text).unwrap();
        let shared = |pairs: &[(&str, Option<&str>)]| notice.shared_with(&hosts(pairs));
        assert_eq!(shared(&[("one", Some("192.0.2.9 22"))]), ["one"]);
        assert_eq!(shared(&[("two", None)]), ["two"]);
        assert_eq!(
            shared(&[("uno", Some("192.0.2.1 22")), ("tre", Some("192.0.2.3 22"))]),
            ["uno (which it calls one)"]
        );
        assert!(shared(&[("uno", None), ("tre", Some("192.0.2.1 2222"))]).is_empty());
        // As an older program wrote it.
        let text = text.replace(r#", "machines": {"192.0.2.1 22": "one"}"#, "");
        let notice: Notice = serde_json::from_str(&text).unwrap();
        assert_eq!(notice.shared_with(&hosts(&[("one", None)])), ["one"]);
    }
}
