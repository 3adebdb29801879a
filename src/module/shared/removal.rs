//! Files that are to go.

use super::describe::summary;
use super::restore::{still, undo_removal};
use crate::model::blob::Blob;
use crate::model::change::{Change, ChangeKind, Difference, Field, file_becomes};
use crate::model::probe::{FileInfo, FileState};
use crate::model::step::{Action, Step};

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
            .guarded(still(path, info)),
        ],
        undo: undo_removal(path, info),
        effects: file_becomes(
            path,
            FileState::Absent {
                parent_exists: true,
            },
        ),
    }
}
