//! `resume`: goes on with a run that did not come to its end everywhere.

use super::Exit;
use super::again::{self, input};
use super::args::ResumeArguments;
use super::play::{self, Again};
use crate::error::{Error, ErrorKind, Result};
use crate::journal;
use crate::load::inputs;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Mode;
use crate::view::Console;

pub(super) fn run(wanted: &ResumeArguments, console: &mut Console) -> Result<Exit> {
    let run = journal::read(&wanted.run)?;
    let recorded = again::go_back(&run)?;
    if let Some(undone) = &recorded.undoes {
        return Err(input(
            format!(
                "run {} is a rollback, and a rollback is not resumed",
                run.name
            ),
            &format!("`cachesmith rollback {undone}` takes back what is left"),
        ));
    }
    let left = run.progress().left();
    if left.is_empty() {
        console.note(&format!(
            "Run {} is done on all of its hosts: there is nothing to go on with.",
            run.name
        ));
        return Ok(Exit::Done);
    }
    let arguments = again::arguments(&recorded, wanted.persist);
    let again = Again {
        run: run.name.clone(),
        hosts: left,
    };
    let check = || {
        let changed = inputs::differences(&recorded.inputs);
        if changed.is_empty() || wanted.changed_inputs {
            return Ok(());
        }
        let mut diagnostic = Diagnostic::error(format!(
            "the playbook or the inventory is not as it was when run {} was started",
            run.name
        ));
        for (name, how) in changed {
            diagnostic = diagnostic.help(format!("`{name}` {how}"));
        }
        Err(Error::new(
            ErrorKind::Input,
            vec![
                diagnostic
                    .help("`--changed-inputs` goes on with what they say now")
                    .help("`cachesmith apply` begins anew"),
            ],
        ))
    };
    play::run_again(
        Mode::Apply,
        &arguments,
        wanted.yes,
        wanted.override_freeze.as_deref(),
        &again,
        check,
        console,
    )
}
