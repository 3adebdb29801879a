//! Directories that a task makes.

use super::attributes::Resolved;
use super::mode::new_mode;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo, file_becomes};
use crate::model::probe::{FileKind, FileState, Program};
use crate::model::step::{Action, Guard, Step};

/// The change that makes one directory. Its parent is there by then.
pub fn make_directory(path: &str, attributes: &Resolved) -> Change {
    let info = attributes.new_info(FileKind::Directory);
    let mut given = attributes.for_new(true);
    given.mode.get_or_insert(new_mode(true));
    Change {
        kind: ChangeKind::Create,
        resource: path.to_owned(),
        difference: Difference::Fields(
            [
                vec![Field::new("state", Some("absent"), Some("directory"))],
                attributes.fields_for_new(true),
            ]
            .concat(),
        ),
        notes: Vec::new(),
        steps: vec![
            Step::new(Action::MakeDirectory {
                path: path.to_owned(),
                attributes: given,
            })
            .guarded(Guard::Absent {
                path: path.to_owned(),
            }),
        ],
        undo: Undo::Steps(vec![
            Step::new(Action::Program {
                program: Box::new(Program::new(["rmdir", "--", path])),
                accepted: vec![0],
            })
            .guarded(Guard::Exists {
                path: path.to_owned(),
            }),
        ]),
        effects: file_becomes(path, FileState::Present(Box::new(info))),
    }
}
