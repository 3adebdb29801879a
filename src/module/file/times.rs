//! Modification and access times.

use crate::model::change::{Change, ChangeKind, Difference, Field, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileState, Program};
use crate::model::step::{Action, Guard, Step};
use crate::module::shared::target::Target;
use crate::module::{Parameters, Stop};

/// Which times become now; the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    modification: bool,
    access: bool,
}

impl Times {
    /// `now`: what is meant where nothing is given.
    pub(super) fn of(parameters: &Parameters, now: bool) -> Result<Self, Stop> {
        let read = |name| -> Result<bool, Stop> {
            Ok(match parameters.string(name)?.as_deref() {
                None | Some("") => now,
                Some("now") => true,
                Some("preserve") => false,
                Some(other) => {
                    return Err(Stop::failed(format!(
                        "`{name}: {other}` is not known: write `now` or `preserve`"
                    )));
                }
            })
        };
        Ok(Self {
            modification: read("modification_time")?,
            access: read("access_time")?,
        })
    }

    /// The change that sets them. `info`: what is there by then.
    pub(super) fn change(self, target: &Target, info: &FileInfo) -> Option<Change> {
        let path = &target.path;
        let touch = |modified| {
            Step::new(Action::Touch {
                path: path.clone(),
                modified,
            })
        };
        let one = |option: &str| {
            Step::new(Action::Program {
                program: Box::new(Program::new(["touch", "-c", option, "--", path])),
                accepted: vec![0],
            })
        };
        let (name, step) = match (self.modification, self.access) {
            (false, false) => return None,
            (true, true) => ("times", touch(None)),
            (true, false) => ("modification time", one("-m")),
            (false, true) => ("access time", one("-a")),
        };
        let exists = Guard::Exists { path: path.clone() };
        let undo = if self.modification {
            Undo::Steps(vec![touch(Some(info.modified)).guarded(exists.clone())])
        } else {
            Undo::Impossible(format!("the old access time of `{path}` is not known"))
        };
        Some(Change {
            kind: ChangeKind::Update,
            resource: path.clone(),
            difference: Difference::Fields(vec![Field::new(name, None::<String>, Some("now"))]),
            notes: Vec::new(),
            steps: vec![step.guarded(exists)],
            undo,
            effects: file_becomes(path, FileState::Present(Box::new(info.clone()))),
        })
    }
}
