//! `facts`: what each host is. `explain`: what its memory is worth, and why.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Exit;
use super::args::FactsArguments;
use super::prepare::{self, Wish};
use crate::engine::exchange::Trouble;
use crate::engine::survey::survey;
use crate::engine::walk::Tags;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::NoJournal;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::{Mode, ShownFailure};
use crate::model::inventory::pattern::Patterns;
use crate::model::template::Templates;
use crate::module::Failure;
use crate::view::{Answer, Console};

/// Which of the two commands it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    Facts,
    Derivation,
}

pub(super) fn run(
    arguments: &FactsArguments,
    telling: Telling,
    console: &mut Console,
) -> Result<Exit> {
    let hosts = prepare::hosts(&arguments.hosts, None)?;
    console.diagnostics(&hosts.warnings);
    let patterns = Patterns::parse(&arguments.pattern)?;
    let selected = hosts
        .inventory
        .select_limited(&patterns, hosts.limit.as_ref())?;
    let names: Vec<String> = selected
        .into_iter()
        .map(|host| host.name().to_owned())
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(
                ErrorKind::Local,
                vec![Diagnostic::error(format!("cannot start: {error}"))],
            )
        })?;
    Ok(runtime.block_on(ask(arguments, &hosts, names, telling, console)))
}

/// Asks all hosts and tells what they answer.
async fn ask(
    arguments: &FactsArguments,
    hosts: &prepare::Hosts,
    names: Vec<String>,
    telling: Telling,
    console: &mut Console,
) -> Exit {
    let wish = Wish {
        mode: Mode::Plan,
        tags: Tags::default(),
        detail: 0,
        connecting: arguments.hosts.connecting,
        playbook_folder: std::path::PathBuf::from("."),
        plays: &[],
        freezes: Vec::new(),
        person: None,
        what: String::new(),
    };
    // There are no events: nothing is run.
    let (events, _) = mpsc::unbounded_channel();
    let templates = Arc::new(Templates::default());
    let context = Arc::new(prepare::context(
        hosts,
        &templates,
        wish,
        events,
        Arc::new(NoJournal),
    ));
    let (sender, mut answers) = mpsc::unbounded_channel();
    let (as_root, forks) = (arguments.r#become, arguments.hosts.forks);
    match telling {
        Telling::Facts => console.begin_facts(&names),
        Telling::Derivation => console.begin_explaining(&names),
    }
    let asking = survey(&context, names, as_root, forks, &sender);
    tokio::pin!(asking);
    let mut exit = Exit::Done;
    let mut is_asking = true;
    while is_asking {
        tokio::select! {
            () = &mut asking => is_asking = false,
            Some((host, answer)) = answers.recv() => tell(&host, answer, console, &mut exit),
            _ = tokio::signal::ctrl_c() => context.interrupt(),
        }
    }
    while let Ok((host, answer)) = answers.try_recv() {
        tell(&host, answer, console, &mut exit);
    }
    console.end_facts();
    context.sessions.close().await;
    exit
}

/// Tells one host's answer, and keeps the exit code that weighs most.
fn tell(
    host: &str,
    answer: std::result::Result<crate::engine::survey::Known, Trouble>,
    console: &mut Console,
    exit: &mut Exit,
) {
    let shown = |failure: Failure| ShownFailure {
        message: failure.message,
        help: failure.help,
    };
    let (answer, code) = match answer {
        Ok(known) => {
            console.facts(host, &Answer::Known(&known.facts, &known.variables));
            return;
        }
        Err(Trouble::Unreachable(failure)) => {
            (Answer::Unreachable(shown(failure)), Exit::Unreachable)
        }
        Err(Trouble::Failed(failure) | Trouble::Refused(failure)) => {
            (Answer::Failed(shown(failure)), Exit::Failed)
        }
        Err(Trouble::Interrupted) => (Answer::Interrupted, Exit::Interrupted),
    };
    console.facts(host, &answer);
    let weight = |exit: Exit| match exit {
        Exit::Interrupted => 3,
        Exit::Failed => 2,
        Exit::Unreachable => 1,
        _ => 0,
    };
    if weight(code) > weight(*exit) {
        *exit = code;
    }
}
