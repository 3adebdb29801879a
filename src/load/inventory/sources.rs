//! What an inventory source is, and which of the readers reads it.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{folders, ini, list, program, protocol, yaml};
use crate::error::{Error, Result};
use crate::load::{files, variables};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::host::Provenance;
use crate::model::node::Node;
use crate::model::source::Source;

/// Files of a folder with these endings are no inventories.
const IGNORED_ENDINGS: [&str; 12] = [
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
];

/// Folders beside inventories that hold something else.
const IGNORED_NAMES: [&str; 3] = ["host_vars", "group_vars", "vars_plugins"];

/// Whether this is a list of hosts such as `a,b`, not a path.
pub(super) fn is_list(source: &str) -> bool {
    source.contains(',') && !Path::new(source).exists()
}

/// Reads one source: a list of hosts, a folder of inventories, a program, or a file.
///
/// # Errors
/// Whatever is wrong with it, with its place.
pub(super) fn read(builder: &mut Builder, source: &str) -> Result<()> {
    if is_list(source) {
        builder.begin_source(Provenance {
            file: Some(source.to_owned()),
            directory: None,
        });
        return list::read(builder, &Source::new("--inventory", source));
    }
    let path = Path::new(source);
    if path.is_dir() {
        read_folder(builder, path)
    } else {
        read_file(builder, path)
    }
}

fn read_folder(builder: &mut Builder, folder: &Path) -> Result<()> {
    let mut names = folders::list(folder)?;
    names.sort();
    for name in names {
        let ignored = name.starts_with('.')
            || IGNORED_NAMES.contains(&name.as_str())
            || IGNORED_ENDINGS.iter().any(|ending| name.ends_with(ending));
        if ignored {
            continue;
        }
        let path = folder.join(name);
        if path.is_dir() {
            read_folder(builder, &path)?;
        } else {
            read_file(builder, &path)?;
        }
    }
    Ok(())
}

fn read_file(builder: &mut Builder, path: &Path) -> Result<()> {
    let absolute = plain(path);
    builder.begin_source(Provenance {
        file: Some(absolute.display().to_string()),
        directory: absolute.parent().map(|parent| parent.display().to_string()),
    });
    if is_program(path) && protocol::read(builder, path, program::TIME_LIMIT)? {
        return Ok(());
    }
    let source = without_mark(files::read_source(path, None)?);
    match ending(path).as_str() {
        "" => read_unnamed(builder, &source),
        ".yml" | ".yaml" | ".json" => variables::document(&source)
            .and_then(|tree| read_tree(builder, &tree))
            .map_err(|error| hint_at_ini(error, &source)),
        ".toml" => Err(Diagnostic::error(format!(
            "{} is TOML, and inventories are YAML, INI or programs",
            source.name
        ))
        .help(
            "convert it: `ansible-inventory -i FILE --list --export --yaml --output inventory.yml`",
        )
        .into()),
        _ => ini::read(builder, &source),
    }
}

/// The text without the byte order mark that some editors put before it.
fn without_mark(source: Arc<Source>) -> Arc<Source> {
    match source.text.strip_prefix('\u{feff}') {
        Some(text) => Source::new(&source.name, text),
        None => source,
    }
}

/// A file without an ending: YAML where it is a mapping, else INI.
fn read_unnamed(builder: &mut Builder, source: &Arc<Source>) -> Result<()> {
    match variables::document(source) {
        Ok(tree) if tree.as_map().is_some() => yaml::read(builder, &tree),
        Ok(_) => ini::read(builder, source),
        Err(error) if looks_like_yaml(source) => Err(error),
        Err(_) => ini::read(builder, source),
    }
}

fn read_tree(builder: &mut Builder, tree: &Node) -> Result<()> {
    // An empty file is an inventory without hosts.
    if tree.is_null() {
        return Ok(());
    }
    yaml::read(builder, tree)
}

/// A file that is named as YAML and begins with `[group]` was meant as INI.
fn hint_at_ini(mut error: Error, source: &Source) -> Error {
    let section = first_line(source)
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if section.is_some_and(|name| !name.contains([',', ' ', '"']))
        && let Some(diagnostic) = error.diagnostics.first_mut()
    {
        diagnostic.help.push(
            "a file with sections such as `[group]` is INI; name it without the ending .yml"
                .to_owned(),
        );
    }
    error
}

/// The first line that is not empty and no comment.
fn first_line(source: &Source) -> &str {
    source
        .text
        .lines()
        .map(str::trim_end)
        .find(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        .unwrap_or_default()
}

/// Whether a text that is neither valid YAML nor named as such was meant as YAML.
fn looks_like_yaml(source: &Source) -> bool {
    let first = first_line(source);
    let key = first.split(" #").next().unwrap_or_default().trim_end();
    first.starts_with("---")
        || first.starts_with(['{', '%', '!', '&'])
        || first.starts_with("$ANSIBLE_VAULT")
        || (key.ends_with(':') && !key.contains(['=', '[', ' ']))
}

/// The ending of a file's name with its dot; a name that begins with a dot has none for that.
fn ending(path: &Path) -> String {
    path.extension()
        .map(|ending| format!(".{}", ending.to_string_lossy()))
        .unwrap_or_default()
}

/// Whether a file is a program: it may be executed, and it begins with `#!` or is no text. Some systems would hand
/// any other text to a shell.
fn is_program(path: &Path) -> bool {
    let allowed = fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0);
    let mut start = Vec::new();
    allowed
        && fs::File::open(path)
            .and_then(|file| file.take(512).read_to_end(&mut start))
            .is_ok()
        && (start.starts_with(b"#!") || start.contains(&0))
}

/// An absolute path without `.` and `..`; links are not followed.
pub(super) fn plain(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}
