//! What a connection is: which ones are alike, so that one can stand for another.
//!
//! Everything that decides whom ssh connects to, how it proves who both sides are, and what becomes of the connection: all
//! arguments but the paths of socket and log, this account, the agent, and which state the files are in that ssh reads
//! for it. A file counts by its inode, size and time: what is in it may be a key that we cannot read.
//!
//! The files of known hosts do not count. A host's key was held against them when the connection was opened, and they change
//! with every host that becomes known: all other connections would be opened again. Whoever takes a key out of them ends
//! the connections that were opened with it by `cachesmith disconnect`.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::command_line::{Life, arguments};
use super::words::SshWords;
use crate::transport::kept_directory::FINGERPRINT;
use crate::transport::target::SshTarget;

/// ssh's own configuration for all accounts, and a folder that distributions have it include.
const SYSTEM: [&str; 2] = ["/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d"];

/// The same for one account.
const OWN: [&str; 2] = ["~/.ssh/config", "~/.ssh/config.d"];

/// What a connection is, in hexadecimal digits.
pub(super) fn fingerprint(target: &SshTarget, words: &SshWords, idle: Duration) -> String {
    let nowhere = Path::new("");
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    for argument in arguments(target, words, nowhere, nowhere, Life::Background(idle)) {
        part(argument.as_bytes());
    }
    part(&rustix::process::geteuid().as_raw().to_be_bytes());
    let agent = std::env::var_os("SSH_AUTH_SOCK");
    part(agent.as_deref().map_or(&[], OsStr::as_bytes));
    let named = words.files();
    let key = target.private_key_file.as_deref().and_then(Path::to_str);
    for file in SYSTEM.into_iter().chain(OWN).chain(named).chain(key) {
        state(&at_home(file), &mut part);
    }
    let digest = hash.finalize();
    let digits = digest.iter().flat_map(|byte| {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
        [digit(byte >> 4), digit(byte & 15)]
    });
    digits.take(FINGERPRINT).collect()
}

/// Which state a file is in, and the files of a folder.
fn state(path: &Path, part: &mut impl FnMut(&[u8])) {
    let metadata = fs::metadata(path).ok();
    part(&numbers(metadata.as_ref()));
    if metadata.is_some_and(|metadata| metadata.is_dir())
        && let Ok(entries) = fs::read_dir(path)
    {
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort_unstable();
        for file in files {
            part(file.as_os_str().as_bytes());
            part(&numbers(fs::metadata(&file).ok().as_ref()));
        }
    }
}

fn numbers(metadata: Option<&Metadata>) -> Vec<u8> {
    let Some(metadata) = metadata else {
        return Vec::new();
    };
    let mut bytes = [metadata.dev(), metadata.ino(), metadata.size()]
        .map(u64::to_be_bytes)
        .concat();
    bytes.extend(metadata.mtime().to_be_bytes());
    bytes.extend(metadata.mtime_nsec().to_be_bytes());
    bytes
}

/// A path as ssh takes it: a leading `~` is the home directory.
fn at_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FINGERPRINT, fingerprint};
    use crate::transport::ssh::words::SshWords;
    use crate::transport::target::SshTarget;
    use std::fs;
    use std::time::Duration;

    const MINUTE: Duration = Duration::from_secs(60);

    fn of(target: &SshTarget) -> String {
        fingerprint(target, &SshWords::default(), MINUTE)
    }

    #[test]
    fn what_is_alike_has_the_same() {
        let target = SshTarget::new("cache01");
        assert_eq!(of(&target), of(&target.clone()));
        assert_eq!(of(&target).len(), FINGERPRINT);
    }

    #[test]
    fn everything_counts() {
        let plain = SshTarget::new("cache01");
        let with = |change: &dyn Fn(&mut SshTarget)| {
            let mut target = plain.clone();
            change(&mut target);
            of(&target)
        };
        let words = |word: &str| SshWords {
            arguments: vec![word.to_owned()],
            connect_timeout: None,
        };
        let mut all = vec![
            of(&plain),
            of(&SshTarget::new("cache02")),
            with(&|target| target.port = Some(2222)),
            with(&|target| target.user = Some("ann".to_owned())),
            with(&|target| target.private_key_file = Some("/nowhere/key".into())),
            with(&|target| target.host_key_checking = false),
            fingerprint(&plain, &words("-4"), MINUTE),
            fingerprint(&plain, &words("-6"), MINUTE),
            fingerprint(&plain, &SshWords::default(), MINUTE * 2),
        ];
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn another_key_in_the_same_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let target = SshTarget {
            private_key_file: Some(path.clone()),
            ..SshTarget::new("cache01")
        };
        fs::write(&path, "one").unwrap();
        let first = of(&target);
        assert_eq!(of(&target), first);
        fs::write(&path, "other").unwrap();
        assert_ne!(of(&target), first);
    }

    #[test]
    fn so_does_what_is_added_to_a_folder_of_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let words = SshWords {
            arguments: ["-F", folder.path().to_str().unwrap()]
                .map(str::to_owned)
                .into(),
            connect_timeout: None,
        };
        let now = || fingerprint(&SshTarget::new("cache01"), &words, MINUTE);
        let file = folder.path().join("file");
        fs::write(&file, "Host cache01").unwrap();
        let first = now();
        assert_eq!(now(), first);
        fs::write(&file, "Host cache01\n").unwrap();
        assert_ne!(now(), first);
    }
}
