//! Commands: each reads its arguments, loads what they name, lets the engine work and the views tell.

mod again;
pub mod args;
mod conduct;
mod disconnect;
mod exit;
mod facts;
mod freeze;
mod init;
mod inventory;
mod lint;
mod locks;
mod modules;
mod opening;
mod person;
mod play;
mod prepare;
mod resume;
mod rollback;
mod saved;
mod span;
mod tags;
mod usage;

pub use exit::Exit;
pub use usage::tell as tell_usage;

use args::{Arguments, Command};

use std::path::Path;

use crate::error::Error;
use crate::journal::saved::is_plan;
use crate::view::Console;

/// The manual page, in roff, made of the same words as the help.
///
/// # Errors
/// When it is not text, which would be a fault of ours.
pub fn man_page() -> anyhow::Result<String> {
    let command = <Arguments as clap::CommandFactory>::command();
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8(page)?)
}

/// Runs one command; what is wrong with its input is told by the caller.
///
/// # Errors
/// Everything that is wrong before the first connection.
pub fn run(arguments: &Arguments, console: &mut Console) -> Result<Exit, Error> {
    use crate::model::event::Mode;
    match &arguments.command {
        Command::Plan(plan) => match &plan.out {
            Some(out) => saved::plan(&plan.play, out, console),
            None => play::run(Mode::Plan, &plan.play, false, None, console),
        },
        Command::Apply(apply) if is_plan(Path::new(&apply.play.playbook)) => {
            saved::apply(Path::new(&apply.play.playbook), apply, console)
        }
        Command::Apply(apply) => {
            let reason = apply.override_freeze.as_deref();
            play::run(Mode::Apply, &apply.play, apply.yes, reason, console)
        }
        Command::Verify(play) => play::run(Mode::Verify, play, false, None, console),
        Command::Facts(facts) => facts::facts(facts, console),
        Command::Explain(explain) => facts::explain(explain, console),
        Command::Inventory(inventory) => inventory::run(inventory, console),
        Command::Lint(lint) => lint::run(lint, console),
        Command::Lock(lock) => locks::lock(lock, console),
        Command::Unlock(unlock) => locks::unlock(unlock, console),
        Command::Locks(hosts) => locks::list(hosts, console),
        Command::Disconnect => disconnect::run(console),
        Command::Init { folder } => init::run(folder, console),
        Command::Modules { name } => modules::run(name.as_deref(), console),
        Command::Runs => crate::cli::play::list_runs(console),
        Command::Resume(resume) => resume::run(resume, console),
        Command::Rollback(rollback) => rollback::run(rollback, console),
        Command::Show { run } if is_plan(Path::new(run)) => saved::show(Path::new(run), console),
        Command::Show { run } => crate::cli::play::show_run(run, console),
        // Made before anything else; it needs no console.
        Command::ManPage => Ok(Exit::Done),
        Command::Completions { shell } => {
            console.text(completions(*shell).trim_end());
            Ok(Exit::Done)
        }
    }
}

/// A completion script.
fn completions(shell: clap_complete::Shell) -> String {
    let mut command = <Arguments as clap::CommandFactory>::command();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "cachesmith", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
