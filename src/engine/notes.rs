//! What is kept on a host: the last run that changed it, and notes of what it is still owed.
//!
//! All of it is below `/var/lib/cachesmith`, and is written in the script that makes the changes, before the first of
//! them. It is a help for the next run and for whoever looks at the host, never a condition: where it cannot be written
//! (a session that is not root's), the changes are made all the same.

use sha2::{Digest, Sha256};

use crate::model::probe::Program;
use crate::model::step::{Action, Step};

/// Notes of handlers and restarts that a host is owed, one file for each play; gone when none is.
const OWED: &str = "/var/lib/cachesmith/pending";

/// Writes who changed the host last, at once: arguments are the run, who, and what. Then a note where there is a path
/// and lines for it.
const WRITE: &str = r#"folder=/var/lib/cachesmith
umask 022
if [ -n "$1" ] && { [ -d "$folder" ] || mkdir -p "$folder"; }; then
    new=$folder/.last-run-$$
    printf 'run=%s\ntime=%s\nby=%s\nwhat=%s\n' "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" >"$new" && mv -f "$new" "$folder/last-run"
fi
shift 3
[ $# -gt 1 ] || exit 0
umask 077
path=$1
shift
mkdir -p "${path%/*}" && printf '%s\n' "$@" >"$path"
"#;

/// Takes a note away, and the folders that held it when they are empty.
const AWAY: &str = "rm -f \"$1\"; d=${1%/*}; rmdir \"$d\" \"${d%/*}\" 2>/dev/null; :";

/// Names a play, or the rollback of a run, on a host: no name can be a bad file name.
pub(super) fn key(name: &str) -> String {
    Sha256::digest(name.as_bytes())
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Where what is owed under a key is noted.
pub(super) fn path(key: &str) -> String {
    format!("{OWED}/{key}")
}

/// The run that changes a host, as the host keeps it.
#[derive(Clone, Debug, Default)]
pub struct RunOnHost {
    pub run: String,
    /// Who started it: `user@machine`.
    pub by: String,
    /// `apply redis-cache`, `rollback of RUN`.
    pub what: String,
}

/// Writes down the run, and what is owed under a key where anything is. `None`: the run is written down already.
pub(super) fn write(run: Option<&RunOnHost>, key: &str, owed: &[String]) -> Step {
    let nobody = RunOnHost::default();
    let run = run.unwrap_or(&nobody);
    let mut words = vec![run.run.clone(), run.by.clone(), run.what.clone()];
    if !owed.is_empty() {
        words.push(path(key));
        words.extend(owed.iter().cloned());
    }
    step(WRITE, words)
}

/// Nothing is owed under a key any more.
pub(super) fn remove(key: &str) -> Step {
    step(AWAY, vec![path(key)])
}

/// What it comes to decides nothing.
fn step(text: &str, words: Vec<String>) -> Step {
    let mut argv: Vec<String> = ["sh", "-c", text, "note"].map(str::to_owned).to_vec();
    argv.extend(words);
    Step::new(Action::Program {
        program: Box::new(Program::new(argv)),
        accepted: Vec::new(),
    })
}
