//! What is mounted where, and how much room there is.

use std::collections::HashMap;

use super::record::Records;
use crate::model::facts::{Facts, Mount};

/// File systems of packed, read-only images: they are always full and hold nothing of the host's.
const IMAGES: [&str; 3] = ["squashfs", "iso9660", "erofs"];

/// Where systemd-nspawn puts what its host hands to a container.
const HANDED_IN: &str = "/run/host/";

pub(super) fn read(records: &Records, facts: &mut Facts) {
    let sizes: HashMap<&str, (u64, u64)> = records
        .all("sizes")
        .flat_map(str::lines)
        .filter_map(size_line)
        .collect();
    let mut mounts: Vec<Mount> = Vec::new();
    for mut mount in records
        .get("mounts")
        .unwrap_or_default()
        .lines()
        .filter_map(mount_line)
    {
        if mount.filesystem.starts_with("cgroup")
            || IMAGES.contains(&mount.filesystem.as_str())
            || mount.path.starts_with(HANDED_IN)
        {
            continue;
        }
        if let Some((size, available)) = sizes.get(mount.path.as_str()) {
            mount.size = Some(*size);
            mount.available = Some(*available);
        }
        // What is mounted over the same place later hides what was there.
        mounts.retain(|known| known.path != mount.path);
        mounts.push(mount);
    }
    for mount in mounts
        .iter()
        .filter(|mount| mount.size.is_none() && is_far(mount))
    {
        let reason = "its file server did not answer within 2 seconds".to_owned();
        facts
            .missing
            .insert(format!("size of {}", mount.path), reason);
    }
    if mounts.is_empty() {
        facts
            .missing
            .entry("mounts".to_owned())
            .or_insert_with(|| "/proc/self/mountinfo shows no file system of a disk".to_owned());
    }
    facts.mounts = mounts;
}

/// Whether somebody else answers for a file system: another machine, or a program.
fn is_far(mount: &Mount) -> bool {
    let filesystem = mount.filesystem.as_str();
    ["nfs", "smb", "fuse"]
        .iter()
        .any(|family| filesystem.starts_with(family))
        || [
            "cifs",
            "ceph",
            "glusterfs",
            "lustre",
            "gpfs",
            "9p",
            "afs",
            "autofs",
            "ncpfs",
            "davfs",
        ]
        .contains(&filesystem)
}

/// A line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
fn mount_line(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut left = left.split(' ').skip(4);
    let path = unescaped(left.next()?);
    let options = left.next()?.to_owned();
    let mut right = right.split(' ');
    Some(Mount {
        path,
        options,
        filesystem: right.next()?.to_owned(),
        device: unescaped(right.next()?),
        size: None,
        available: None,
    })
}

/// A line of `df -kP`: device, blocks of 1024 bytes, used, available, capacity, path. Bytes.
fn size_line(line: &str) -> Option<(&str, (u64, u64))> {
    let path = line.find(" /").map(|at| &line[at + 1..])?;
    let numbers = &line[..line.len() - path.len()];
    let mut words = numbers.split_ascii_whitespace().rev();
    let _capacity = words.next()?;
    let available: u64 = words.next()?.parse().ok()?;
    let _used = words.next()?;
    let size: u64 = words.next()?.parse().ok()?;
    Some((
        path,
        (size.checked_mul(1024)?, available.checked_mul(1024)?),
    ))
}

/// The kernel writes space, tab, newline and backslash as octal numbers.
fn unescaped(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        result.push_str(before);
        let code = after
            .get(..3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) if code.is_ascii() => {
                result.push(char::from(code));
                rest = &after[3..];
            }
            _ => {
                result.push('\\');
                rest = after;
            }
        }
    }
    result.push_str(rest);
    result
}
