//! Templates and files that tasks name: where they are looked for, and their contents.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{files, playbook};
use crate::error::Error;
use crate::model::blob::Blob;
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Include, Item};
use crate::model::source::{At, Source};
use crate::model::template::{Template, Templates, scan};
use crate::module::parameters::{LocalContent, LocalFile};
use crate::module::{Failure, Resources};

/// A template with all the templates that it includes, each with its name.
pub type TemplateText = (Arc<Source>, Vec<(String, Arc<Source>)>);

/// Reads a template and what it includes.
///
/// # Errors
/// When it, or one that it includes, cannot be found or read; the latter with the place that names it.
pub fn read_template(name: &str, search: &[PathBuf]) -> Result<TemplateText, Diagnostic> {
    let path = find("template", "templates", name, search)?;
    let source = read(&path)?;
    let beside = path.parent().map(Path::to_owned).into_iter();
    let folders: Vec<PathBuf> = beside.chain(search.iter().cloned()).collect();
    let mut includes: Vec<(String, Arc<Source>)> = Vec::new();
    let mut waiting = named_in(&source);
    while let Some((name, at)) = waiting.pop() {
        if includes.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let part = find("template", "templates", &name, &folders)
            .and_then(|path| read(&path))
            .map_err(|diagnostic| diagnostic.at(&at))?;
        waiting.extend(named_in(&part));
        includes.push((name, part));
    }
    Ok((source, includes))
}

/// The templates that a template names, and where.
fn named_in(source: &Arc<Source>) -> Vec<(String, At)> {
    let scan = scan::scan_template(&source.text);
    let place = |found: &scan::Included| {
        let before = &source.text[..found.offset];
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        let length = found.name.chars().count() + 2;
        At::new(source, line, last.chars().count() + 1, length)
    };
    scan.includes
        .iter()
        .map(|found| (found.name.clone(), place(found)))
        .collect()
}

/// Where a file that a task names is.
///
/// # Errors
/// When it is in none of the places.
pub fn find_file(name: &str, search: &[PathBuf]) -> Result<PathBuf, Diagnostic> {
    find("file", "files", name, search)
}

/// Reads a file, or a folder with all that is in it.
///
/// # Errors
/// When it cannot be found or read.
pub fn read_file(name: &str, search: &[PathBuf]) -> Result<LocalFile, Diagnostic> {
    let path = find_file(name, search)?;
    let content = if let Some(text) = files::built_in(&path) {
        LocalContent::File {
            bytes: Blob::from(text),
            mode: 0o644,
        }
    } else if path.is_dir() {
        let mut entries = Vec::new();
        walk(&path, &path, &mut entries)?;
        entries.sort_by(|(left, ..), (right, ..)| left.cmp(right));
        LocalContent::Folder(entries)
    } else {
        LocalContent::File {
            bytes: bytes(&path)?,
            mode: mode(&path),
        }
    };
    Ok(LocalFile {
        name: name.to_owned(),
        content,
    })
}

fn walk(
    top: &Path,
    folder: &Path,
    entries: &mut Vec<(String, u32, Option<Blob>)>,
) -> Result<(), Diagnostic> {
    let listing = std::fs::read_dir(folder).map_err(|error| refused(folder, &error))?;
    for entry in listing {
        let path = entry.map_err(|error| refused(folder, &error))?.path();
        let relative = path
            .strip_prefix(top)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            entries.push((relative, mode(&path), None));
            walk(top, &path, entries)?;
        } else {
            entries.push((relative, mode(&path), Some(bytes(&path)?)));
        }
    }
    Ok(())
}

fn bytes(path: &Path) -> Result<Blob, Diagnostic> {
    std::fs::read(path)
        .map(Blob::from)
        .map_err(|error| refused(path, &error))
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).map_or(0o644, |metadata| metadata.permissions().mode() & 0o7777)
}

fn refused(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!(
        "cannot read `{}`: {}",
        files::display(path),
        files::reason(error)
    ))
}

fn read(path: &Path) -> Result<Arc<Source>, Diagnostic> {
    files::read_source(path, None).map_err(|mut error| {
        error
            .diagnostics
            .pop()
            .unwrap_or_else(|| Diagnostic::error(format!("cannot read `{}`", files::display(path))))
    })
}

/// Looks in `templates/` or `files/` of each folder, in the folder itself, and beside it (`../templates`).
fn find(what: &str, below: &str, name: &str, search: &[PathBuf]) -> Result<PathBuf, Diagnostic> {
    let path = Path::new(name);
    if path.is_absolute() {
        if path.exists() {
            return Ok(path.to_owned());
        }
        return Err(
            Diagnostic::error(format!("there is no {what} `{name}`")).help(
                "it must be on this machine; where a module has `remote_src`, that is for files on the host",
            ),
        );
    }
    let candidates: Vec<PathBuf> = search
        .iter()
        .flat_map(|folder| {
            [
                folder.join(below).join(name),
                folder.join(name),
                folder.join("..").join(below).join(name),
            ]
        })
        .map(|path| files::tidy(&path))
        .collect();
    if let Some(found) = candidates
        .iter()
        .find(|path| files::is_file(path) || path.is_dir())
    {
        return Ok(found.clone());
    }
    let mut diagnostic = Diagnostic::error(format!("there is no {what} `{name}`"));
    let near: Vec<String> = candidates
        .iter()
        .filter_map(|path| path.parent())
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| {
            entries
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
        })
        .collect();
    if let Some(near) =
        crate::model::nearest::nearest(name, &near.iter().map(String::as_str).collect::<Vec<_>>())
    {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    let mut places: Vec<String> = Vec::new();
    for place in candidates.iter().map(|path| files::display(path)) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Err(diagnostic.help(format!("looked at {}", places.join(", "))))
}

/// Templates and files of a run, each read once.
pub struct Library {
    templates: Arc<Templates>,
    /// The playbook's folder: included tasks are looked for there too.
    folder: PathBuf,
    read_templates: Mutex<HashMap<Named, TemplateResult>>,
    read_files: Mutex<HashMap<Named, Result<Arc<LocalFile>, Failure>>>,
    read_tasks: Mutex<HashMap<(String, At), TasksResult>>,
}

/// A name, and the folders in which it is looked for.
type Named = (String, Vec<PathBuf>);
type TasksResult = Result<Arc<Vec<Item>>, Failure>;
type TemplateResult = Result<(Arc<Source>, Arc<Template>), Failure>;

impl Library {
    pub fn new(templates: Arc<Templates>, folder: PathBuf) -> Self {
        Self {
            templates,
            folder,
            read_templates: Mutex::default(),
            read_files: Mutex::default(),
            read_tasks: Mutex::default(),
        }
    }
}

impl Resources for Library {
    fn template(&self, name: &str, search: &[PathBuf]) -> TemplateResult {
        remembered(
            &self.read_templates,
            (name.to_owned(), search.to_vec()),
            || {
                let (source, includes) =
                    read_template(name, search).map_err(|diagnostic| Failure::from(&diagnostic))?;
                let template = self
                    .templates
                    .file(&source.text, &includes)
                    .map_err(|error| Failure::from(&error.in_file(&source)))?;
                Ok((source, template))
            },
        )
    }

    fn file(&self, name: &str, search: &[PathBuf]) -> Result<Arc<LocalFile>, Failure> {
        remembered(&self.read_files, (name.to_owned(), search.to_vec()), || {
            read_file(name, search)
                .map(Arc::new)
                .map_err(|diagnostic| Failure::from(&diagnostic))
        })
    }

    fn tasks(&self, name: &str, include: &Include) -> Result<Arc<Vec<Item>>, Failure> {
        let key = (name.to_owned(), include.at.clone());
        remembered(&self.read_tasks, key, || {
            let items = playbook::load_tasks(name, &self.templates, &self.folder, include)
                .map_err(|error| first_of(&error))?;
            playbook::secrets::of_items(&items, self.templates.secrets());
            Ok(Arc::new(items))
        })
    }
}

/// The first of several mistakes as a failure; the others are counted.
fn first_of(error: &Error) -> Failure {
    let failure = error
        .diagnostics
        .first()
        .map_or_else(|| Failure::new(error.summary()), Failure::from);
    match error.diagnostics.len() {
        0 | 1 => failure,
        2 => failure.help("there is another mistake"),
        number => failure.help(format!("there are {} more mistakes", number - 1)),
    }
}

/// The remembered answer, or a new one that is remembered.
fn remembered<K: Eq + Hash, V: Clone>(
    memory: &Mutex<HashMap<K, V>>,
    key: K,
    make: impl FnOnce() -> V,
) -> V {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    memory.entry(key).or_insert_with(make).clone()
}
