//! A note on the host of what a restart has still to bring.
//!
//! Most of what is read at the start only is seen again in CONFIG GET. What is not (`rename-command`, `loadmodule`,
//! `user`, `include`) would be forgotten once the file is written, so it is noted before, with the `run_id` of the
//! server that runs without it: another server has started since, and has read the file.

use crate::model::blob::Blob;
use crate::model::change::Effect;
use crate::model::probe::{FileState, Probe};
use crate::model::step::{Action, Step};
use crate::module::{Look, Stop};

const FOLDER: &str = "/var/lib/cachesmith/restart";

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) run_id: String,
    pub(super) names: Vec<String>,
}

/// Where the note about a configuration file is kept.
pub(super) fn path(file: &str) -> String {
    format!("{FOLDER}/{}", &Blob::from(file).sha256()[..24])
}

/// The note about a file, if there is one.
///
/// # Errors
/// See [`Look::observe`].
pub(super) fn read(look: &Look<'_>, file: &str) -> Result<Option<Note>, Stop> {
    let FileState::Present(info) = look.content(&path(file))? else {
        return Ok(None);
    };
    let text = info.content.as_ref().and_then(Blob::as_text);
    let mut lines = text.unwrap_or_default().lines().map(str::to_owned);
    Ok(Some(Note {
        run_id: lines.next().unwrap_or_default(),
        names: lines.collect(),
    }))
}

/// Puts down what the server `run_id` runs without. Names only: values may be secret. It is on the disk before the
/// configuration that follows: after a loss of power there is no such file without it.
pub(super) fn write(file: &str, run_id: &str, names: &[String]) -> Step {
    let mut lines = vec![run_id.to_owned()];
    lines.extend_from_slice(names);
    Step::new(Action::KeepNote {
        path: path(file),
        lines,
        by_root_alone: false,
    })
}

pub(super) fn remove(file: &str) -> Step {
    Step::new(Action::RemoveNote { path: path(file) })
}

/// It is looked at again.
pub(super) fn effect(file: &str) -> Effect {
    Effect::AskAgain(Probe::Content(path(file)))
}
