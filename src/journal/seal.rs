//! What undoes a change can hold a secret (the old content of a file), so it is never on disk in clear.
//!
//! Lines are sealed with XChaCha20-Poly1305 under a key that is made once and kept beside the runs, readable by its
//! owner alone. Who copies a run's folder without the key learns nothing from it.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a key and of the number that goes with each line.
const KEY: usize = 32;
const NONCE: usize = 24;

/// Seals and opens lines.
pub(super) struct Seal {
    cipher: XChaCha20Poly1305,
    name: String,
}

impl Seal {
    /// With the key at this path; it is made where there is none.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let key = match fs::read(path) {
            Ok(key) => Zeroizing::new(key),
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
            Err(error) => return Err(error),
        };
        if key.len() != KEY {
            return Err(io::Error::other(format!(
                "{} is not a key of this journal",
                path.display()
            )));
        }
        Ok(Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(&key)),
            name: name(&key),
        })
    }

    /// Tells the key from others, and nothing else of it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A text as a sealed line.
    ///
    /// # Errors
    /// When there are no random numbers to be had.
    pub(super) fn close(&self, text: &[u8]) -> io::Result<String> {
        let mut nonce = [0_u8; NONCE];
        random(&mut nonce)?;
        let sealed = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), text)
            .map_err(|_| io::Error::other("it could not be sealed"))?;
        Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// The text of a sealed line; `None` where it is damaged or sealed with another key.
    pub(super) fn open(&self, line: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = STANDARD.decode(line.trim()).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        self.cipher
            .decrypt(XNonce::from_slice(nonce), sealed)
            .ok()
            .map(Zeroizing::new)
    }
}

fn make(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(vec![0_u8; KEY]);
    random(&mut key)?;
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Ok(mut file) => {
            file.write_all(&key)?;
            file.sync_all()?;
            Ok(key)
        }
        // Another run made it in this very moment.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::read(path).map(Zeroizing::new)
        }
        Err(error) => Err(error),
    }
}

/// A digest of the key under a word of its own.
fn name(key: &[u8]) -> String {
    Sha256::new()
        .chain_update(b"the name of a cachesmith journal key")
        .chain_update(key)
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Random bytes of the system's.
pub(super) fn random(bytes: &mut [u8]) -> io::Result<()> {
    fs::File::open("/dev/urandom")?.read_exact(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::at(&folder.path().join("key")).unwrap();
        let line = seal.close(b"requirepass s3cr3t").unwrap();
        assert!(!line.contains("s3cr3t"));
        let again = Seal::at(&folder.path().join("key")).unwrap();
        assert_eq!(again.open(&line).unwrap().as_slice(), b"requirepass s3cr3t");
        let other = Seal::at(&folder.path().join("other")).unwrap();
        assert!(other.open(&line).is_none());
        assert!(again.open(&line[..line.len() - 4]).is_none());
        let mode =
            std::os::unix::fs::MetadataExt::mode(&fs::metadata(folder.path().join("key")).unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }
}
