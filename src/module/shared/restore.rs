//! Steps that bring back what stood at a path.

use super::attributes::all_of;
use crate::model::change::Undo;
use crate::model::probe::{FileInfo, FileKind};
use crate::model::step::{Action, Guard, Step};

/// Makes again what was there; an empty directory, not what was in it. `None` where that is not known.
fn make_again(path: &str, old: &FileInfo) -> Option<Action> {
    let path = path.to_owned();
    match &old.kind {
        FileKind::File => old.content.as_ref().map(|content| Action::WriteFile {
            path,
            content: content.clone(),
            attributes: all_of(old),
            validate: None,
            backup: None,
        }),
        FileKind::Directory => Some(Action::MakeDirectory {
            path,
            attributes: all_of(old),
        }),
        FileKind::Link { target, .. } => Some(Action::Link {
            path,
            target: target.clone(),
            hard: false,
        }),
        FileKind::Other => None,
    }
}

/// The undo of a removal: it is made again where nothing stands.
pub fn undo_removal(path: &str, old: &FileInfo) -> Undo {
    let absent = Guard::Absent {
        path: path.to_owned(),
    };
    match make_again(path, old) {
        Some(action) => Undo::Steps(vec![Step::new(action).guarded(absent)]),
        None => Undo::Impossible(why_not(path, old)),
    }
}

/// The undo of a replacement by something that `guard` recognizes and that a file or a link can replace.
pub fn undo_replacement(path: &str, old: &FileInfo, guard: Guard) -> Undo {
    match make_again(path, old) {
        None => Undo::Impossible(why_not(path, old)),
        Some(action @ Action::MakeDirectory { .. }) => {
            let remove = Action::Remove {
                path: path.to_owned(),
            };
            Undo::Steps(vec![Step::new(remove).guarded(guard), Step::new(action)])
        }
        Some(action) => Undo::Steps(vec![Step::new(action).guarded(guard)]),
    }
}

fn why_not(path: &str, old: &FileInfo) -> String {
    match old.kind {
        FileKind::File => format!("the content of `{path}` is too large and was not read"),
        _ => format!("the device, socket or pipe at `{path}` cannot be made again"),
    }
}

/// The guard that what was observed is still there.
pub fn still(path: &str, found: &FileInfo) -> Guard {
    let path = path.to_owned();
    match (&found.kind, &found.sha256) {
        (FileKind::File | FileKind::Link { .. }, Some(sha256)) => Guard::Sha256 {
            path,
            sha256: sha256.clone(),
        },
        _ => Guard::Exists { path },
    }
}
