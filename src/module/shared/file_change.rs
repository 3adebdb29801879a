//! From the file that a task wants and the one that is there to a change.

use super::attributes::{Resolved, all_of, restoring};
use super::describe::{content_difference, describe, summary};
use super::options::validation;
use super::paths;
use super::replace_link::replace_link;
use super::restore::still;
use super::target::Target;
use crate::model::blob::Blob;
use crate::model::change::{
    Change, ChangeKind, Difference, Effect, Field, Ownership, Undo, file_becomes,
};
use crate::model::probe::{FileInfo, FileKind, FileState, Observation, Probe};
use crate::model::step::{Action, Guard, Step};
use crate::module::{Decision, Failure, Parameters, Stop};

/// A regular file as a task wants it.
#[derive(Clone, Debug)]
pub struct FileWish<'a> {
    /// `None`: the content that is there is right.
    pub content: Option<Blob>,
    pub attributes: &'a Resolved,
    /// Whether the old file is kept.
    pub backup: bool,
    /// The program that must accept the new content, with `%s` for its path.
    pub validate: Option<Vec<String>>,
    /// Another change of the same task makes its directory.
    pub directory_is_made: bool,
    /// Nobody may see the content.
    pub secret: bool,
}

impl<'a> FileWish<'a> {
    /// A content, and nothing else that is special.
    pub fn new(content: Option<Blob>, attributes: &'a Resolved) -> Self {
        Self {
            content,
            attributes,
            backup: false,
            validate: None,
            directory_is_made: false,
            secret: false,
        }
    }

    /// With what the parameters `backup` and `validate` say.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn with_parameters(mut self, parameters: &Parameters) -> Result<Self, Stop> {
        self.backup = parameters.boolean("backup", false)?;
        self.validate = validation(parameters)?;
        Ok(self)
    }
}

/// What a file becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct FileOutcome {
    /// `None`: it is as it should be.
    pub change: Option<Change>,
    pub path: String,
    /// The file as it will be.
    pub info: FileInfo,
    /// Where the old file is kept.
    pub backup: Option<String>,
}

/// What has to be done so that the file is as it is wanted.
///
/// # Errors
/// When it cannot be: its directory is missing, or something else than a file stands there.
pub fn file_change(target: &Target, wish: FileWish<'_>) -> Result<FileOutcome, Stop> {
    match &target.state {
        FileState::Absent { parent_exists } => {
            if !parent_exists && !wish.directory_is_made {
                return Err(paths::no_directory(&target.path));
            }
            Ok(create(target, wish))
        }
        FileState::Present(found) => match found.kind {
            FileKind::Directory => Err(Failure::new(format!(
                "`{}` is a directory, and a file is wanted there",
                target.path
            ))
            .help("name a file inside it, or remove it with `file: { state: absent }` before")
            .into()),
            FileKind::Other => Err(Stop::failed(format!(
                "`{}` is a device, a socket or a pipe, and a file is wanted there",
                target.path
            ))),
            FileKind::Link { .. } => Ok(replace_link(target, found, wish)),
            FileKind::File => Ok(update(target, found, wish)),
        },
    }
}

fn create(target: &Target, wish: FileWish<'_>) -> FileOutcome {
    let content = wish.content.unwrap_or_default();
    let path = &target.path;
    let info = with_content(wish.attributes.new_info(FileKind::File), &content);
    let steps = vec![
        Step::new(Action::WriteFile {
            path: path.clone(),
            content: content.clone(),
            attributes: wish.attributes.for_new(false),
            validate: wish.validate,
            backup: None,
        })
        .guarded(Guard::Absent { path: path.clone() }),
    ];
    let undo = vec![Step::new(Action::Remove { path: path.clone() }).guarded(is(path, &content))];
    let fields = wish.attributes.fields_for_new(false);
    FileOutcome {
        change: Some(Change {
            kind: ChangeKind::Create,
            resource: path.clone(),
            difference: content_difference(None, &content, fields, wish.secret),
            notes: Vec::new(),
            steps,
            undo: Undo::Steps(undo),
            effects: effects(target, &info),
        }),
        path: path.clone(),
        info,
        backup: None,
    }
}

fn update(target: &Target, found: &FileInfo, wish: FileWish<'_>) -> FileOutcome {
    let path = &target.path;
    let (set, fields) = wish.attributes.difference(found);
    let info = wish.attributes.applied(found);
    let content = wish
        .content
        .filter(|content| found.sha256.as_ref() != Some(&content.sha256()));
    let Some(content) = content else {
        return FileOutcome {
            change: attributes_change(path, found, wish.attributes),
            path: path.clone(),
            info,
            backup: None,
        };
    };
    let info = with_content(info, &content);
    let guard = still(path, found);
    let backup = wish.backup.then(|| backup_path(path, found));
    let mut effects = effects(target, &info);
    if let Some(backup) = &backup {
        effects.extend(file_becomes(backup, target.state.clone()));
    }
    let undo = match &found.content {
        Some(old) => Undo::Steps(vec![
            Step::new(Action::WriteFile {
                path: path.clone(),
                content: old.clone(),
                attributes: all_of(found),
                validate: None,
                backup: None,
            })
            .guarded(is(path, &content)),
        ]),
        None => Undo::Impossible(format!(
            "the old content of `{path}` is too large and was not read; `backup: yes` keeps it on the host"
        )),
    };
    let difference = match &found.content {
        Some(old) => content_difference(Some(old), &content, fields, wish.secret),
        None => {
            let mut all = vec![Field::new(
                "content",
                Some(summary(
                    found.size,
                    found.sha256.as_deref().unwrap_or_default(),
                )),
                Some(summary(info.size, &content.sha256())),
            )];
            all.extend(fields);
            Difference::Fields(all)
        }
    };
    FileOutcome {
        change: Some(Change {
            kind: ChangeKind::Update,
            resource: path.clone(),
            difference,
            notes: Vec::new(),
            steps: vec![
                Step::new(Action::WriteFile {
                    path: path.clone(),
                    content,
                    attributes: set,
                    validate: wish.validate,
                    backup: backup.clone(),
                })
                .guarded(guard),
            ],
            undo,
            effects,
        }),
        path: path.clone(),
        info,
        backup,
    }
}

/// The change of mode, owner and group of something that is there; `None`: they are as they should be.
pub fn attributes_change(path: &str, found: &FileInfo, wanted: &Resolved) -> Option<Change> {
    let (set, fields) = wanted.difference(found);
    if set.is_empty() {
        return None;
    }
    let exists = Guard::Exists {
        path: path.to_owned(),
    };
    let step = |attributes| {
        Step::new(Action::SetAttributes {
            path: path.to_owned(),
            attributes,
        })
        .guarded(exists.clone())
    };
    let info = wanted.applied(found);
    let effect = Effect::Attributes {
        path: path.to_owned(),
        after: Ownership {
            mode: set.mode,
            owner: set.owner.as_ref().map(|_| (info.owner, info.uid)),
            group: set.group.as_ref().map(|_| (info.group, info.gid)),
        },
    };
    Some(Change {
        kind: ChangeKind::Update,
        resource: path.to_owned(),
        difference: Difference::Fields(fields),
        notes: Vec::new(),
        undo: Undo::Steps(vec![step(restoring(&set, found))]),
        steps: vec![step(set)],
        effects: vec![effect],
    })
}

/// What is observed differently after a file has become `info`: the file, and the links that lead to it.
pub(super) fn effects(target: &Target, info: &FileInfo) -> Vec<Effect> {
    let mut effects = file_becomes(&target.path, FileState::Present(Box::new(info.clone())));
    for (path, link) in &target.links {
        let mut link = link.clone();
        link.sha256.clone_from(&info.sha256);
        link.content.clone_from(&info.content);
        if let FileKind::Link { resolved, .. } = &mut link.kind {
            *resolved = Some(target.path.clone());
        }
        let state = |info| Observation::File(FileState::Present(Box::new(info)));
        effects.push(Effect::Becomes(
            Probe::Content(path.clone()),
            state(link.clone()),
        ));
        link.content = None;
        effects.push(Effect::Becomes(Probe::File(path.clone()), state(link)));
    }
    effects
}

pub(super) fn with_content(info: FileInfo, content: &Blob) -> FileInfo {
    FileInfo {
        kind: FileKind::File,
        size: content.len() as u64,
        sha256: Some(content.sha256()),
        content: Some(content.clone()),
        ..info
    }
}

/// The guard that a file still holds a content.
pub fn is(path: &str, content: &Blob) -> Guard {
    Guard::Sha256 {
        path: path.to_owned(),
        sha256: content.sha256(),
    }
}

/// Named after the content that it keeps, so that the same content is kept once.
pub fn backup_path(path: &str, found: &FileInfo) -> String {
    let sha256 = found.sha256.as_deref().unwrap_or("unknown");
    format!("{path}.{}~", &sha256[..sha256.len().min(12)])
}

impl FileOutcome {
    /// The decision of a task that is about this file alone, with what `register` gets.
    pub fn into_decision(self) -> Decision {
        let mut result = describe(&self.info);
        result.insert("dest".to_owned(), self.path.into());
        if let Some(backup) = self.backup {
            result.insert("backup_file".to_owned(), backup.into());
        }
        Decision {
            changes: self.change.into_iter().collect(),
            result,
            ..Decision::default()
        }
    }
}
