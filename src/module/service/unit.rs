//! What has to be done about a systemd unit.

use super::request::{Request, State, unit_name};
use super::{drop_in, systemctl};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Undo};
use crate::model::probe::{Observation, Probe, UnitState};
use crate::module::handover;
use crate::module::{Decision, Failure, Look, Stop};

/// A unit with the name that its file has.
pub(super) struct Unit<'a> {
    asked: String,
    pub(super) name: String,
    pub(super) state: &'a UnitState,
}

/// Decides about the unit that a task names.
pub(super) fn decide(request: &Request, name: &str, look: &Look<'_>) -> Result<Decision, Stop> {
    let asked = unit_name(name);
    let drop_ins: Vec<Probe> = request
        .drop_ins
        .iter()
        .map(|drop_in| drop_in.probe(&asked))
        .collect();
    // The files are asked for under the name that was given: it is nearly always the unit's own.
    look.ask(&[vec![Probe::Unit(asked.clone())], drop_ins].concat())?;
    let state = look.unit(&asked)?;
    let unit = Unit {
        name: own_name(&asked, state),
        asked,
        state,
    };
    unit.is_usable(request)?;

    let mut decision = Decision::unchanged()
        .with("name", name)
        .with("status", unit.status());
    let mut after = state.clone();
    decision.changes = drop_in::changes(&request.drop_ins, &unit.name, look)?;
    let added = !decision.changes.is_empty();
    if added {
        unit.note_drop_ins(request, &mut after);
        if let Some(last) = decision.changes.last_mut() {
            last.effects.extend(unit.becomes(&after));
        }
    }
    let reload = !added && (request.daemon_reload || state.needs_reload && acts(request));
    if reload {
        after.needs_reload = false;
        decision
            .changes
            .push(reload_change(state.needs_reload, unit.becomes(&after)));
    }
    decision.changes.extend(unit.before_its_end(request, look)?);
    decision.changes.extend(unit.switches(request, &mut after));
    decision.changes.extend(unit.action(request, &mut after));
    let restarts = matches!(request.state, Some(State::Restarted | State::Stopped));
    if added && is_running(state) && !restarts {
        decision
            .result
            .insert("restart_needed".to_owned(), true.into());
        if let Some(last) = decision.changes.last_mut() {
            last.notes.push(format!(
                "most settings hold once {} has been restarted",
                unit.name
            ));
        }
    }
    if request.enabled == Some(true) && state.enabled == "static" {
        decision.message = Some(format!(
            "{} is static: other units start it, and it cannot be enabled",
            unit.name
        ));
    }
    Ok(decision)
}

/// Makes systemd read its files again. Where nothing is known to have changed, that is work but no change.
pub(crate) fn reload_change(known: bool, effects: Vec<Effect>) -> Change {
    Change {
        kind: if known {
            ChangeKind::Run
        } else {
            ChangeKind::Wait
        },
        resource: "systemd reads its units again".to_owned(),
        difference: Difference::None,
        notes: Vec::new(),
        steps: vec![systemctl::daemon_reload()],
        undo: Undo::Again {
            steps: vec![systemctl::daemon_reload()],
            server: None,
        },
        effects,
    }
}

/// The name of a unit's own file: enabling works with no other. Instances of templates keep theirs.
fn own_name(asked: &str, state: &UnitState) -> String {
    let file = state.fragment.rsplit('/').next().unwrap_or_default();
    let suffix = asked.rsplit('.').next().unwrap_or_default();
    let same_kind = file.rsplit('.').next() == Some(suffix) && file.contains('.');
    if same_kind && !asked.contains('@') {
        file.to_owned()
    } else {
        asked.to_owned()
    }
}

pub(super) fn is_running(state: &UnitState) -> bool {
    matches!(state.active.as_str(), "active" | "activating" | "reloading")
}

pub(super) fn is_masked(state: &UnitState) -> bool {
    state.load == "masked" || state.enabled.starts_with("masked")
}

/// Whether the unit's settings are put to use.
fn acts(request: &Request) -> bool {
    !matches!(request.state, None | Some(State::Stopped))
}

impl Unit<'_> {
    fn is_usable(&self, request: &Request) -> Result<(), Stop> {
        if is_masked(self.state) {
            let wants_it = acts(request) || request.enabled == Some(true);
            if wants_it && request.masked != Some(false) {
                return Err(Failure::new(format!(
                    "{} is masked: nothing can start it",
                    self.asked
                ))
                .help("say `masked: false`")
                .into());
            }
            return Ok(());
        }
        match self.state.load.as_str() {
            "loaded" => Ok(()),
            "not-found" | "" => {
                let failure = Failure::new(format!("this host has no unit {}", self.asked))
                    .help("install the package that brings it with a task before")
                    .help("`systemctl list-unit-files` names all units of a host");
                Err(match self.asked.as_str() {
                    "redis.service" => {
                        failure.help("the packages of Debian and Ubuntu call it redis-server")
                    }
                    "redis-server.service" => {
                        failure.help("the packages of Fedora and its kin call it redis")
                    }
                    _ => failure,
                }
                .into())
            }
            other => Err(
                Failure::new(format!("systemd cannot use {}: {other}", self.asked))
                    .help(format!(
                        "`systemctl status {}` on the host says more",
                        self.asked
                    ))
                    .into(),
            ),
        }
    }

    /// What comes before the unit's server ends, so that no data is lost with it.
    fn before_its_end(&self, request: &Request, look: &Look<'_>) -> Result<Vec<Change>, Stop> {
        let what = match request.state {
            Some(State::Restarted) => "a restart",
            Some(State::Stopped) => "a stop",
            _ => return Ok(Vec::new()),
        };
        if !is_running(self.state) {
            return Ok(Vec::new());
        }
        let what = format!("{what} of {}", self.name);
        handover::before_unit(look, &self.name, &what, request.restart_primary)
    }

    /// What `register` gets of it.
    fn status(&self) -> crate::model::value::Value {
        [
            ("ActiveState", &self.state.active),
            ("SubState", &self.state.sub),
            ("LoadState", &self.state.load),
            ("UnitFileState", &self.state.enabled),
            ("FragmentPath", &self.state.fragment),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.as_str().into()))
        .collect()
    }

    fn note_drop_ins(&self, request: &Request, after: &mut UnitState) {
        for drop_in in &request.drop_ins {
            let path = drop_in.path(&self.name);
            after.drop_ins.retain(|other| *other != path);
            if drop_in.is_wanted() {
                after.drop_ins.push(path);
            }
        }
        after.drop_ins.sort();
        after.needs_reload = false;
    }

    /// The unit under each of its names.
    pub(super) fn becomes(&self, after: &UnitState) -> Vec<Effect> {
        let mut names = vec![self.asked.clone(), self.name.clone()];
        names.extend(self.state.names.iter().cloned());
        names.sort();
        names.dedup();
        names
            .into_iter()
            .flat_map(|name| {
                [
                    Effect::AskAgain(Probe::Service(name.clone())),
                    Effect::Becomes(Probe::Unit(name), Observation::Unit(after.clone())),
                ]
            })
            .collect()
    }
}
