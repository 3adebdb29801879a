//! Keys whose names and values are known, so that it can be counted which of them are lost.

use std::io;

use serde::Serialize;

use crate::numbers::mixed;
use crate::resp::{Connection, Reply, Target};

const BATCH: u64 = 500;

pub fn key(index: u64) -> String {
    format!("known:{index}")
}

/// The value that a key must have: its own number, mixed, repeated up to the size.
pub fn value(index: u64, size: usize) -> Vec<u8> {
    let word = format!("{:016x}", mixed(index));
    word.bytes().cycle().take(size).collect()
}

#[derive(Serialize)]
pub struct Filled {
    pub keys: u64,
    pub errors: u64,
}

/// Writes known keys without a time to live.
pub fn fill(target: &Target, keys: u64, size: usize) -> io::Result<Filled> {
    let mut connection = Connection::open(target)?;
    let mut errors = 0;
    for first in (0..keys).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let batch = first..(first + BATCH).min(keys);
        for index in batch.clone() {
            connection.gather(&[b"SET", key(index).as_bytes(), &value(index, size)]);
        }
        connection.send()?;
        for _ in batch {
            errors += u64::from(matches!(connection.answer()?, Reply::Error(_)));
        }
    }
    Ok(Filled { keys, errors })
}

#[derive(Serialize)]
pub struct Checked {
    pub keys: u64,
    pub present: u64,
    pub missing: u64,
    /// Keys that hold something else, or were answered with an error.
    pub wrong: u64,
}

/// Reads all known keys and compares.
pub fn check(target: &Target, keys: u64, size: usize) -> io::Result<Checked> {
    let mut connection = Connection::open(target)?;
    let mut checked = Checked {
        keys,
        present: 0,
        missing: 0,
        wrong: 0,
    };
    for first in (0..keys).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let batch = first..(first + BATCH).min(keys);
        for index in batch.clone() {
            connection.gather(&[b"GET", key(index).as_bytes()]);
        }
        connection.send()?;
        for index in batch {
            match connection.answer()? {
                Reply::Bulk(bytes) if bytes == value(index, size) => checked.present += 1,
                Reply::Nothing => checked.missing += 1,
                _ => checked.wrong += 1,
            }
        }
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_differ_and_have_their_size() {
        assert_eq!(value(1, 64).len(), 64);
        assert_eq!(value(7, 10), value(7, 10));
        assert_ne!(value(1, 64), value(2, 64));
    }
}
