//! The unguessable words of one script.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::time::SystemTime;

/// Two unguessable words: one for the frames, which no process list ever shows, and one that may stand in the
/// arguments of a program.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Nonce {
    /// Begins every frame, ends every heredoc. 32 hexadecimal digits.
    pub(super) frame: String,
    /// Marks records within a frame and names temporary files. 16 hexadecimal digits. Whoever reads the process
    /// list of the host may see it while the script runs.
    pub(super) tag: String,
}

/// Hides the words: with them a host's answer could be forged.
impl fmt::Debug for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Nonce")
    }
}

impl Nonce {
    pub(super) fn new() -> Self {
        Self {
            frame: format!("{:016x}{:016x}", random(1), random(2)),
            tag: format!("{:016x}", random(3)),
        }
    }

    /// Another spelling of an absolute path, which leads to the same file and begins with the tag, written in
    /// `./` and `.//`. Where a program prints the path, the answer can be cut there with certainty, whatever
    /// bytes the names of other files are made of.
    pub(super) fn alias(&self, path: &str) -> String {
        let mut alias = self.alias_prefix();
        alias.push_str(path.strip_prefix('/').unwrap_or(path));
        alias
    }

    /// What every alias begins with. It ends with a slash.
    pub(super) fn alias_prefix(&self) -> String {
        let bits = u64::from_str_radix(&self.tag, 16).unwrap_or(0);
        let mut prefix = String::from("/");
        for position in 0..64 {
            prefix.push_str(if bits >> position & 1 == 0 {
                "./"
            } else {
                ".//"
            });
        }
        prefix
    }
}

/// 64 bits from the operating system's random numbers, which seed every `RandomState` of this process: a keyed
/// hash, whose key never leaves it.
fn random(number: u64) -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(number);
    if let Ok(since) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        hasher.write_u128(since.as_nanos());
    }
    hasher.finish()
}
