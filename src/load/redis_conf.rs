//! Configuration files of servers, and the files that their `include` lines lead to.

use std::path::{Path, PathBuf};

use super::files::{display, reason};
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::glob::Matcher;

/// Reads a configuration file; its bytes need not be text.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let name = display(path);
        Error::input(
            Diagnostic::error(format!("cannot read `{name}`: {}", reason(&error)))
                .help("name a redis.conf or valkey.conf on this machine"),
        )
    })
}

/// The files that a path or a pattern in an `include` line leads to, with their contents, in the order of their names.
/// A relative path is looked for beside the file that is read.
///
/// # Errors
/// Why one of them cannot be read, in a few words.
pub fn included(
    pattern: &str,
    beside: &Path,
) -> std::result::Result<Vec<(String, Vec<u8>)>, String> {
    let paths = if pattern.contains(['*', '?', '[']) {
        expand(Path::new(pattern), beside)?
    } else {
        vec![beside.join(pattern)]
    };
    paths
        .iter()
        .map(|path| match std::fs::read(path) {
            Ok(content) => Ok((display(path), content)),
            Err(error) => Err(reason(&error)),
        })
        .collect()
}

/// As glob(3): each part between slashes is matched for itself, and hidden files only where the part begins so.
fn expand(pattern: &Path, beside: &Path) -> std::result::Result<Vec<PathBuf>, String> {
    let mut found = vec![beside.to_path_buf()];
    for part in pattern.components() {
        let Some(name) = part.as_os_str().to_str() else {
            return Err("the pattern is no text".to_owned());
        };
        if !name.contains(['*', '?', '[']) {
            found = found.iter().map(|folder| folder.join(part)).collect();
            found.retain(|path| path.exists());
            continue;
        }
        let matcher = Matcher::glob(name)?;
        let mut next = Vec::new();
        for folder in &found {
            let Ok(entries) = std::fs::read_dir(folder) else {
                continue;
            };
            for entry in entries.filter_map(std::result::Result::ok) {
                let entry = entry.file_name();
                let is_meant = entry.to_str().is_some_and(|text| {
                    matcher.is_match(text) && (name.starts_with('.') || !text.starts_with('.'))
                });
                if is_meant {
                    next.push(folder.join(entry));
                }
            }
        }
        next.sort();
        found = next;
    }
    Ok(found)
}
