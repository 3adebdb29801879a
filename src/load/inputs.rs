//! Which files were read, so that it can be told later whether they are still the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::model::blob::Blob;

/// Path and SHA-256 of all that was read since the program began. One program reads the inputs of one run.
static READ: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Notes that a file was read, or what an inventory program said.
pub(super) fn note(path: &Path, content: &[u8]) {
    let name = super::files::absolute(path).display().to_string();
    let sum = Blob::from(content).sha256();
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.insert(name, sum);
}

/// All that was read so far.
pub fn read() -> BTreeMap<String, String> {
    let read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.clone()
}
