//! Playbooks from disk: every file read, every name resolved, every mistake told, before the first connection.
//!
//! `play` reads plays, `tasks` lists of tasks, `arguments` what stands after a module's name, `role` role folders,
//! `check` looks at the whole once it is read. Mistakes are collected, not thrown: one run tells them all.

mod arguments;
mod bring;
mod check;
mod gate;
mod inherit;
mod keywords;
mod loops;
mod play;
mod reading;
mod role;
mod rolling;
pub mod secrets;
mod tasks;
mod trial;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files;
use super::yaml;
use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::nearest::nearest;
use crate::model::node::{Content, Node};
use crate::model::playbook::{Include, Item, Keywords, Play, Playbook};
use crate::model::source::{At, Source};
use crate::model::template::Templates;

/// Reads playbooks into one list of plays.
pub struct Loader<'a> {
    templates: &'a Templates,
    diagnostics: Vec<Diagnostic>,
    /// Files being read, to find circles.
    reading: Vec<PathBuf>,
    /// The folder of the playbook that is being read.
    folder: PathBuf,
    /// The roles of the play being read.
    roles: Vec<role::LoadedRole>,
    /// The roles that depend on the one being read, the outermost first.
    dependents: Vec<role::Dependent>,
    /// Variables of the play's roles that all of its tasks see.
    exported: role::Exported,
}

use bring::find_tasks;

/// A playbook with what is doubtful about it.
#[derive(Debug)]
pub struct Loaded {
    pub playbook: Playbook,
    pub warnings: Vec<Diagnostic>,
}

/// Loads a playbook by its path, or by the name of a built-in one.
///
/// # Errors
/// Everything that is wrong in it and in the files that it names, each with its place.
pub fn load(name: &str, templates: &Templates) -> Result<Loaded> {
    let path = locate(name);
    let mut loader = Loader {
        templates,
        diagnostics: Vec::new(),
        reading: Vec::new(),
        folder: PathBuf::new(),
        roles: Vec::new(),
        dependents: Vec::new(),
        exported: role::Exported::default(),
    };
    if !files::is_file(&path)
        && !path.exists()
        && let Some(near) = near_built_in(name)
    {
        return Err(Diagnostic::error(format!("there is no playbook `{name}`"))
            .help(format!("did you mean the built-in `{near}`?"))
            .into());
    }
    let plays = loader.playbook(&path, None, &Keywords::default());
    let (errors, warnings): (Vec<_>, Vec<_>) = loader
        .diagnostics
        .into_iter()
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(Error::new(ErrorKind::Input, in_order(errors)));
    }
    Ok(Loaded {
        playbook: Playbook {
            name: files::display(&path),
            folder: folder_of(&path),
            plays: plays.into_iter().map(Arc::new).collect(),
        },
        warnings,
    })
}

/// Loads a list of tasks, or a role, whose name became known only while a play runs.
///
/// # Errors
/// As [`load`]; and for a role that brings handlers: those of a play are known from its beginning.
pub fn load_tasks(
    name: &str,
    templates: &Templates,
    folder: &Path,
    include: &Include,
) -> Result<Vec<Item>> {
    let mut loader = Loader {
        templates,
        diagnostics: Vec::new(),
        reading: Vec::new(),
        folder: folder.to_owned(),
        roles: Vec::new(),
        dependents: Vec::new(),
        exported: role::Exported::default(),
    };
    let at = &include.file.at;
    let items = if include.is_role {
        loader.role_items(name, at, &include.inner, &Arc::default())
    } else {
        loader.task_file(
            &find_tasks(name, &include.origin),
            Some(at),
            &tasks::Surroundings {
                origin: &include.origin,
                keywords: &include.inner,
                handlers: false,
            },
        )
    };
    if loader.roles.iter().any(|role| !role.handlers.is_empty()) {
        loader.report(
            Diagnostic::error(format!(
                "the role `{name}` brings handlers, and its name is known only while the play runs"
            ))
            .at(at)
            .help("write the role's name without a template, or put its handlers into the play"),
        );
    }
    let errors: Vec<Diagnostic> = loader
        .diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        Ok(items)
    } else {
        Err(Error::new(ErrorKind::Input, in_order(errors)))
    }
}

/// Mistakes as they stand in the files: file by file as they were read, each from its first line to its last.
/// What was found twice, because a file is used twice, is told once.
fn in_order(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut sources: Vec<Arc<Source>> = Vec::new();
    for at in errors.iter().filter_map(|error| error.at.as_ref()) {
        if !sources.contains(&at.source) {
            sources.push(Arc::clone(&at.source));
        }
    }
    errors.sort_by_key(|error| {
        error.at.as_ref().map(|at| {
            let file = sources.iter().position(|source| *source == at.source);
            (file, at.line, at.column)
        })
    });
    errors.dedup();
    errors
}

/// A name that is no file but that of a built-in playbook leads to that.
fn locate(name: &str) -> PathBuf {
    let path = PathBuf::from(name);
    if path.exists() {
        return path;
    }
    let built_in = Path::new(files::BUILT_IN)
        .join("playbooks")
        .join(format!("{name}.yml"));
    if files::is_file(&built_in) {
        built_in
    } else {
        path
    }
}

/// The built-in playbook whose name is near, if one is.
fn near_built_in(name: &str) -> Option<&'static str> {
    let names: Vec<&str> = files::BUILT_IN_FILES
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("playbooks/")?.strip_suffix(".yml"))
        .collect();
    nearest(name.trim_end_matches(".yml"), &names)
}

/// The folder that holds a file; `.` for a bare name.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

impl Loader<'_> {
    fn playbook(&mut self, path: &Path, asked_at: Option<&At>, outer: &Keywords) -> Vec<Play> {
        let Some(node) = self.read(path, asked_at) else {
            return Vec::new();
        };
        let previous = std::mem::replace(&mut self.folder, folder_of(path));
        let mut plays = Vec::new();
        match &node.content {
            Content::List(list) => {
                for item in list {
                    match import_of(item) {
                        Some((file, entries)) => {
                            for entry in entries {
                                if !matches!(entry.key.as_str(), "name" | "when" | "tags" | "vars")
                                    && !is_import_playbook(&entry.key)
                                {
                                    self.report(
                                        Diagnostic::error(format!(
                                            "`import_playbook` has no keyword `{}`",
                                            entry.key
                                        ))
                                        .at(&entry.key_at)
                                        .nearest(&entry.key, ["name", "tags", "vars", "when"]),
                                    );
                                }
                            }
                            if let Some(name) = self.literal("import_playbook", file) {
                                let path = self.folder.join(name);
                                let keywords = self.keywords(entries, outer);
                                plays.extend(self.playbook(&path, Some(&file.at), &keywords));
                            }
                        }
                        None => plays.extend(self.play(item, plays.len(), outer)),
                    }
                }
            }
            _ if node.is_null() => self.report(
                Diagnostic::error(format!("`{}` holds no plays", files::display(path)))
                    .at(&node.at)
                    .help("a playbook is a list of plays, each beginning with `- hosts: ...`"),
            ),
            _ => self.report(
                Diagnostic::error(format!(
                    "a playbook is a list of plays, and this is {}",
                    node.kind()
                ))
                .at(&node.at)
                .help("begin each play with `- hosts: ...`"),
            ),
        }
        self.folder = previous;
        self.reading.pop();
        plays
    }

    /// Reads a YAML file; tells when it is being read already.
    fn read(&mut self, path: &Path, asked_at: Option<&At>) -> Option<Node> {
        let path = &files::tidy(path);
        if self.reading.iter().any(|reading| reading == path) {
            let chain = self
                .reading
                .iter()
                .chain([path])
                .map(|path| files::display(path))
                .collect::<Vec<_>>()
                .join(" -> ");
            let mut diagnostic = Diagnostic::error(format!(
                "files import each other in a circle: {chain}"
            ))
            .help("break the circle: a file cannot import itself, directly or through others");
            if let Some(at) = asked_at {
                diagnostic = diagnostic.at(at);
            }
            self.report(diagnostic);
            return None;
        }
        let parsed = files::read_source(path, asked_at).and_then(|source| yaml::parse(&source));
        match parsed {
            Ok(node) => {
                self.reading.push(path.clone());
                Some(node)
            }
            Err(error) => {
                self.diagnostics.extend(error.diagnostics);
                None
            }
        }
    }
}

fn is_import_playbook(key: &str) -> bool {
    matches!(key, "import_playbook" | "ansible.builtin.import_playbook")
}

/// The file that an `import_playbook` names, with all entries.
fn import_of(item: &Node) -> Option<(&Node, &[crate::model::node::Entry])> {
    let entries = item.as_map()?;
    let import = entries
        .iter()
        .find(|entry| is_import_playbook(&entry.key))?;
    Some((&import.value, entries))
}
