//! `plan --out FILE` and `apply FILE`: exactly what was planned, or nothing.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::Exit;
use super::args::{ApplyArguments, PlayArguments};
use super::{again, play, prepare};
use crate::engine::permit::{Exact, Permit, Told};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::saved::{self, SavedPlan};
use crate::journal::{self, under_way};
use crate::load::{self, inputs};
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Mode;
use crate::view::Console;

/// Inputs that are named where many are not as they were.
const MOST_INPUTS: usize = 10;

/// Plans, shows the plan, and writes it.
pub(super) fn plan(arguments: &PlayArguments, out: &Path, console: &mut Console) -> Result<Exit> {
    inputs::note_program();
    let mut prepared = play::prepare(arguments, console)?;
    saved::check_place(out)?;
    let key = saved::new_key().map_err(journal::refused)?;
    prepared.exact.fingerprints = Some(key.clone());
    console.keep_events(false);
    let summary = play::led(
        Mode::Plan,
        arguments,
        &prepared,
        true,
        &prepare::runtime()?,
        console,
    );
    let events = console.kept_events();
    let exit = play::exit(Mode::Plan, &summary?);
    if exit == Exit::Interrupted {
        console.note("The plan was not saved.");
        return Ok(exit);
    }
    // Templates and files have been read by now, too.
    let folder = load::files::absolute(&prepared.playbook.folder);
    let kept = again::record(arguments, &folder, &prepared.names());
    SavedPlan::new(play::now(), &key, kept, events)?.write(out)?;
    console.remark(&format!(
        "Saved. To apply exactly this: cachesmith apply {}",
        out.display()
    ));
    Ok(exit)
}

/// Applies a saved plan to the hosts that are as they were.
pub(super) fn apply(path: &Path, wish: &ApplyArguments, console: &mut Console) -> Result<Exit> {
    without_others(&wish.play)?;
    let plan = saved::open(path)?;
    not_too_old(path, &plan, wish.max_age)?;
    let folder = &plan.arguments.directory;
    std::env::set_current_dir(folder).map_err(|error| {
        Error::input(
            Diagnostic::error(format!(
                "the plan was made in {}, which cannot be entered: {error}",
                folder.display()
            ))
            .help("make a plan again"),
        )
    })?;
    let mut arguments = again::arguments(&plan.arguments, wish.play.hosts.persist);
    arguments.hosts.forks = wish.play.hosts.forks;
    arguments.hosts.connecting = wish.play.hosts.connecting;
    inputs::note_program();
    let prepared = play::prepare(&arguments, console);
    // That something was changed explains why it can no longer be read.
    same_inputs(path, &plan)?;
    let mut prepared = prepared?;
    prepared.override_freezes(wish.override_freeze.as_deref());
    let names = prepared.names();
    drop(under_way::enter(prepared.machines())?);

    let key = plan.fingerprint_key()?;
    let runtime = prepare::runtime()?;
    prepared.exact.fingerprints = Some(key.clone());
    console.keep_events(true);
    let summary = play::led(Mode::Plan, &arguments, &prepared, true, &runtime, console);
    let now = console.kept_events();
    if !summary?.interrupted.is_empty() {
        console.note("Nothing was changed.");
        return Ok(Exit::Interrupted);
    }
    let (before, now) = (Told::of(&plan.events), Told::of(&now));
    let hosts: BTreeSet<&String> = names.iter().flatten().collect();
    let refused: HashMap<String, _> = hosts
        .into_iter()
        .filter_map(|host| {
            let failure = before.moved(&now, host, names.len())?;
            Some((host.clone(), failure))
        })
        .collect();
    prepared.exact = Exact {
        fingerprints: None,
        permit: Some(Arc::new(Permit::new(key, &before, refused))),
    };
    let summary = play::led(
        Mode::Apply,
        &arguments,
        &prepared,
        wish.yes,
        &runtime,
        console,
    )?;
    Ok(play::exit(Mode::Apply, &summary))
}

/// Shows a saved plan again.
pub(super) fn show(path: &Path, console: &mut Console) -> Result<Exit> {
    let plan = saved::open(path)?;
    let head = &plan.head;
    console.remark(&format!(
        "Plan of {}, made on {} by {} with version {}.\n",
        head.playbook,
        head.made.replace('T', " ").replace('Z', " UTC"),
        head.by,
        head.program
    ));
    for event in &plan.events {
        console.event(event);
    }
    Ok(Exit::Done)
}

/// A plan holds everything that was asked for; what is asked for beside it would be ignored.
fn without_others(arguments: &PlayArguments) -> Result<()> {
    let from_environment = std::env::var("CACHESMITH_INVENTORY").ok();
    let inventory = match arguments.hosts.inventory.as_slice() {
        [] => false,
        [one] => from_environment.as_ref() != Some(one),
        _ => true,
    };
    let given = [
        ("--inventory", inventory),
        ("--limit", arguments.hosts.limit.is_some()),
        ("--extra-vars", !arguments.hosts.extra_vars.is_empty()),
        ("--connection", arguments.hosts.connection.is_some()),
        ("--tags", !arguments.tags.is_empty()),
        ("--skip-tags", !arguments.skip_tags.is_empty()),
    ];
    let wrong: Vec<Diagnostic> = given
        .iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(name, _)| {
            Diagnostic::error(format!(
                "`{name}` stands beside a saved plan, which has its own"
            ))
            .help("leave it out, or make another plan with it")
        })
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Input, wrong))
    }
}

fn not_too_old(path: &Path, plan: &SavedPlan, limit: u64) -> Result<()> {
    let refused = |problem: String| {
        let diagnostic = Diagnostic::error(format!("`{}` {problem}", path.display()));
        Error::new(
            ErrorKind::Refused,
            vec![diagnostic.help("make a plan again")],
        )
    };
    let made: jiff::Timestamp = plan
        .head
        .made
        .parse()
        .map_err(|_| refused("does not say when it was made".to_owned()))?;
    let age = jiff::Timestamp::now().duration_since(made).as_secs();
    if age < -60 {
        return Err(refused(format!(
            "was made on {}, which is in the future by the clock of this machine",
            plan.head.made
        )));
    }
    if u64::try_from(age).is_ok_and(|age| age > limit) {
        return Err(refused(format!(
            "was made on {}, longer ago than `--max-age` allows",
            plan.head.made
        )));
    }
    Ok(())
}

fn same_inputs(path: &Path, plan: &SavedPlan) -> Result<()> {
    let changed = inputs::differences(&plan.arguments.inputs);
    if changed.is_empty() {
        return Ok(());
    }
    let mut diagnostics: Vec<Diagnostic> = changed
        .iter()
        .take(MOST_INPUTS)
        .map(|(name, how)| {
            Diagnostic::error(format!(
                "`{name}` {how}, and `{}` was made with it as it was",
                path.display()
            ))
        })
        .collect();
    if changed.len() > MOST_INPUTS {
        let more = changed.len() - MOST_INPUTS;
        diagnostics.push(Diagnostic::error(format!("and {more} more")));
    }
    if let Some(last) = diagnostics.pop() {
        diagnostics.push(last.help("make a plan again"));
    }
    Err(Error::new(ErrorKind::Refused, diagnostics))
}
