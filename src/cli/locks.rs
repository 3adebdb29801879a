//! `lock`, `unlock` and `locks`: keeping runs away from hosts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Exit;
use super::args::{LockArguments, LockHosts, UnlockArguments};
use super::prepare::{self};
use crate::engine::exchange::Trouble;
use crate::engine::survey::order;
use crate::error::{Error, Result};
use crate::journal::{self};
use crate::model::diagnostic::Diagnostic;
use crate::model::template::Templates;
use crate::module::Failure;
use crate::transport::script::lease::{Order, Said};
use crate::view::{Console, LockAnswer};

pub(super) fn list(arguments: &LockHosts, console: &mut Console) -> Result<Exit> {
    run(arguments, &Order::List, console)
}

pub(super) fn lock(arguments: &LockArguments, console: &mut Console) -> Result<Exit> {
    if arguments.why.trim().is_empty() {
        return Err(Error::input(Diagnostic::error("`--why` is empty").help(
            "say why, for whoever is kept away: `--why \"memory is being replaced\"`",
        )));
    }
    let order = Order::Set {
        by: journal::user_and_machine(),
        why: arguments.why.clone(),
        seconds: arguments.duration.unwrap_or(0),
    };
    run(&arguments.hosts, &order, console)
}

pub(super) fn unlock(arguments: &UnlockArguments, console: &mut Console) -> Result<Exit> {
    let order = Order::Remove {
        by: journal::user_and_machine(),
        force: arguments.force,
    };
    run(&arguments.hosts, &order, console)
}

/// Gives the order to all hosts and tells what they answer.
fn run(arguments: &LockHosts, wish: &Order, console: &mut Console) -> Result<Exit> {
    let hosts = prepare::hosts(&arguments.hosts, None)?;
    console.diagnostics(&hosts.warnings);
    let names = hosts.named(&arguments.pattern)?;
    Ok(prepare::runtime()?.block_on(ask(arguments, &hosts, names, wish, console)))
}

async fn ask(
    arguments: &LockHosts,
    hosts: &prepare::Hosts,
    names: Vec<String>,
    wish: &Order,
    console: &mut Console,
) -> Exit {
    let templates = Arc::new(Templates::default());
    let connecting = arguments.hosts.connecting;
    let context = Arc::new(prepare::context_to_ask(
        hosts,
        &templates,
        connecting,
        PathBuf::from("."),
        &[],
    ));
    let (sender, mut answers) = mpsc::unbounded_channel();
    let as_root = !arguments.no_become;
    let asking = order(
        &context,
        names,
        as_root,
        arguments.hosts.forks,
        wish,
        &sender,
    );
    tokio::pin!(asking);
    let mut told = BTreeMap::new();
    let mut is_asking = true;
    while is_asking {
        tokio::select! {
            () = &mut asking => is_asking = false,
            Some((host, answer)) = answers.recv() => { told.insert(host, answer); }
            _ = tokio::signal::ctrl_c() => context.interrupt(),
        }
    }
    while let Ok((host, answer)) = answers.try_recv() {
        told.insert(host, answer);
    }
    context.sessions.close().await;
    tell(told, wish, console)
}

fn tell(
    answers: BTreeMap<String, Result<Vec<Said>, Trouble>>,
    wish: &Order,
    console: &mut Console,
) -> Exit {
    let mut exit = Exit::Done;
    let mut weigh = |code: Exit| {
        let weight = |exit: Exit| match exit {
            Exit::Interrupted => 4,
            Exit::Failed => 3,
            Exit::Unreachable => 2,
            Exit::Refused => 1,
            _ => 0,
        };
        if weight(code) > weight(exit) {
            exit = code;
        }
    };
    let mut lines = Vec::new();
    for (host, answer) in answers {
        let words = |failure: Failure| failure.message;
        let answers = match answer {
            Ok(said) if said.is_empty() && *wish != Order::List => vec![LockAnswer::Nothing],
            Ok(said) => said.into_iter().map(answer_of).collect(),
            Err(Trouble::Unreachable(failure)) => {
                weigh(Exit::Unreachable);
                vec![LockAnswer::Unreachable(words(failure))]
            }
            Err(Trouble::Failed(failure) | Trouble::Refused(failure)) => {
                weigh(Exit::Failed);
                vec![LockAnswer::Failed(words(failure))]
            }
            Err(Trouble::Interrupted) => {
                weigh(Exit::Interrupted);
                vec![LockAnswer::Failed("interrupted".to_owned())]
            }
        };
        for answer in answers {
            match &answer {
                LockAnswer::Refused(_) => weigh(Exit::Refused),
                LockAnswer::Failed(_) => weigh(Exit::Failed),
                _ => {}
            }
            lines.push((host.clone(), answer));
        }
    }
    console.locks(&lines);
    exit
}

fn answer_of(said: Said) -> LockAnswer {
    match said {
        Said::Has(lock) => LockAnswer::Has(lock),
        Said::Set(lock) => LockAnswer::Set(lock),
        Said::Removed(lock) => LockAnswer::Removed(lock),
        Said::Refused(lock) => LockAnswer::Refused(lock),
        Said::Impossible(why) => LockAnswer::Failed(why),
    }
}
