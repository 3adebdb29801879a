//! What a change of one path means for the questions about other paths: those below it, and the folders that
//! hold it.

use std::collections::HashMap;

use crate::model::blob::Blob;
use crate::model::probe::{FileInfo, FileKind, FileState, Observation, Probe};
use crate::model::value::Unknown;

/// The answer for a path in a directory that an earlier change makes.
pub(super) static ABSENT_IN_DIRECTORY: Observation = Observation::File(FileState::Absent {
    parent_exists: true,
});

/// The answer for a path whose directory an earlier change removes, or makes only an ancestor of.
pub(super) static ABSENT_WITH_DIRECTORY: Observation = Observation::File(FileState::Absent {
    parent_exists: false,
});

/// Directories that decided changes make and paths that they remove.
#[derive(Clone, Debug, Default)]
pub(super) struct Folders {
    made: Vec<String>,
    removed: Vec<String>,
}

impl Folders {
    /// A directory that was not there will be there, empty.
    pub(super) fn made(&mut self, path: &str) {
        self.made.push(path.to_owned());
    }

    /// Whatever stands at the path will be gone, with all that is below it.
    pub(super) fn removed(&mut self, path: &str) {
        self.made
            .retain(|made| made != path && !is_below(made, path));
        self.removed.push(path.to_owned());
    }

    /// What follows for a path of which nothing else was decided.
    pub(super) fn answer(&self, probe: &Probe) -> Option<&'static Observation> {
        let (Probe::File(path) | Probe::Content(path)) = probe else {
            return None;
        };
        if self.made.iter().any(|made| parent(path) == Some(made)) {
            return Some(&ABSENT_IN_DIRECTORY);
        }
        self.made
            .iter()
            .chain(&self.removed)
            .any(|folder| is_below(path, folder))
            .then_some(&ABSENT_WITH_DIRECTORY)
    }
}

/// The directory that holds a path.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.trim_end_matches('/').rsplit_once('/')? {
        ("", "") => None,
        ("", _) => Some("/"),
        (parent, _) => Some(parent),
    }
}

/// Whether a path stands somewhere below a directory.
pub(super) fn is_below(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

/// A path below a directory as seen from there.
pub(super) fn relative<'a>(path: &'a str, directory: &str) -> &'a str {
    path.strip_prefix(directory.trim_end_matches('/'))
        .unwrap_or(path)
        .trim_start_matches('/')
}

/// Whether a probe is about something below a directory, or about all that is below it.
pub(super) fn asks_below(probe: &Probe, directory: &str) -> bool {
    match probe {
        Probe::File(path) | Probe::Content(path) => is_below(path, directory),
        Probe::Tree(path) => path == directory || is_below(path, directory),
        Probe::Glob(pattern) => is_below(pattern, directory),
        _ => false,
    }
}

/// Whether the answer to the first probe lists what the second is about: trees list files without their contents,
/// globs with them.
pub(super) fn lists(listing: &Probe, changed: &Probe) -> bool {
    match (listing, changed) {
        (Probe::Tree(directory), Probe::File(path)) => is_below(path, directory),
        (Probe::Glob(pattern), Probe::Content(path)) => matches_pattern(path, pattern),
        _ => false,
    }
}

/// Brings a listing up to date with what a path becomes.
///
/// # Errors
/// When the listing holds contents and the new content is not known.
pub(super) fn relist(
    probe: &Probe,
    listing: &mut Observation,
    path: &str,
    state: &FileState,
) -> Result<(), Unknown> {
    match (probe, listing) {
        (Probe::Tree(directory), Observation::Tree(entries)) => {
            relist_tree(entries, directory, path, state);
        }
        (Probe::Glob(_), Observation::Files(files)) => {
            files.retain(|(name, _)| name != path && !is_below(name, path));
            if let Some(content) = content_of(state) {
                let content =
                    content.ok_or_else(|| Unknown::new(format!("the change of {path}")))?;
                insert(files, path, content.clone());
            }
        }
        _ => {}
    }
    Ok(())
}

fn relist_tree(
    entries: &mut Vec<(String, FileInfo)>,
    directory: &str,
    path: &str,
    state: &FileState,
) {
    let relative = relative(path, directory);
    let gone = matches!(state, FileState::Absent { .. });
    entries.retain(|(name, _)| name != relative && !(gone && is_below(name, relative)));
    if let FileState::Present(info) = state {
        let without = FileInfo {
            content: None,
            ..(**info).clone()
        };
        insert(entries, relative, without);
    }
}

/// The content of what is a file, or leads to one: `Some(None)` where it is not known.
fn content_of(state: &FileState) -> Option<Option<&Blob>> {
    match state {
        FileState::Present(info) => match &info.kind {
            FileKind::File => Some(info.content.as_ref()),
            FileKind::Link { .. } if info.sha256.is_some() => Some(info.content.as_ref()),
            _ => None,
        },
        FileState::Absent { .. } => None,
    }
}

fn insert<T>(list: &mut Vec<(String, T)>, name: &str, value: T) {
    let place = list.partition_point(|(other, _)| other.as_str() < name);
    list.insert(place, (name.to_owned(), value));
}

/// A shell pattern with `*` in its last part. As in a shell, `*` does not begin with a dot.
fn matches_pattern(path: &str, pattern: &str) -> bool {
    let (Some((folder, name)), Some((pattern_folder, pattern))) =
        (path.rsplit_once('/'), pattern.rsplit_once('/'))
    else {
        return false;
    };
    if folder != pattern_folder || (name.starts_with('.') && !pattern.starts_with('.')) {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Brings a listing that was observed late up to date with all that had been predicted before.
pub(super) fn relist_late(
    probe: &Probe,
    mut listing: Observation,
    predicted: &HashMap<Probe, Result<Observation, Unknown>>,
) -> Option<Result<Observation, Unknown>> {
    let mut touched = false;
    for (other, prediction) in predicted {
        let (Probe::File(path) | Probe::Content(path)) = other else {
            continue;
        };
        if !lists(probe, other) {
            continue;
        }
        touched = true;
        match prediction {
            Ok(Observation::File(state)) => {
                if let Err(unknown) = relist(probe, &mut listing, path, state) {
                    return Some(Err(unknown));
                }
            }
            Ok(_) => {}
            Err(unknown) => return Some(Err(unknown.clone())),
        }
    }
    touched.then_some(Ok(listing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(matches_pattern(
            "/etc/sysctl.d/60-x.conf",
            "/etc/sysctl.d/*.conf"
        ));
        assert!(matches_pattern("/etc/a", "/etc/a"));
        assert!(matches_pattern("/etc/abcbd", "/etc/a*b*d"));
        assert!(!matches_pattern(
            "/etc/sysctl.d/.x.conf",
            "/etc/sysctl.d/*.conf"
        ));
        assert!(!matches_pattern(
            "/etc/sysctl.d/a/b.conf",
            "/etc/sysctl.d/*.conf"
        ));
        assert!(!matches_pattern(
            "/etc/sysctl.d/x.conf.bak",
            "/etc/sysctl.d/*.conf"
        ));
    }

    #[test]
    fn paths_know_what_is_below_them() {
        assert!(is_below("/etc/redis/a", "/etc/redis"));
        assert!(is_below("/etc", "/"));
        assert!(!is_below("/etc/redis", "/etc/redis"));
        assert!(!is_below("/etc/redis2/a", "/etc/redis"));
        assert_eq!(parent("/etc"), Some("/"));
        assert_eq!(parent("/etc/redis/"), Some("/etc"));
        assert_eq!(parent("/"), None);
    }
}
