//! `redis_unit`: what systemd gives the servers, now and at their next start, without a restart.

mod memory;
mod process;
mod setting;
mod unit_file;
mod wanted;

use super::service::drop_in::{self, DropIn};
use super::service::init::has_systemd;
use super::service::unit::reload_change;
use super::shared::beside::beside;
use super::{
    Check, CheckStatus, Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop,
};
use crate::model::change::Effect;
use crate::model::probe::{FileState, Observation, Probe, ServiceState};
use setting::{Hold, Setting};

/// Keeps the limits and the protection that a server needs in a drop-in of its unit, and gives them to the process
/// that runs already.
///
/// Nothing of it restarts a server: systemd reads its files again, and open files and the OOM score of the running
/// process are set beside. Values only get better: what a packager or another drop-in made higher stays. What truly
/// needs a restart is told, and the restart is left to whoever knows when the cache may be cold.
#[derive(Debug)]
pub struct RedisUnit;

static SPEC: Spec = Spec {
    name: "redis_unit",
    aliases: &["valkey_unit"],
    summary: "Gives servers their limits and their protection from the OOM killer, in their units and live.",
    parameters: &[
        Parameter::new("name", Kind::Strings, "The units; without an ending they are services.")
            .aliases(&["unit", "names"])
            .default("all that run servers on the host"),
        Parameter::new(
            "nofile",
            Kind::Integer,
            "Files that the server may open (`LimitNOFILE`), at least; never less than `maxclients` and 128 more.",
        ),
        Parameter::new("maxclients", Kind::Integer, "Clients that the server allows.")
            .default("the running server's, else 10000"),
        Parameter::new(
            "oom_score_adjust",
            Kind::Integer,
            "What the kernel's OOM killer adds to its score, at most: from -1000, never killed, to 1000, killed first.",
        ),
        Parameter::new(
            "oom_policy",
            Kind::String,
            "What systemd does when the OOM killer ended a process of the service; `continue` keeps the server when a child that saves dies.",
        )
        .choices(&["continue", "stop", "kill"]),
        Parameter::new(
            "timeout_start",
            Kind::String,
            "How long it may load its data, at least: seconds, `5min` or infinity.",
        ),
        Parameter::new("restart", Kind::String, "When systemd starts it again after its end.").choices(&[
            "always",
            "on-failure",
            "on-abnormal",
            "on-abort",
            "on-watchdog",
            "on-success",
            "no",
        ]),
        Parameter::new("restart_sec", Kind::String, "How long systemd waits before that: seconds or `1min`."),
        Parameter::new(
            "memory_high",
            Kind::String,
            "Where the kernel begins to slow it down: a size, `auto` or infinity. What is too small for the server is refused.",
        ),
        Parameter::new(
            "memory_max",
            Kind::String,
            "Where the kernel ends it: a size, `auto` or infinity. What is too small for the server is refused.",
        ),
        Parameter::new(
            "exec_paths",
            Kind::Strings,
            "Paths from which it may run programs, for one whose binary is moved out of the packager's `NoExecPaths`.",
        ),
        Parameter::new("read_write_paths", Kind::Strings, "Paths that it may write to beside those of its unit."),
        Parameter::new("drop_in", Kind::String, "The name of the file in /etc/systemd/system/UNIT.d.")
            .default("50-cachesmith.conf"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for RedisUnit {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        if !has_systemd(look)? {
            return Err(
                Failure::new("`redis_unit` needs systemd, which does not run this host")
                    .help("keep the task to hosts with systemd: `when: host.init == 'systemd'`")
                    .help("in a container, limits and OOM score are given where it is run")
                    .into(),
            );
        }
        let file = wanted::drop_in_name(parameters)?;
        let names = wanted::names(parameters, look)?;
        let probes: Vec<Probe> = names
            .iter()
            .flat_map(|name| {
                [
                    Probe::Service(name.clone()),
                    DropIn::new(file.clone(), None).probe(name),
                ]
            })
            .collect();
        look.ask(&probes)?;

        let mut decision = Decision::unchanged();
        let mut notes = Vec::new();
        for name in &names {
            let (settings, words) = wanted::settings(parameters, look, name)?;
            notes.extend(words);
            one(name, &file, &settings, look, &mut decision, &mut notes)?;
        }
        let pending: Vec<_> = decision
            .checks
            .iter()
            .map(|check| check.name.as_str().into())
            .collect();
        if let Some(last) = decision.changes.last_mut() {
            last.notes.append(&mut notes);
        } else if !notes.is_empty() {
            decision.message = Some(notes.join("; "));
        }
        beside(&mut decision.changes, &decision.checks);
        let waits = !pending.is_empty();
        Ok(decision
            .with("restart_needed", waits)
            .with("pending", pending))
    }
}

/// Decides about one unit.
fn one(
    asked: &str,
    file: &str,
    settings: &[Setting],
    look: &Look<'_>,
    decision: &mut Decision,
    notes: &mut Vec<String>,
) -> Result<(), Stop> {
    let state = look.service(asked)?;
    let unit = usable(asked, state)?;
    let path = DropIn::new(file.to_owned(), None).path(&unit);
    let others = unit_file::with_file(&state.files, &path, None);
    let mut lines = Vec::new();
    for setting in settings {
        match setting.better(&others) {
            None => lines.push(setting.line()),
            Some(better) => notes.push(format!(
                "{} of {unit} stays {}, as {} has it",
                setting.known.directive, better.value, better.path
            )),
        }
    }
    let text =
        (!lines.is_empty()).then(|| format!("{}[Service]\n{}\n", drop_in::HEAD, lines.join("\n")));
    let files = unit_file::with_file(&others, &path, text.as_deref());
    let drop_ins = [DropIn::new(file.to_owned(), text)];
    let mut changes = drop_in::changes(&drop_ins, &unit, look)?;
    let written = !changes.is_empty();
    if !written && state.needs_reload {
        changes.push(reload_change(true, Vec::new()));
    }
    let running = process::running(&unit, settings, state, look)?;
    if written && state.process.is_some() {
        notes.push(how_it_holds(&unit, settings));
    }
    changes.extend(running.change);
    if let Some(last) = changes.last_mut() {
        let after = ServiceState {
            needs_reload: false,
            files: files.clone(),
            process: running.after,
            ..state.clone()
        };
        for name in [asked, unit.as_str()] {
            let probe = Probe::Service(name.to_owned());
            last.effects
                .push(Effect::Becomes(probe, Observation::Service(after.clone())));
            last.effects
                .push(Effect::AskAgain(Probe::Unit(name.to_owned())));
        }
    }
    decision.changes.extend(changes);
    decision.checks.extend(running.pending);
    let modified = match look.content(&path)? {
        FileState::Present(info) => Some(info.modified),
        FileState::Absent { .. } => None,
    };
    decision
        .checks
        .extend(process::at_start(&unit, settings, state, written, modified));
    decision
        .checks
        .extend(overridden(&unit, settings, &files, file));
    Ok(())
}

/// The unit's own name, where systemd can use it.
fn usable(asked: &str, state: &ServiceState) -> Result<String, Stop> {
    match state.load.as_str() {
        "loaded" | "bad-setting" => {
            // A drop-in counts under the name of the unit's own file; instances of templates have no file.
            let own = state.files.first().map_or("", |(path, _)| path.as_str());
            let own = own.rsplit('/').next().unwrap_or_default();
            let is_alias = own.ends_with(".service") && !asked.contains('@');
            Ok(if is_alias { own } else { asked }.to_owned())
        }
        "masked" => Err(Failure::new(format!("{asked} is masked: nothing can start it"))
            .help("unmask it with `service: { name: ..., masked: false }` before")
            .into()),
        "not-found" | "" => Err(Failure::new(format!("this host has no unit {asked}"))
            .help("install the package that brings it with a task before")
            .help("packages call it redis-server or valkey-server (Debian), redis or valkey (Fedora), redis-server@NAME")
            .into()),
        other => Err(Failure::new(format!("systemd cannot use {asked}: {other}"))
            .help(format!("`systemctl status {asked}` on the host says more"))
            .into()),
    }
}

/// One sentence on when the lines of a drop-in take hold of a service that runs.
fn how_it_holds(unit: &str, settings: &[Setting]) -> String {
    let later: Vec<&str> = settings
        .iter()
        .filter(|setting| setting.known.hold == Hold::Start)
        .map(|setting| setting.known.directive)
        .collect();
    match later.is_empty() {
        true => format!("holds for {unit} without a restart"),
        false => format!(
            "holds for {unit} without a restart, except {}",
            later.join(", ")
        ),
    }
}

/// Settings that another file, read after ours, makes worse.
fn overridden(
    unit: &str,
    settings: &[Setting],
    files: &[(String, String)],
    file: &str,
) -> Vec<Check> {
    settings
        .iter()
        .filter_map(|setting| {
            let winner = setting.overridden(files)?;
            Some(Check {
                name: format!("{} of {unit}", setting.known.directive),
                status: CheckStatus::Warned,
                expected: setting.value.clone(),
                found: format!("{}, from {}", winner.value, winner.path),
                advice: Some(format!(
                    "take it out of that file, or give `drop_in` a name that sorts after it, unlike {file}"
                )),
            })
        })
        .collect()
}
