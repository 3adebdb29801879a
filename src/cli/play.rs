//! `plan`, `apply` and `verify`: one flow, ended at different places.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Exit;
use super::again;
use super::args::PlayArguments;
use super::conduct::{conduct, tell};
use super::freeze;
use super::opening::Opening;
use super::person;
use super::prepare::{self, Hosts, Wish};
use super::tags;
use crate::engine::candidates::candidates;
use crate::engine::freeze::Freezes;
use crate::engine::gate::Question;
use crate::engine::permit::Exact;
use crate::engine::run::{self, Summary};
use crate::engine::walk::Tags;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{self, RunArguments, under_way};
use crate::load;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::{self, Event, Mode, RunStarted};
use crate::model::playbook::Playbook;
use crate::model::source::{At, Source};
use crate::model::template::Templates;
use crate::rollout::Candidate;
use crate::view::Console;

/// A playbook with all that is needed to run it.
pub(super) struct Prepared {
    pub(super) playbook: Playbook,
    hosts: Hosts,
    templates: Arc<Templates>,
    /// The hosts of each play, in the order in which they are cut into waves.
    plays: Vec<Vec<Candidate>>,
    /// The windows in which hosts are left as they are.
    freezes: Freezes,
    /// Why freeze windows do not count, where they do not.
    override_freeze: Option<String>,
    /// The run that it goes on with.
    resumes: Option<String>,
    /// Whether it is held against a saved plan.
    pub(super) exact: Exact,
}

impl Prepared {
    /// Freeze windows do not count, where there is a reason.
    pub(super) fn override_freezes(&mut self, reason: Option<&str>) {
        if let Some(reason) = reason {
            self.freezes = Freezes::default();
            self.override_freeze = Some(reason.to_owned());
        }
    }

    /// The names of each play's hosts.
    pub(super) fn names(&self) -> Vec<Vec<String>> {
        let plays = self.plays.iter();
        plays
            .map(|hosts| hosts.iter().map(|host| host.name.clone()).collect())
            .collect()
    }

    /// All hosts, and what tells their machines from others.
    pub(super) fn machines(&self) -> under_way::Hosts {
        let hosts = self.plays.iter().flatten();
        self.hosts
            .machines(&self.templates, hosts.map(|host| &host.name))
    }
}

/// A run that goes on with an earlier one.
pub(super) struct Again {
    /// The earlier run.
    pub(super) run: String,
    /// The hosts that are left.
    pub(super) hosts: BTreeSet<String>,
}

pub(super) fn run(
    mode: Mode,
    arguments: &PlayArguments,
    yes: bool,
    override_freeze: Option<&str>,
    console: &mut Console,
) -> Result<Exit> {
    let mut prepared = prepare(arguments, console)?;
    prepared.override_freezes(override_freeze);
    lead(mode, arguments, &prepared, yes, console)
}

/// The same for the hosts that an earlier run has left. `check`: whether what was read is as it was then.
pub(super) fn run_again(
    mode: Mode,
    arguments: &PlayArguments,
    yes: bool,
    override_freeze: Option<&str>,
    again: &Again,
    check: impl FnOnce() -> Result<()>,
    console: &mut Console,
) -> Result<Exit> {
    let mut prepared = prepare(arguments, console)?;
    check()?;
    for hosts in &mut prepared.plays {
        hosts.retain(|host| again.hosts.contains(&host.name));
    }
    prepared.override_freezes(override_freeze);
    prepared.resumes = Some(again.run.clone());
    lead(mode, arguments, &prepared, yes, console)
}

fn lead(
    mode: Mode,
    arguments: &PlayArguments,
    prepared: &Prepared,
    yes: bool,
    console: &mut Console,
) -> Result<Exit> {
    let runtime = prepare::runtime()?;
    if mode == Mode::Apply && !yes {
        if !console.can_ask() {
            console.note("Nobody is there to confirm; nothing was changed. Use `--yes` to apply without asking.");
            return Ok(Exit::NotConfirmed);
        }
        drop(under_way::enter(prepared.machines())?);
        let summary = runtime.block_on(carry_through(
            Mode::Plan,
            arguments,
            prepared,
            None,
            console,
        ))?;
        let exit = exit(Mode::Plan, &summary);
        if exit != Exit::Changes {
            return Ok(exit);
        }
        if let Some(exit) = person::declined("Apply?", &runtime, console) {
            return Ok(exit);
        }
    }
    let summary = led(mode, arguments, prepared, yes, &runtime, console)?;
    Ok(exit(mode, &summary))
}

/// Leads a run that was agreed to.
pub(super) fn led(
    mode: Mode,
    arguments: &PlayArguments,
    prepared: &Prepared,
    yes: bool,
    runtime: &tokio::runtime::Runtime,
    console: &mut Console,
) -> Result<Summary> {
    // Who says yes beforehand says it to every gate.
    let (asks, mut questions) = mpsc::unbounded_channel();
    let person = (!yes).then_some(Person {
        asks,
        questions: &mut questions,
    });
    runtime.block_on(carry_through(mode, arguments, prepared, person, console))
}

/// Somebody who answers at gates.
struct Person<'p> {
    asks: mpsc::UnboundedSender<Question>,
    questions: &'p mut mpsc::UnboundedReceiver<Question>,
}

/// Loads and checks everything.
pub(super) fn prepare(arguments: &PlayArguments, console: &mut Console) -> Result<Prepared> {
    let templates = Arc::new(Templates::default());
    let loaded = load::playbook::load(&arguments.playbook, &templates);
    let folder = loaded
        .as_ref()
        .map(|loaded| loaded.playbook.folder.clone())
        .ok();
    let hosts = prepare::hosts(&arguments.hosts, folder.as_deref());
    // Both are read before either is refused, so that one run tells all that is wrong.
    let (loaded, hosts) = match (loaded, hosts) {
        (Ok(loaded), Ok(hosts)) => (loaded, hosts),
        (Err(mut first), Err(second)) => {
            first.diagnostics.extend(second.diagnostics);
            return Err(first);
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
    };
    let warnings = [loaded.warnings.as_slice(), &hosts.warnings].concat();
    console.diagnostics(&warnings);
    let mut plays = Vec::new();
    let mut wrong = Vec::new();
    let before = prepare::before(&hosts, &templates);
    let (now, mut windows) = (jiff::Timestamp::now(), Vec::new());
    for play in &loaded.playbook.plays {
        // Without an inventory every play is for this machine.
        if arguments.hosts.inventory.is_empty() {
            plays.push(vec![Candidate::new("localhost")]);
            windows.push(HashMap::new());
            continue;
        }
        let of_play = run::hosts_of(&hosts.inventory, play, hosts.limit.as_ref());
        let of_play = of_play.and_then(|names| candidates(&before, play, names, day(now)));
        match of_play.and_then(|hosts| Ok((freeze::of_play(&before, play, &hosts)?, hosts))) {
            Ok((of_play, hosts)) => {
                windows.push(of_play);
                plays.push(hosts);
            }
            Err(error) => wrong.extend(error.diagnostics),
        }
    }
    wrong.extend(tags::unknown("--tags", &arguments.tags, &loaded.playbook));
    wrong.extend(tags::unknown(
        "--skip-tags",
        &arguments.skip_tags,
        &loaded.playbook,
    ));
    if let Some(limit) = &arguments.hosts.limit
        && wrong.is_empty()
        && !plays.is_empty()
        && plays.iter().all(Vec::is_empty)
    {
        wrong.push(nobody_left(limit, &loaded.playbook));
    }
    // Several plays may name the same group that is not there, or the same limit.
    let mut told: Vec<Diagnostic> = Vec::new();
    wrong.retain(|diagnostic| {
        let is_new = !told.contains(diagnostic);
        told.push(diagnostic.clone());
        is_new
    });
    if !wrong.is_empty() {
        return Err(Error::new(ErrorKind::Input, wrong));
    }
    Ok(Prepared {
        playbook: loaded.playbook,
        hosts,
        templates,
        plays,
        resumes: None,
        exact: Exact::default(),
        freezes: Freezes::new(windows, Arc::new(jiff::Timestamp::now)),
        override_freeze: None,
    })
}

/// A limit that leaves no host to any play: what was meant to be changed would silently stay as it is.
fn nobody_left(limit: &str, playbook: &Playbook) -> Diagnostic {
    let source = Source::new("--limit", limit);
    let mut diagnostic = Diagnostic::error("no play is for any of these hosts")
        .at(&At::new(&source, 1, 1, limit.chars().count()))
        .help("name hosts of a play, or leave `--limit` out");
    for play in &playbook.plays {
        diagnostic = diagnostic.related(&play.hosts.at, "the hosts of a play");
    }
    diagnostic
}

/// One run from its first event to its last.
async fn carry_through(
    mode: Mode,
    arguments: &PlayArguments,
    prepared: &Prepared,
    person: Option<Person<'_>>,
    console: &mut Console,
) -> Result<Summary> {
    let what = format!("apply {}", prepared.playbook.name);
    let names = prepared.names();
    let opening = Opening::of(
        mode,
        || prepared.machines(),
        &what,
        || {
            let folder = load::files::absolute(&prepared.playbook.folder);
            RunArguments {
                resumes: prepared.resumes.clone(),
                ..again::record(arguments, &folder, &names)
            }
        },
    )?;
    let record = opening.record();
    let (sender, mut events) = mpsc::unbounded_channel();
    let (person, questions) = match person {
        Some(person) => (Some(person.asks), Some(person.questions)),
        None => (None, None),
    };
    let wish = Wish {
        mode,
        tags: Tags {
            only: arguments.tags.clone(),
            skip: arguments.skip_tags.clone(),
        },
        detail: console.detail(),
        connecting: arguments.hosts.connecting,
        playbook_folder: prepared.playbook.folder.clone(),
        plays: &prepared.playbook.plays,
        freezes: prepared.freezes.clone(),
        person,
        what,
        exact: prepared.exact.clone(),
    };
    let context = Arc::new(prepare::context(
        &prepared.hosts,
        &prepared.templates,
        wish,
        sender,
        opening.journal(),
    ));
    let started = Event::RunStarted(RunStarted {
        version: event::VERSION,
        run: opening.name.clone(),
        time: now(),
        mode,
        playbook: prepared.playbook.name.clone(),
        inventories: arguments.hosts.inventory.clone(),
        hosts: names.iter().flatten().collect::<HashSet<_>>().len(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        user: std::env::var("USER").unwrap_or_default(),
        undoes: None,
        resumes: prepared.resumes.clone(),
        override_freeze: prepared.override_freeze.clone(),
    });
    tell(record, &started, console)?;
    let running = run::run(
        Arc::clone(&context),
        &prepared.playbook,
        prepared.plays.clone(),
        arguments.hosts.forks,
    );
    let mut summary = conduct(running, &context, &mut events, questions, record, console).await?;
    if context.is_interrupted() {
        summary.note_interruption(names.into_iter().flatten());
    }
    tell(
        record,
        &Event::RunEnded(summary.event(&opening.name, now())),
        console,
    )?;
    Ok(summary)
}

/// The exit code of a run.
pub(super) fn exit(mode: Mode, summary: &Summary) -> Exit {
    if summary.cut_short || !summary.interrupted.is_empty() {
        Exit::Interrupted
    } else if summary.rollback == Some(true) {
        Exit::RolledBack
    } else if !summary.failed.is_empty() || summary.rollback == Some(false) {
        Exit::Failed
    } else if !summary.unreachable.is_empty() {
        Exit::Unreachable
    } else if !summary.refused.is_empty() {
        Exit::Refused
    } else if summary.stopped {
        Exit::Stopped
    } else if mode == Mode::Plan && !summary.changed.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    }
}

/// The day, which decides how hosts are shuffled.
fn day(now: jiff::Timestamp) -> u64 {
    u64::try_from(now.as_second() / 86_400).unwrap_or_default()
}

pub(super) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// `runs`.
pub(super) fn list_runs(console: &mut Console) -> Result<Exit> {
    console.runs(&journal::list().map_err(journal::refused)?);
    Ok(Exit::Done)
}

/// `show`.
pub(super) fn show_run(name: &str, console: &mut Console) -> Result<Exit> {
    console.run(&journal::read(name)?);
    Ok(Exit::Done)
}
