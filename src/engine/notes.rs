//! What is kept on a host: the last run that changed it, and notes of what it is still owed.
//!
//! All of it is below `/var/lib/cachesmith`, and is written in the script that makes the changes, before the first of
//! them. Where root cannot note what a change will owe, the change is not made: a full disk would end the run behind it,
//! and no later run would know of the restart. A session that is not root's writes nothing.

use sha2::{Digest, Sha256};

use crate::model::probe::Program;
use crate::model::step::{Action, Outcome, Step, StepStatus};
use crate::module::Failure;

/// Notes of handlers and restarts that a host is owed, one file for each play; gone when none is.
const OWED: &str = "/var/lib/cachesmith/pending";

/// Writes who changed the host last, at once: arguments are the run, who, and what. Then a note where there is a path
/// and lines for it, onto the disk, so that after a loss of power there is none of the changes without it. It fails
/// where root cannot keep the note.
///
/// It is tried more than once: under another name of the same machine, the folder may just be taken away.
const WRITE: &str = r#"folder=/var/lib/cachesmith
sweep() {
    for old in "$folder"/.new-*; do
        [ ! -e "$old" ] || kill -0 "${old##*-}" 2>/dev/null || rm -f "$old"
    done
    new=$folder/.new-$$
}
umask 022
if [ -n "$1" ] && { [ -d "$folder" ] || mkdir -p "$folder"; }; then
    sweep
    printf 'run=%s\ntime=%s\nby=%s\nwhat=%s\n' "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" >"$new" && mv -f "$new" "$folder/last-run" || rm -f "$new"
fi
shift 3
[ $# -gt 1 ] && [ "$(id -u)" = 0 ] || exit 0
umask 077
path=$1 folder=${1%/*}
shift
for try in 1 2 3; do
    mkdir -p "$folder" || continue
    sweep
    if printf '%s\n' "$@" >"$new"; then
        sync "$new" 2>/dev/null
        if mv -f "$new" "$path"; then
            sync "$folder" 2>/dev/null
            exit 0
        fi
    fi
    rm -f "$new"
done
exit 1
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
    step(WRITE, words, vec![0])
}

/// What ended a script before its first change: what is owed could not be put down. `before`: the steps of notes that
/// stood first in it.
pub(super) fn failure(before: &[Step], outcomes: &[Outcome]) -> Option<Failure> {
    let outcome = outcomes.first().filter(|_| !before.is_empty())?;
    let failed = matches!(outcome.status, StepStatus::Failed | StepStatus::TimedOut);
    failed.then(|| {
        Failure::new(format!(
            "the host cannot note what it will be owed: {}",
            outcome.stderr.to_lossy().trim()
        ))
        .help("nothing was changed: should a run end early, no later one would know which handlers have to run")
    })
}

/// Nothing is owed under a key any more. What it comes to decides nothing.
pub(super) fn remove(key: &str) -> Step {
    step(AWAY, vec![path(key)], Vec::new())
}

fn step(text: &str, words: Vec<String>, accepted: Vec<i32>) -> Step {
    let mut argv: Vec<String> = ["sh", "-c", text, "note"].map(str::to_owned).to_vec();
    argv.extend(words);
    Step::new(Action::Program {
        program: Box::new(Program::new(argv)),
        accepted,
    })
}
