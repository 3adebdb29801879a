//! `facts`: what each host is. `explain`: what its memory is worth, and why.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Exit;
use super::args::{ExplainArguments, FactsArguments};
use super::prepare::{self};
use crate::engine::exchange::Trouble;
use crate::engine::run::hosts_of;
use crate::engine::survey::{Questions, survey};
use crate::error::Result;
use crate::load;
use crate::model::event::ShownFailure;
use crate::model::playbook::Play;
use crate::model::template::Templates;
use crate::module::Failure;
use crate::view::{Answer, Console};

/// What is to be asked of which hosts.
struct Asking<'a> {
    arguments: &'a FactsArguments,
    hosts: prepare::Hosts,
    templates: Arc<Templates>,
    /// Plays, with their hosts, that may say how memory is shared out.
    plays: Vec<(Arc<Play>, Vec<String>)>,
    playbook_folder: PathBuf,
    explains: bool,
}

pub(super) fn facts(arguments: &FactsArguments, console: &mut Console) -> Result<Exit> {
    let asking = Asking {
        arguments,
        hosts: prepare::hosts(&arguments.hosts, None)?,
        templates: Arc::default(),
        plays: Vec::new(),
        playbook_folder: PathBuf::from("."),
        explains: false,
    };
    run(asking, console)
}

pub(super) fn explain(arguments: &ExplainArguments, console: &mut Console) -> Result<Exit> {
    let templates: Arc<Templates> = Arc::default();
    let loaded = arguments
        .playbook
        .as_ref()
        .map(|playbook| load::playbook::load(playbook, &templates))
        .transpose()?;
    let folder = loaded.as_ref().map(|loaded| loaded.playbook.folder.clone());
    let hosts = prepare::hosts(&arguments.facts.hosts, folder.as_deref())?;
    let mut plays = Vec::new();
    if let Some(loaded) = loaded {
        console.diagnostics(&loaded.warnings);
        for play in loaded.playbook.plays {
            // Without an inventory every play is for this machine.
            let names = if arguments.facts.hosts.inventory.is_empty() {
                vec!["localhost".to_owned()]
            } else {
                hosts_of(&hosts.inventory, &play, hosts.limit.as_ref())?
            };
            plays.push((play, names));
        }
    }
    let asking = Asking {
        arguments: &arguments.facts,
        hosts,
        templates,
        plays,
        playbook_folder: folder.unwrap_or_else(|| PathBuf::from(".")),
        explains: true,
    };
    run(asking, console)
}

fn run(asking: Asking<'_>, console: &mut Console) -> Result<Exit> {
    let (arguments, hosts) = (asking.arguments, &asking.hosts);
    console.diagnostics(&hosts.warnings);
    let names = hosts.named(&arguments.pattern)?;
    Ok(prepare::runtime()?.block_on(ask(asking, names, console)))
}

/// Asks all hosts and tells what they answer.
async fn ask(asking: Asking<'_>, names: Vec<String>, console: &mut Console) -> Exit {
    let plays: Vec<Arc<Play>> = asking
        .plays
        .iter()
        .map(|(play, _)| Arc::clone(play))
        .collect();
    let context = Arc::new(prepare::context_to_ask(
        &asking.hosts,
        &asking.templates,
        asking.arguments.hosts.connecting,
        asking.playbook_folder,
        &plays,
    ));
    let (sender, mut answers) = mpsc::unbounded_channel();
    let questions = Questions {
        as_root: asking.arguments.r#become,
        plays: asking.plays,
        forks: asking.arguments.hosts.forks,
    };
    if asking.explains {
        console.begin_explaining(&names);
    } else {
        console.begin_facts(&names);
    }
    let asking = survey(&context, names, questions, &sender);
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
            let answer = Answer::Known(&known.facts, &known.variables);
            console.facts(host, &answer, &known.wishes);
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
    console.facts(host, &answer, &[]);
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
