//! Symbolic links that a task makes.

use super::attributes::Resolved;
use super::file_change::restoring_step;
use super::paths;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileKind, FileState};
use crate::model::step::{Action, Guard, Step};

/// The change that makes a link at a path, or lets it lead elsewhere; a file that stands there gives way, a directory
/// must be empty. `None`: it leads there already.
pub fn link_change(
    path: &str,
    target: &str,
    found: &FileState,
    attributes: &Resolved,
) -> Option<Change> {
    let kind = FileKind::Link {
        target: target.to_owned(),
        // Whether anything stands there is not looked at; the place is right where no other link lies on the way.
        resolved: Some(paths::join(paths::parent(path), target)),
    };
    let mut info = attributes.new_info(kind);
    let field = |before: Option<String>| Field::new("link", before, Some(format!("to {target}")));
    let at = || path.to_owned();
    let mut steps = Vec::new();
    let remove = Step::new(Action::Remove { path: at() }).guarded(Guard::Exists { path: at() });
    let (kind, fields, undo) = match found {
        FileState::Absent { .. } => (ChangeKind::Create, vec![field(None)], Undo::Steps(vec![remove])),
        FileState::Present(old) => {
            let (before, undo) = match &old.kind {
                FileKind::Link { target: old, .. } if old == target => return None,
                FileKind::Link { target: old, .. } => {
                    let back = Step::new(Action::Link {
                        path: at(),
                        target: old.clone(),
                        hard: false,
                    });
                    (
                        format!("to {old}"),
                        Undo::Steps(vec![back.guarded(Guard::Exists { path: at() })]),
                    )
                }
                FileKind::Directory => {
                    steps.push(remove_empty(path));
                    (
                        "a directory".to_owned(),
                        Undo::Steps(vec![remove, restoring_step(path, old)]),
                    )
                }
                FileKind::File => ("a file".to_owned(), undo_of_file(path, old, remove)),
                FileKind::Other => (
                    "a device, a socket or a pipe".to_owned(),
                    Undo::Impossible(format!("what stood at `{path}` cannot be made again")),
                ),
            };
            (ChangeKind::Update, vec![field(Some(before))], undo)
        }
    };
    let guard = match found {
        FileState::Absent { .. } => Guard::Absent { path: at() },
        FileState::Present(old) => match (&old.kind, &old.sha256) {
            (FileKind::Directory, _) => Guard::Absent { path: at() },
            (FileKind::File, Some(sha256)) => Guard::Sha256 {
                path: at(),
                sha256: sha256.clone(),
            },
            _ => Guard::Exists { path: at() },
        },
    };
    info.size = target.len() as u64;
    steps.push(
        Step::new(Action::Link {
            path: at(),
            target: target.to_owned(),
            hard: false,
        })
        .guarded(guard),
    );
    let mut effects = file_becomes(path, FileState::Present(Box::new(info)));
    // What is read through the link is not known from here.
    effects.truncate(1);
    effects.push(crate::model::change::Effect::Unknown {
        probe: crate::model::probe::Probe::Content(at()),
        reason: format!("the change of {path}"),
    });
    Some(Change {
        kind,
        resource: at(),
        difference: Difference::Fields(fields),
        notes: Vec::new(),
        steps,
        undo,
        effects,
    })
}

/// Fails where something has come into the directory.
pub fn remove_empty(path: &str) -> Step {
    Step::new(Action::Program {
        program: Box::new(crate::model::probe::Program::new(["rmdir", "--", path])),
        accepted: vec![0],
    })
    .guarded(Guard::Exists {
        path: path.to_owned(),
    })
}

fn undo_of_file(path: &str, old: &FileInfo, remove: Step) -> Undo {
    match old.content {
        Some(_) => Undo::Steps(vec![remove, restoring_step(path, old)]),
        None => Undo::Impossible(format!(
            "the content of `{path}` is too large and was not read"
        )),
    }
}
