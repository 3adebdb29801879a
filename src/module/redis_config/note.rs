//! A note on the host of what a restart has still to bring.
//!
//! Most of what is read at the start only is seen again in CONFIG GET. What is not (`rename-command`, `loadmodule`,
//! `user`, `include`) would be forgotten once the file is written, so it is noted before, with the `run_id` of the
//! server that runs without it: another server has started since, and has read the file.

use crate::model::blob::Blob;
use crate::model::change::Effect;
use crate::model::probe::{FileState, Probe};
use crate::model::step::Step;
use crate::module::shared::program::run;
use crate::module::{Look, Stop};

const FOLDER: &str = "/var/lib/cachesmith/restart";

/// Whole and onto the disk, as the configuration that follows: after a loss of power there is no such file without it.
const WRITE: &str = r#"umask 077; file=$1 folder=${1%/*}; shift
mkdir -p "$folder" || exit 1
for old in "$folder"/.new-*; do
    [ ! -e "$old" ] || kill -0 "${old##*-}" 2>/dev/null || rm -f "$old"
done
new=$folder/.new-$$
if printf '%s\n' "$@" >"$new"; then
    sync "$new" 2>/dev/null
    mv -f "$new" "$file" && exit 0
fi
rm -f "$new"
exit 1"#;

/// Takes it away, and the folders that held it when they are empty.
const REMOVE: &str = r#"rm -f "$1"; folder=${1%/*}; rmdir "$folder" "${folder%/*}" 2>/dev/null; :"#;

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

/// Puts down what the server `run_id` runs without. Names only: values may be secret.
pub(super) fn write(file: &str, run_id: &str, names: &[String]) -> Step {
    let mut words = vec!["/bin/sh", "-c", WRITE, "note"];
    let path = path(file);
    words.extend([path.as_str(), run_id]);
    words.extend(names.iter().map(String::as_str));
    run(words)
}

pub(super) fn remove(file: &str) -> Step {
    run(["/bin/sh", "-c", REMOVE, "note", &path(file)])
}

/// It is looked at again.
pub(super) fn effect(file: &str) -> Effect {
    Effect::AskAgain(Probe::Content(path(file)))
}
