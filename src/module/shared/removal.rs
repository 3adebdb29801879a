//! Files that are to go.

use super::attributes::all_of;
use super::describe::summary;
use super::file_change::is;
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Field, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileState};
use crate::model::step::{Action, Guard, Step};

/// The change that removes a regular file whose content is known.
pub fn file_removal(path: &str, info: &FileInfo, content: &Blob) -> Change {
    Change {
        kind: ChangeKind::Remove,
        resource: path.to_owned(),
        difference: match content.as_text() {
            Some(text) => Difference::Text {
                before: Some(text.to_owned()),
                after: None,
                fields: Vec::new(),
            },
            None => Difference::Fields(vec![Field::new(
                "content",
                Some(summary(content.len() as u64, &content.sha256())),
                None::<&str>,
            )]),
        },
        notes: Vec::new(),
        steps: vec![
            Step::new(Action::Remove {
                path: path.to_owned(),
            })
            .guarded(is(path, content)),
        ],
        undo: Undo::Steps(vec![
            Step::new(Action::WriteFile {
                path: path.to_owned(),
                content: content.clone(),
                attributes: all_of(info),
                validate: None,
                backup: None,
            })
            .guarded(Guard::Absent {
                path: path.to_owned(),
            }),
        ]),
        effects: file_becomes(
            path,
            FileState::Absent {
                parent_exists: true,
            },
        ),
    }
}
