//! What `resume` and `rollback` share: a recorded run's own arguments.

use super::args::{ConnectionArgument, HostArguments, PersistArgument, PlayArguments};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{RunArguments, RunDetail, VERSION};
use crate::load;
use crate::model::diagnostic::Diagnostic;

/// What a run records of how it was started.
pub(super) fn record(
    play: &PlayArguments,
    folder: &std::path::Path,
    plays: &[Vec<String>],
) -> RunArguments {
    RunArguments {
        version: VERSION,
        directory: std::env::current_dir().unwrap_or_default(),
        playbook: play.playbook.clone(),
        playbook_folder: folder.to_owned(),
        inventory: play.hosts.inventory.clone(),
        limit: play.hosts.limit.clone(),
        extra_vars: play.hosts.extra_vars.clone(),
        tags: play.tags.clone(),
        skip_tags: play.skip_tags.clone(),
        forks: play.hosts.forks,
        connecting: play.hosts.connecting,
        connection: play.hosts.connection.map(|connection| {
            match connection {
                ConnectionArgument::Ssh => "ssh",
                ConnectionArgument::Local => "local",
            }
            .to_owned()
        }),
        plays: plays.to_vec(),
        inputs: load::inputs::read(),
        undoes: None,
        resumes: None,
    }
}

/// The same arguments as those of a command line, with what is not recorded.
pub(super) fn arguments(recorded: &RunArguments, persist: PersistArgument) -> PlayArguments {
    PlayArguments {
        playbook: recorded.playbook.clone(),
        hosts: HostArguments {
            inventory: recorded.inventory.clone(),
            limit: recorded.limit.clone(),
            extra_vars: recorded.extra_vars.clone(),
            forks: recorded.forks.max(1),
            connecting: recorded.connecting.max(1),
            persist,
            connection: recorded
                .connection
                .as_deref()
                .map(|connection| match connection {
                    "local" => ConnectionArgument::Local,
                    _ => ConnectionArgument::Ssh,
                }),
            simulation: None,
        },
        tags: recorded.tags.clone(),
        skip_tags: recorded.skip_tags.clone(),
    }
}

/// How a run was started, with this program in the folder where that was: its paths are relative to it.
///
/// # Errors
/// Where it was recorded by an older version, or the folder is gone.
pub(super) fn go_back(run: &RunDetail) -> Result<RunArguments> {
    let Some(arguments) = run.arguments.clone() else {
        return Err(input(
            format!("how run {} was started was not recorded", run.name),
            "it was made by an older version: run its playbook again",
        ));
    };
    std::env::set_current_dir(&arguments.directory).map_err(|error| {
        input(
            format!(
                "run {} was started in `{}`, which cannot be entered: {error}",
                run.name,
                arguments.directory.display()
            ),
            "its inventory and playbook are named from there",
        )
    })?;
    Ok(arguments)
}

/// A mistake in what was asked for, with a way out.
pub(super) fn input(problem: String, help: &str) -> Error {
    Error::new(
        ErrorKind::Input,
        vec![Diagnostic::error(problem).help(help)],
    )
}
