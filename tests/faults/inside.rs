//! Commands in a host that do not go over its SSH, so that they work whatever its network and its sshd do, and meet no
//! shim.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::state;

/// The first process of a host, by its number here: the one that is number 1 in the host's network. None while it is
/// down.
fn first_process(host: &str) -> Option<u32> {
    let subnet = std::fs::read_to_string(state().join("subnet")).unwrap();
    let id: String = subnet
        .trim()
        .split('.')
        .map(|part| format!("{:02x}", part.parse::<u8>().unwrap()))
        .collect();
    let network = std::fs::metadata(format!("/run/netns/cachesmith-{id}-{host}"))
        .ok()?
        .ino();
    let is_first = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let numbers = status
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))?;
        let mut numbers = numbers.split_whitespace().rev();
        let own = std::fs::metadata(format!("/proc/{pid}/ns/net")).ok()?.ino();
        (numbers.next() == Some("1") && numbers.next().is_some() && own == network).then_some(pid)
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .find_map(is_first)
}

fn run(host: &str, words: &str) -> Option<Output> {
    let output = Command::new("nsenter")
        .args(["--target", &first_process(host)?.to_string()])
        .args(["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"])
        .args(["--", "/bin/bash", "-c", words])
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .env("HOME", "/root")
        .output();
    Some(output.unwrap())
}

/// Runs words of bash in a host, as root, and gives what they print.
#[track_caller]
pub(crate) fn inside(host: &str, words: &str) -> String {
    let output = run(host, words).unwrap_or_else(|| panic!("{host} does not run"));
    assert!(
        output.status.success(),
        "{host}: {words}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same in a host that may be down, or go down meanwhile.
pub(crate) fn inside_if_up(host: &str, words: &str) -> Option<String> {
    let output = run(host, words).filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A file that was written on the host's disk, as this machine sees it without asking the host.
pub(crate) fn on_disk(host: &str, path: &str) -> PathBuf {
    state()
        .join("disk")
        .join(host)
        .join("upper")
        .join(path.trim_start_matches('/'))
}
