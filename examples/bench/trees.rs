//! What a run left on the hosts, looked at by ourselves: no tool's own word is taken for it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The folders whose mode the job sets; what else is made on the way there is up to the tool.
const MANAGED: [&str; 6] = [
    "etc/redis",
    "etc/sysctl.d",
    "etc/systemd/system/redis-server.service.d",
    "etc/security/limits.d",
    "var/lib/redis",
    "var/log/redis",
];

/// How many files the job makes.
const FILES: usize = 5;

/// The fingerprint that all trees have in common.
///
/// # Errors
/// Which tree is not complete, or not like the others.
pub fn common(fleet: &Path, hosts: &[String]) -> Result<String> {
    let mut common: Option<String> = None;
    for host in hosts {
        let (fingerprint, files) = fingerprint(&fleet.join(host)).with_context(|| host.clone())?;
        anyhow::ensure!(files == FILES, "{host} has {files} of {FILES} files");
        match &common {
            None => common = Some(fingerprint),
            Some(other) => anyhow::ensure!(*other == fingerprint, "{host} is not as the others"),
        }
    }
    common.context("there are no hosts")
}

/// Names, modes and contents of all files, names of all folders and modes of those that the job manages; and how many
/// files there are.
fn fingerprint(root: &Path) -> Result<(String, usize)> {
    let mut hash = Sha256::new();
    let mut files = 0;
    for top in ["etc", "var"] {
        take_in(root, top, &mut hash, &mut files)?;
    }
    let hash: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok((hash, files))
}

fn take_in(root: &Path, path: &str, hash: &mut Sha256, files: &mut usize) -> Result<()> {
    let full = root.join(path);
    let about = fs::symlink_metadata(&full).with_context(|| full.display().to_string())?;
    if about.is_dir() {
        let mode = if MANAGED.contains(&path) {
            about.mode()
        } else {
            0
        };
        hash.update(format!("{path} {mode:o}\n"));
        let mut names = fs::read_dir(&full)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>>>()?;
        names.sort();
        for name in names {
            take_in(root, &format!("{path}/{name}"), hash, files)?;
        }
    } else {
        hash.update(format!("{path} {:o} {}\n", about.mode(), about.len()));
        hash.update(fs::read(&full)?);
        *files += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn tree(root: &Path) {
        for folder in MANAGED {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for number in 0..FILES {
            fs::write(root.join(format!("etc/redis/{number}")), "text").unwrap();
        }
    }

    #[test]
    fn trees_differ_in_bytes_modes_and_names() {
        let fleet = tempfile::tempdir().unwrap();
        let hosts = ["one".to_owned(), "two".to_owned()];
        let (one, two) = (fleet.path().join("one"), fleet.path().join("two"));
        tree(&one);
        tree(&two);
        let before = common(fleet.path(), &hosts).unwrap();
        fs::write(two.join("etc/redis/1"), "other").unwrap();
        assert!(common(fleet.path(), &hosts).is_err());
        fs::write(one.join("etc/redis/1"), "other").unwrap();
        assert_ne!(common(fleet.path(), &hosts).unwrap(), before);
        fs::set_permissions(one.join("var/log/redis"), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(common(fleet.path(), &hosts).is_err());
        fs::remove_file(two.join("etc/redis/2")).unwrap();
        assert!(common(fleet.path(), &hosts[1..]).is_err());
    }
}
