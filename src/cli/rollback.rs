//! `rollback`: takes back what a run did, planned, shown and asked for like any other run.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::Exit;
use super::again::{self, input};
use super::args::RollbackArguments;
use super::conduct::{conduct, tell};
use super::opening::Opening;
use super::person;
use super::play::{exit, now};
use super::prepare::{self, Hosts, Wish};
use crate::engine::freeze::Freezes;
use crate::engine::permit::Exact;
use crate::engine::rollback::{self, Undone};
use crate::engine::run::Summary;
use crate::engine::walk::Tags;
use crate::error::Result;
use crate::journal::{self, Recorded, RunArguments, RunDetail};
use crate::model::event::{self, Event, HostStatus, Mode, RunStarted};
use crate::model::inventory::pattern::Patterns;
use crate::model::template::Templates;
use crate::view::Console;

/// A rollback with all that it needs.
struct Prepared {
    run: String,
    recorded: Vec<Recorded>,
    hosts: Hosts,
    arguments: RunArguments,
    wish: rollback::Wish,
    /// The hosts on which something was done.
    names: Vec<String>,
}

pub(super) fn run(arguments: &RollbackArguments, console: &mut Console) -> Result<Exit> {
    let prepared = prepare(arguments, console)?;
    if prepared.names.is_empty() {
        console.note("The run changed nothing on these hosts: there is nothing to take back.");
        return Ok(Exit::Done);
    }
    let runtime = prepare::runtime()?;
    if arguments.plan || !arguments.yes {
        if !arguments.plan && !console.can_ask() {
            console.note("Nobody is there to confirm; nothing was changed. Use `--yes` to roll back without asking.");
            return Ok(Exit::NotConfirmed);
        }
        let summary = carry_through(Mode::Plan, &prepared, &runtime, console)?;
        let exit = exit(Mode::Plan, &summary);
        if arguments.plan || exit != Exit::Changes {
            return Ok(exit);
        }
        if let Some(exit) = person::declined("Roll back?", &runtime, console) {
            return Ok(exit);
        }
    }
    let summary = carry_through(Mode::Apply, &prepared, &runtime, console)?;
    Ok(exit(Mode::Apply, &summary))
}

fn prepare(wanted: &RollbackArguments, console: &mut Console) -> Result<Prepared> {
    let here = std::env::current_dir().unwrap_or_default();
    let detail = journal::read(&wanted.run)?;
    let arguments = again::go_back(&detail)?;
    let mut play = again::arguments(&arguments, wanted.persist);
    if !wanted.inventory.is_empty() {
        // What is given now is meant from here.
        play.hosts.inventory = wanted
            .inventory
            .iter()
            .map(|source| from(&here, source))
            .collect();
    }
    play.hosts.limit = None;
    play.hosts
        .extra_vars
        .extend(wanted.extra_vars.iter().cloned());
    if let Some(forks) = wanted.forks {
        play.hosts.forks = forks;
    }
    let hosts = prepare::hosts(&play.hosts, Some(&arguments.playbook_folder))?;
    console.diagnostics(&hosts.warnings);
    let limit = match &wanted.limit {
        None => None,
        Some(limit) => Some(limited(limit, &hosts, &detail)?),
    };
    let wish = rollback::Wish {
        run: detail.name.clone(),
        play: 0,
        hosts: limit,
        force: wanted.force,
        forks: play.hosts.forks,
    };
    let recorded = detail.recorded;
    let names = rollback::hosts(&recorded, &wish);
    if let Some(name) = names.iter().find(|name| !is_known(&hosts, name)) {
        return Err(input(
            format!("the inventory has no host `{name}`, which the run changed"),
            "name the inventory that has it with `-i`, or the hosts that are meant with `-l`",
        ));
    }
    Ok(Prepared {
        run: detail.name,
        recorded,
        hosts,
        arguments: RunArguments {
            playbook: String::new(),
            limit: wanted.limit.clone(),
            inventory: play.hosts.inventory,
            extra_vars: play.hosts.extra_vars,
            plays: vec![names.clone()],
            undoes: Some(wish.run.clone()),
            resumes: None,
            ..arguments
        },
        wish,
        names,
    })
}

/// A source of an inventory, named from another folder. A list of hosts stays one.
fn from(folder: &std::path::Path, source: &str) -> String {
    let path: PathBuf = folder.join(source);
    match source.contains(',') && !path.exists() {
        true => source.to_owned(),
        false => path.display().to_string(),
    }
}

/// The hosts that a limit leaves; those that the run knows and the inventory does not can be named too.
fn limited(limit: &str, hosts: &Hosts, run: &RunDetail) -> Result<BTreeSet<String>> {
    let owners: BTreeSet<&str> = run.recorded.iter().map(Recorded::owner).collect();
    if owners.contains(limit) {
        return Ok(BTreeSet::from([limit.to_owned()]));
    }
    let selected = hosts.inventory.select(&Patterns::parse(limit)?)?;
    Ok(selected
        .into_iter()
        .map(|host| host.name().to_owned())
        .collect())
}

fn is_known(hosts: &Hosts, name: &str) -> bool {
    hosts.inventory.host(name).is_some() || matches!(name, "localhost" | "127.0.0.1" | "::1")
}

/// One rollback from its first event to its last.
fn carry_through(
    mode: Mode,
    prepared: &Prepared,
    runtime: &Runtime,
    console: &mut Console,
) -> Result<Summary> {
    let what = format!("rollback of {}", prepared.run);
    let templates = Arc::new(Templates::default());
    let machines = || prepared.hosts.machines(&templates, &prepared.names);
    let opening = Opening::of(mode, machines, &what, || prepared.arguments.clone())?;
    let record = opening.record();
    let (sender, mut events) = mpsc::unbounded_channel();
    let wish = Wish {
        mode,
        tags: Tags::default(),
        detail: console.detail(),
        connecting: prepared.arguments.connecting,
        playbook_folder: prepared.arguments.playbook_folder.clone(),
        plays: &[],
        freezes: Freezes::default(),
        person: None,
        what,
        exact: Exact::default(),
    };
    let context = Arc::new(prepare::context(
        &prepared.hosts,
        &templates,
        wish,
        sender,
        opening.journal(),
    ));
    tell(
        record,
        &Event::RunStarted(RunStarted {
            version: event::VERSION,
            run: opening.name.clone(),
            time: now(),
            mode,
            playbook: format!("the rollback of {}", prepared.run),
            inventories: prepared.arguments.inventory.clone(),
            hosts: prepared.names.len(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            user: std::env::var("USER").unwrap_or_default(),
            override_freeze: None,
            undoes: Some(prepared.run.clone()),
            resumes: None,
        }),
        console,
    )?;
    tell(
        record,
        &Event::PlayStarted {
            play: 0,
            name: format!("Roll back {}", prepared.run),
            hosts: prepared.names.clone(),
        },
        console,
    )?;
    let undone = runtime.block_on(conduct(
        rollback::roll_back(&context, prepared.recorded.clone(), &prepared.wish),
        &context,
        &mut events,
        None,
        record,
        console,
    ))?;
    let summary = summary(&prepared.names, undone);
    tell(
        record,
        &Event::RunEnded(summary.event(&opening.name, now())),
        console,
    )?;
    Ok(summary)
}

fn summary(names: &[String], undone: Vec<Undone>) -> Summary {
    let mut summary = Summary {
        hosts: names.iter().cloned().collect(),
        ..Summary::default()
    };
    for undone in undone {
        let host = undone.report.host;
        summary.counts.merge(&undone.report.counts);
        let set = match undone.report.status {
            HostStatus::Done => None,
            HostStatus::Failed => Some(&mut summary.failed),
            HostStatus::Unreachable => Some(&mut summary.unreachable),
            HostStatus::Interrupted => Some(&mut summary.interrupted),
            HostStatus::Refused => Some(&mut summary.refused),
        };
        if let Some(set) = set {
            set.insert(host.clone());
        }
        if undone.changed {
            summary.changed.insert(host);
        }
    }
    summary
}
