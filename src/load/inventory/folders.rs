//! `group_vars` and `host_vars` beside an inventory or a playbook.
//!
//! The variables of `cache` are in `group_vars/cache`, a file or a folder of files, or in `group_vars/cache.yml`,
//! `.yaml` or `.json`: the first of these that exists. A folder's files are read in alphabetical order, inner folders
//! included; hidden files, those that end with `~`, and other endings are left out.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::load::{files, variables};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::host::LOCAL_NAMES;
use crate::model::inventory::variables::Variables;
use crate::model::inventory::{Beside, Folder};

/// Endings of files with variables; no ending counts, too, and comes first.
const ENDINGS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

const GROUPS: &str = "group_vars";
const HOSTS: &str = "host_vars";

/// Reads what belongs to the groups and hosts of an inventory.
///
/// # Errors
/// A file that cannot be read or does not hold variables.
pub(super) fn read(builder: &mut Builder, directory: &Path, beside: Beside) -> Result<Folder> {
    let groups: Vec<String> = builder.group_names().map(str::to_owned).collect();
    let mut hosts: Vec<String> = builder.host_names().map(str::to_owned).collect();
    let implicit = LOCAL_NAMES.iter().filter(|name| !builder.has_host(name));
    hosts.extend(implicit.map(|name| (*name).to_owned()).collect::<Vec<_>>());
    Ok(Folder {
        beside,
        groups: read_kind(builder, directory, GROUPS, &groups)?,
        hosts: read_kind(builder, directory, HOSTS, &hosts)?,
    })
}

fn read_kind(
    builder: &mut Builder,
    directory: &Path,
    kind: &str,
    names: &[String],
) -> Result<HashMap<String, Variables>> {
    let folder = directory.join(kind);
    let mut found = HashMap::new();
    if !folder.is_dir() {
        if folder.exists() {
            builder.warn(
                Diagnostic::warning(format!("{} is not a folder, so it is not read", files::display(&folder)))
                    .help("variables of a group are in a file with the group's name inside a folder `group_vars`"),
            );
        }
        return Ok(found);
    }
    let there: HashSet<String> = list(&folder)?.into_iter().collect();
    if kind == GROUPS {
        warn_of_strays(builder, &folder, &there, names);
    }
    for name in names {
        let mut candidates = ENDINGS
            .iter()
            .map(|ending| format!("{name}{ending}"))
            .filter(|candidate| there.contains(candidate));
        let Some(chosen) = candidates.next() else {
            continue;
        };
        let chosen = folder.join(chosen);
        for other in candidates {
            builder.warn(
                Diagnostic::warning(format!(
                    "{} is not read, because {} is there, too",
                    files::display(&folder.join(other)),
                    files::display(&chosen)
                ))
                .help("keep one of them, or put both into one folder"),
            );
        }
        let mut merged = Variables::new();
        for file in files_of(&chosen)? {
            merged.extend(variables::read(&file)?);
        }
        found.insert(name.clone(), merged);
    }
    Ok(found)
}

/// Warns of files that belong to no group, but nearly: the name is one letter away from a group without a file.
/// Others may belong to groups of another inventory.
fn warn_of_strays(
    builder: &mut Builder,
    folder: &Path,
    there: &HashSet<String>,
    groups: &[String],
) {
    let file_of = |name: &str| {
        ENDINGS
            .iter()
            .map(|ending| format!("{name}{ending}"))
            .find(|file| there.contains(file))
    };
    let mut strays: Vec<&String> = there.iter().collect();
    strays.sort();
    for file in strays {
        let (name, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        let known_ending = ending.is_empty() || ENDINGS.contains(&format!(".{ending}").as_str());
        if !known_ending || name.is_empty() || groups.iter().any(|group| group == name) {
            continue;
        }
        let letters = |name: &str| name.replace(|letter: char| letter.is_ascii_digit(), "");
        let near = groups.iter().find(|group| {
            strsim::damerau_levenshtein(group, name) == 1
                && letters(group) != letters(name)
                && file_of(group).is_none()
        });
        if let Some(group) = near {
            builder.warn(
                Diagnostic::warning(format!(
                    "{} belongs to no group",
                    files::display(&folder.join(file))
                ))
                .help(format!("did you mean `{group}`?")),
            );
        }
    }
}

/// The file itself, or the files of a folder.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut names = list(path)?;
    names.sort();
    for name in names {
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let inner = path.join(&name);
        let ending = inner
            .extension()
            .map(|ending| format!(".{}", ending.to_string_lossy()));
        let ending = ending.unwrap_or_default();
        if inner.is_dir() {
            if ending.is_empty() {
                found.extend(files_of(&inner)?);
            }
        } else if ENDINGS.contains(&ending.as_str()) {
            found.push(inner);
        }
    }
    Ok(found)
}

/// The names in a folder, those that are text.
pub(super) fn list(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|error| {
        Error::new(
            ErrorKind::Input,
            vec![Diagnostic::error(format!(
                "cannot read `{}`: {}",
                files::display(folder),
                files::reason(&error)
            ))],
        )
    })?;
    Ok(entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect())
}
