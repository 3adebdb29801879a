//! Files by their paths: this machine's disk, and the playbooks and templates that are built into the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::source::{At, Source};

/// The folder under which built-in files appear in messages and paths.
pub const BUILT_IN: &str = "(built-in)";

/// What is built in: path below [`BUILT_IN`] and text.
pub const BUILT_IN_FILES: &[(&str, &str)] = &[
    (
        "playbooks/redis-cache.yml",
        include_str!("../../playbooks/redis-cache.yml"),
    ),
    (
        "playbooks/rolling-config.yml",
        include_str!("../../playbooks/rolling-config.yml"),
    ),
    (
        "templates/redis.conf.tera",
        include_str!("../../templates/redis.conf.tera"),
    ),
    (
        "inventories/demo.yml",
        include_str!("../../inventories/demo.yml"),
    ),
    (
        "inventories/demo.ini",
        include_str!("../../inventories/demo.ini"),
    ),
];

/// Reads a text file of this machine, or a built-in one.
///
/// # Errors
/// When it cannot be read or is not UTF-8. `asked_at` is the place that named it.
pub fn read_source(path: &Path, asked_at: Option<&At>) -> Result<Arc<Source>> {
    let name = display(path);
    if let Some(text) = built_in(path) {
        super::inputs::note(path, text.as_bytes());
        return Ok(Source::new(name, text));
    }
    let error = match std::fs::read(path) {
        Ok(bytes) => {
            super::inputs::note(path, &bytes);
            match String::from_utf8(bytes) {
                Ok(text) => return Ok(Source::new(name, text)),
                Err(error) => return Err(not_text(name, &error, asked_at).into()),
            }
        }
        Err(error) => error,
    };
    let mut diagnostic = Diagnostic::error(format!("cannot read `{name}`: {}", reason(&error)));
    if let Some(at) = asked_at {
        diagnostic = diagnostic.at(at);
    }
    let diagnostic = match error.kind() {
        std::io::ErrorKind::IsADirectory => diagnostic.help("name a file in it"),
        std::io::ErrorKind::PermissionDenied => {
            diagnostic.help("make it readable for the user who runs this program")
        }
        _ => nearest_file(diagnostic, path),
    };
    Err(Error::new(ErrorKind::Input, vec![diagnostic]))
}

/// A file that is no text, with the line in which that shows.
fn not_text(name: String, error: &std::string::FromUtf8Error, asked_at: Option<&At>) -> Diagnostic {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let summary = format!("`{name}` is not UTF-8 text");
    let source = Source::new(name, String::from_utf8_lossy(error.as_bytes()));
    let mut diagnostic = Diagnostic::error(summary)
        .at(&At::new(&source, line, column, 1))
        .help("save it as UTF-8: `iconv -f latin1 -t utf-8` makes it of Latin-1");
    if let Some(at) = asked_at {
        diagnostic = diagnostic.related(at, "used here");
    }
    diagnostic
}

/// A path without `.` and `folder/..` in it, so that equal paths match and messages are short.
pub fn tidy(path: &Path) -> PathBuf {
    let mut parts: Vec<std::path::Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (std::path::Component::ParentDir, Some(std::path::Component::Normal(_))) => {
                parts.pop();
            }
            (std::path::Component::CurDir, _) => {}
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return PathBuf::from(".");
    }
    parts.iter().collect()
}

/// The same path from the root on; a built-in one stays as it is.
pub fn absolute(path: &Path) -> PathBuf {
    if path.starts_with(BUILT_IN) {
        return path.to_owned();
    }
    // Fails where this program's own folder is gone, and then nothing is better than what was given.
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| tidy(&path))
}

/// The text of a built-in file.
pub fn built_in(path: &Path) -> Option<&'static str> {
    let name = path.strip_prefix(BUILT_IN).ok()?.to_str()?;
    BUILT_IN_FILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// Whether there is such a file, built in or on disk.
pub fn is_file(path: &Path) -> bool {
    built_in(path).is_some() || path.is_file()
}

/// The first of the candidates that is there.
pub fn find(candidates: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    candidates.into_iter().find(|path| is_file(path))
}

/// A path for a person: without a leading `./`.
pub fn display(path: &Path) -> String {
    path.strip_prefix("./")
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Why the system refused, in a few words.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    }
}

fn nearest_file(diagnostic: Diagnostic, path: &Path) -> Diagnostic {
    let (Some(folder), Some(name)) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
    ) else {
        return diagnostic;
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| {
            entries
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect()
        })
        .unwrap_or_default();
    match crate::model::nearest::nearest(
        name,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    ) {
        Some(near) if near != name => {
            diagnostic.help(format!("did you mean `{}`?", display(&folder.join(near))))
        }
        _ => diagnostic.help("check the name and the folder"),
    }
}

/// Writes all built-in files below a folder; files that are there already are left alone. Returns the path of each
/// below the folder, and whether it was written.
///
/// # Errors
/// When one cannot be written.
pub fn write_built_in(folder: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let mut written = Vec::new();
    for (name, text) in BUILT_IN_FILES {
        let path = folder.join(name);
        let fresh = !path.exists();
        if fresh {
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|error| {
                    Error::new(
                        ErrorKind::Local,
                        vec![Diagnostic::error(format!(
                            "cannot write `{}`: {}",
                            display(&path),
                            reason(&error)
                        ))],
                    )
                })?;
        }
        written.push((PathBuf::from(name), fresh));
    }
    Ok(written)
}
