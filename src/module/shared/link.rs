//! Symbolic links that a task makes.

use super::attributes::Resolved;
use super::paths;
use super::restore::{still, undo_replacement};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{FileInfo, FileKind, FileState, Observation, Probe, Program};
use crate::model::step::{Action, Guard, Step};

/// The change that makes a link at a path, or lets it lead elsewhere; what stands there gives way, a directory only
/// when it is empty. `None`: it leads there already.
pub fn link_change(
    path: &str,
    target: &str,
    found: &FileState,
    attributes: &Resolved,
) -> Option<Change> {
    let exists = Guard::Exists {
        path: path.to_owned(),
    };
    let absent = Guard::Absent {
        path: path.to_owned(),
    };
    let link = Step::new(Action::Link {
        path: path.to_owned(),
        target: target.to_owned(),
        hard: false,
    });
    let (before, steps, undo) = match found {
        FileState::Present(old) if leads_to(old, target) => return None,
        FileState::Absent { .. } => {
            let remove = Action::Remove {
                path: path.to_owned(),
            };
            let undo = Undo::Steps(vec![Step::new(remove).guarded(exists)]);
            (None, vec![link.guarded(absent)], undo)
        }
        FileState::Present(old) => {
            let steps = match old.kind {
                FileKind::Directory => vec![remove_empty(path), link.guarded(absent)],
                _ => vec![link.guarded(still(path, old))],
            };
            (Some(words(old)), steps, undo_replacement(path, old, exists))
        }
    };
    let kind = match before {
        None => ChangeKind::Create,
        Some(_) => ChangeKind::Update,
    };
    let after = Some(format!("to {target}"));
    Some(Change {
        kind,
        resource: path.to_owned(),
        difference: Difference::Fields(vec![Field::new("link", before, after)]),
        notes: Vec::new(),
        steps,
        undo,
        effects: effects(path, target, attributes),
    })
}

fn leads_to(found: &FileInfo, target: &str) -> bool {
    matches!(&found.kind, FileKind::Link { target: old, .. } if old == target)
}

fn words(found: &FileInfo) -> String {
    match &found.kind {
        FileKind::Link { target, .. } => format!("to {target}"),
        FileKind::Directory => "a directory".to_owned(),
        FileKind::File => "a file".to_owned(),
        FileKind::Other => "a device, a socket or a pipe".to_owned(),
    }
}

/// Without its content, the link is known; what is read through it is known only when it is there.
fn effects(path: &str, target: &str, attributes: &Resolved) -> Vec<Effect> {
    let kind = FileKind::Link {
        target: target.to_owned(),
        resolved: Some(paths::join(paths::parent(path), target)),
    };
    let info = FileInfo {
        size: target.len() as u64,
        ..attributes.new_info(kind)
    };
    let state = Observation::File(FileState::Present(Box::new(info)));
    vec![
        Effect::Becomes(Probe::File(path.to_owned()), state),
        Effect::Unknown {
            probe: Probe::Content(path.to_owned()),
            reason: format!("the change of {path}"),
        },
    ]
}

/// Removes a directory; fails where something is in it.
pub fn remove_empty(path: &str) -> Step {
    Step::new(Action::Program {
        program: Box::new(Program::new(["rmdir", "--", path])),
        accepted: vec![0],
    })
    .guarded(Guard::Exists {
        path: path.to_owned(),
    })
}
