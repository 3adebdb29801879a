//! Which files were read, so that it can be told later whether they are still the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::model::blob::Blob;

/// The name under which this program is an input.
const PROGRAM: &str = "(this program)";

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

/// The program itself as an input: another build may decide otherwise.
pub fn note_program() {
    if let Ok(program) = std::env::current_exe()
        && let Ok(bytes) = std::fs::read(&program)
    {
        let sum = Blob::from(bytes).sha256();
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(PROGRAM.to_owned(), sum);
    }
}

/// What is not as it was, each with how: what has not been read again since is looked at now.
pub fn differences(before: &BTreeMap<String, String>) -> Vec<(String, &'static str)> {
    let now = read();
    let look = |name: &str| {
        let bytes = std::fs::read(name).ok()?;
        Some(Blob::from(bytes).sha256())
    };
    let mut different = Vec::new();
    for (name, sum) in before {
        match now.get(name).cloned().or_else(|| look(name)) {
            Some(current) if current == *sum => {}
            Some(_) => different.push((name.clone(), "has changed")),
            None => different.push((name.clone(), "is gone or is no longer read")),
        }
    }
    let more = now.keys().filter(|name| !before.contains_key(*name));
    different.extend(more.map(|name| (name.clone(), "is read now and was not")));
    different
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(name("same"), "a").unwrap();
        std::fs::write(name("other"), "b").unwrap();
        note(&folder.path().join("new"), b"a");
        let sum = Blob::from("a").sha256();
        let before: BTreeMap<String, String> = ["same", "other", "gone"]
            .map(|file| (name(file), sum.clone()))
            .into();
        let found = differences(&before);
        for expected in [
            (name("gone"), "is gone or is no longer read"),
            (name("other"), "has changed"),
            (name("new"), "is read now and was not"),
        ] {
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
        assert!(found.iter().all(|(found, _)| *found != name("same")));
    }
}
