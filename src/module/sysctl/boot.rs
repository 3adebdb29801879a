//! Which of a host's files decides at boot what a kernel value is.

use super::settings::{is_pattern, settings};
use crate::model::probe::{FileKind, FileState, Probe};
use crate::module::{Look, Stop};

/// Directories of `sysctl.d(5)`, the strongest first: a file hides those of its name in the directories after it.
const DIRECTORIES: &[&str] = &[
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
];

/// The file of old. systemd reads it only through a link, which distributions place under this name.
const OLD_FILE: &str = "/etc/sysctl.conf";
const LINK_TO_OLD_FILE: &str = "/etc/sysctl.d/99-sysctl.conf";

/// A file's path and text.
type File = (String, String);

/// All files that are read at boot, in the order in which they are: the last one decides.
pub(super) struct Boot {
    files: Vec<File>,
    reads_old_file: bool,
}

/// What has to be asked to know it.
pub(super) fn probes() -> Vec<Probe> {
    DIRECTORIES
        .iter()
        .map(|directory| Probe::Glob(pattern(directory)))
        .chain([
            Probe::File(LINK_TO_OLD_FILE.to_owned()),
            Probe::Content(OLD_FILE.to_owned()),
        ])
        .collect()
}

fn pattern(directory: &str) -> String {
    format!("{directory}/*.conf")
}

impl Boot {
    /// `systemd`: whether systemd boots the host; without it, `sysctl --system` reads the file of old, last.
    pub(super) fn observe(look: &Look<'_>, systemd: bool) -> Result<Self, Stop> {
        let mut files: Vec<File> = Vec::new();
        for directory in DIRECTORIES {
            for (path, content) in look.glob(&pattern(directory))? {
                if !files.iter().any(|(other, _)| name(other) == name(path)) {
                    files.push((path.clone(), content.to_lossy().into_owned()));
                }
            }
        }
        files.sort_by(|(left, _), (right, _)| name(left).cmp(name(right)));
        let linked = matches!(look.file(LINK_TO_OLD_FILE)?, FileState::Present(info)
            if matches!(&info.kind, FileKind::Link { resolved: Some(path), .. } if path == OLD_FILE));
        if !systemd && let Some(text) = text(look.content(OLD_FILE)?) {
            files.retain(|(path, _)| !(linked && path == LINK_TO_OLD_FILE));
            files.push((OLD_FILE.to_owned(), text));
        }
        Ok(Self {
            files,
            reads_old_file: linked || !systemd,
        })
    }

    /// Whether the file of old is read at boot.
    pub(super) fn reads_old_file(&self) -> bool {
        self.reads_old_file
    }

    /// The same with another text for one of the files. A file that is not read stays unread.
    pub(super) fn with(mut self, path: &str, text: &str) -> Self {
        let itself = self.files.iter().any(|(other, _)| other == OLD_FILE);
        let path = match path {
            OLD_FILE if self.reads_old_file && !itself => LINK_TO_OLD_FILE,
            other => other,
        };
        match self.files.iter_mut().find(|(other, _)| other == path) {
            Some(file) => text.clone_into(&mut file.1),
            None => self.add(path, text),
        }
        self
    }

    fn add(&mut self, path: &str, text: &str) {
        let Some(rank) = rank(path) else {
            return;
        };
        // A file of the same name elsewhere hides it, or is hidden by it.
        if let Some(place) = self
            .files
            .iter()
            .position(|(other, _)| name(other) == name(path))
        {
            if self::rank(&self.files[place].0).is_some_and(|other| other > rank) {
                self.files[place] = (path.to_owned(), text.to_owned());
            }
            return;
        }
        let place = self
            .files
            .iter()
            .position(|(other, _)| other == OLD_FILE || name(other) > name(path))
            .unwrap_or(self.files.len());
        self.files.insert(place, (path.to_owned(), text.to_owned()));
    }

    /// Whether a file is read at boot.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.files.iter().any(|(other, _)| other == path)
            || path == OLD_FILE
                && self.reads_old_file
                && self
                    .files
                    .iter()
                    .any(|(other, _)| other == LINK_TO_OLD_FILE)
    }

    /// The file that decides a key, and the value it gives. A key by its name is stronger than any pattern.
    pub(super) fn winner(&self, key: &str) -> Option<(&str, String)> {
        let last = |wanted: &dyn Fn(&str) -> bool| {
            self.files
                .iter()
                .flat_map(|(path, text)| {
                    settings(text).map(move |setting| (path.as_str(), setting))
                })
                .filter(|(_, setting)| wanted(&setting.key))
                .last()
                .map(|(path, setting)| (path, setting.value))
        };
        last(&|other| other == key)
            .or_else(|| last(&|other| is_pattern(other) && matches(other, key)))
    }
}

fn rank(path: &str) -> Option<usize> {
    let (directory, name) = path.rsplit_once('/')?;
    if !name.ends_with(".conf") || name.starts_with('.') {
        return None;
    }
    DIRECTORIES.iter().position(|other| *other == directory)
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn text(state: &FileState) -> Option<String> {
    match state {
        FileState::Present(info) => info
            .content
            .as_ref()
            .map(|content| content.to_lossy().into_owned()),
        FileState::Absent { .. } => None,
    }
}

/// Whether a key fits a pattern of `glob(7)`; sets in brackets are taken to fit, which only says more than is so.
fn matches(pattern: &str, key: &str) -> bool {
    let mut expression = String::from("^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => expression.push_str("[^.]*"),
            '?' => expression.push_str("[^.]"),
            '[' => {
                expression.push_str("[^.]");
                characters.by_ref().find(|character| *character == ']');
            }
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    regex::Regex::new(&expression).is_ok_and(|expression| expression.is_match(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(files: &[(&str, &str)]) -> Boot {
        Boot {
            files: files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
            reads_old_file: files.iter().any(|(path, _)| *path == LINK_TO_OLD_FILE),
        }
    }

    #[test]
    fn the_last_file_decides_whatever_its_directory() {
        let boot = boot(&[
            ("/usr/lib/sysctl.d/50-a.conf", "a.b = 1"),
            (LINK_TO_OLD_FILE, "a.b = 3"),
        ])
        .with("/etc/sysctl.d/60-ours.conf", "a.b = 2\na.c = 2");
        assert_eq!(boot.winner("a.b"), Some((LINK_TO_OLD_FILE, "3".to_owned())));
        assert_eq!(
            boot.winner("a.c"),
            Some(("/etc/sysctl.d/60-ours.conf", "2".to_owned()))
        );
        let boot = boot.with(OLD_FILE, "");
        assert_eq!(
            boot.winner("a.b"),
            Some(("/etc/sysctl.d/60-ours.conf", "2".to_owned()))
        );
        assert!(boot.holds(OLD_FILE));
    }

    #[test]
    fn a_stronger_directory_hides_files_of_the_same_name() {
        let theirs = boot(&[("/usr/lib/sysctl.d/50-a.conf", "a.b = 1")]);
        let ours = theirs.with("/etc/sysctl.d/50-a.conf", "a.c = 1");
        assert_eq!(ours.winner("a.b"), None);
        let hidden = boot(&[("/etc/sysctl.d/50-a.conf", "a.b = 1")])
            .with("/run/sysctl.d/50-a.conf", "a.b = 2");
        assert!(!hidden.holds("/run/sysctl.d/50-a.conf"));
        assert!(
            !boot(&[])
                .with("/opt/x.conf", "a.b = 1")
                .holds("/opt/x.conf")
        );
    }

    #[test]
    fn names_are_stronger_than_patterns() {
        let boot = boot(&[
            ("/etc/sysctl.d/10-a.conf", "net.ipv4.conf.all.rp_filter = 1"),
            ("/etc/sysctl.d/20-b.conf", "net.ipv4.conf.*.rp_filter = 2"),
        ]);
        let winner = |key: &str| boot.winner(key).map(|(_, value)| value);
        assert_eq!(winner("net.ipv4.conf.all.rp_filter").as_deref(), Some("1"));
        assert_eq!(winner("net.ipv4.conf.eth0.rp_filter").as_deref(), Some("2"));
        assert_eq!(winner("net.ipv4.conf.eth0.forwarding"), None);
    }
}
