//! Inventories from this machine's disk: files, folders of files, programs, and lists of hosts on the command line.
//!
//! [`load`] reads them all into one [`Inventory`], with the `group_vars` and `host_vars` beside them and beside the
//! playbook. What is read how is decided in `sources`.

mod folders;
mod hosts;
mod ini;
mod limit;
mod list;
mod program;
mod protocol;
mod sources;
mod yaml;

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::{Beside, Inventory};

pub use limit::read_limit;

/// An inventory, and what is doubtful about it.
#[derive(Debug)]
pub struct Loaded {
    pub inventory: Inventory,
    pub warnings: Vec<Diagnostic>,
}

/// Reads inventory sources in order, then the variables beside them, then those beside the playbook.
///
/// Without sources the inventory is empty, and only `localhost` can be named.
///
/// # Errors
/// A source that is missing or wrong. Unlike Ansible, nothing that cannot be read is passed over.
pub fn load(sources: &[String], playbook_dir: Option<&Path>) -> Result<Loaded> {
    let mut builder = Builder::new();
    let sources: Vec<&String> = sources.iter().filter(|source| !source.is_empty()).collect();
    for source in &sources {
        sources::read(&mut builder, source)?;
    }
    if !sources.is_empty() && builder.host_names().next().is_none() {
        builder.warn(
            Diagnostic::warning("the inventory names no host")
                .help("only `localhost` can be used, and `all` means none"),
        );
    }
    for (directory, beside) in directories(&sources, playbook_dir) {
        let folder = folders::read(&mut builder, &directory, beside)?;
        builder.folder(folder);
    }
    let (inventory, warnings) = builder.finish();
    Ok(Loaded {
        inventory,
        warnings,
    })
}

/// The folders that may hold `group_vars` and `host_vars`, weakest first, each once: where one comes several times,
/// its last place decides.
fn directories(sources: &[&String], playbook_dir: Option<&Path>) -> Vec<(PathBuf, Beside)> {
    let mut found: Vec<(PathBuf, Beside)> = sources
        .iter()
        .filter(|source| !sources::is_list(source))
        .map(|source| {
            let path = Path::new(source.as_str());
            let directory = if path.is_dir() {
                path.to_owned()
            } else {
                path.parent().map_or_else(PathBuf::new, Path::to_owned)
            };
            (directory, Beside::Inventory)
        })
        .collect();
    found.extend(playbook_dir.map(|directory| (directory.to_owned(), Beside::Playbook)));
    let real = |path: &Path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        path.canonicalize().unwrap_or_else(|_| sources::plain(path))
    };
    let paths: Vec<PathBuf> = found.iter().map(|(path, _)| real(path)).collect();
    let mut index = 0;
    found.retain(|_| {
        index += 1;
        !paths[index..].contains(&paths[index - 1])
    });
    found
}
