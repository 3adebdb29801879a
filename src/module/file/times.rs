//! Modification and access times.

use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{FileInfo, FileState, Observation, Probe, Program};
use crate::model::step::{Action, Guard, Step};
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

    /// The change that sets them. `info`: what is there by then; that it has changed says that its time is not known.
    pub(super) fn change(self, path: &str, info: &FileInfo) -> Option<Change> {
        let touch = |modified| {
            Step::new(Action::Touch {
                path: path.to_owned(),
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
        let exists = Guard::Exists {
            path: path.to_owned(),
        };
        let undo = if self.modification {
            Undo::Steps(vec![touch(Some(info.modified)).guarded(exists.clone())])
        } else {
            Undo::Impossible(format!("the old access time of `{path}` is not known"))
        };
        Some(Change {
            kind: ChangeKind::Update,
            resource: path.to_owned(),
            difference: Difference::Fields(vec![Field::new(name, None::<String>, Some("now"))]),
            notes: Vec::new(),
            steps: vec![step.guarded(exists)],
            undo,
            effects: vec![Effect::Becomes(
                Probe::File(path.to_owned()),
                Observation::File(FileState::Present(Box::new(FileInfo {
                    content: None,
                    ..info.clone()
                }))),
            )],
        })
    }
}
