//! What has to be done about a systemd unit.

use super::request::{Request, State, unit_name};
use super::{drop_in, systemctl};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{Observation, Probe, UnitState};
use crate::model::step::Step;
use crate::module::{Decision, Failure, Look, Stop};

/// A unit with the name that its file has.
struct Unit<'a> {
    asked: String,
    name: String,
    state: &'a UnitState,
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
pub(super) fn reload_change(known: bool, effects: Vec<Effect>) -> Change {
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
        undo: Undo::Steps(vec![systemctl::daemon_reload()]),
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

fn is_running(state: &UnitState) -> bool {
    matches!(state.active.as_str(), "active" | "activating" | "reloading")
}

fn is_masked(state: &UnitState) -> bool {
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
    fn becomes(&self, after: &UnitState) -> Vec<Effect> {
        let mut names = vec![self.asked.clone(), self.name.clone()];
        names.extend(self.state.names.iter().cloned());
        names.sort();
        names.dedup();
        names
            .into_iter()
            .map(|name| Effect::Becomes(Probe::Unit(name), Observation::Unit(after.clone())))
            .collect()
    }

    /// Masking, enabling, starting and stopping: what stays as it is once it is so.
    fn switches(&self, request: &Request, after: &mut UnitState) -> Option<Change> {
        let mut fields = Vec::new();
        let mut steps = Vec::new();
        let mut undo: Vec<Step> = Vec::new();
        let name = self.name.as_str();
        let masked = is_masked(self.state);
        if let Some(wanted) = request.masked.filter(|wanted| *wanted != masked) {
            let (verb, back) = if wanted {
                ("mask", "unmask")
            } else {
                ("unmask", "mask")
            };
            fields.push(Field::new("masked", Some(yes(masked)), Some(yes(wanted))));
            steps.push(systemctl::plain(verb, name));
            undo.insert(0, systemctl::plain(back, name));
            if wanted {
                "masked".clone_into(&mut after.enabled);
                "masked".clone_into(&mut after.load);
            }
        }
        let unmasks = masked && request.masked == Some(false);
        if let Some(wanted) = request
            .enabled
            .filter(|wanted| unmasks || !self.is_enabled(*wanted))
        {
            let (verb, back) = if wanted {
                ("enable", "disable")
            } else {
                ("disable", "enable")
            };
            fields.push(Field::new(
                "enabled",
                Some(self.enabled()),
                Some(yes(wanted)),
            ));
            steps.push(systemctl::plain(verb, name));
            undo.insert(0, systemctl::plain(back, name));
            if wanted { "enabled" } else { "disabled" }.clone_into(&mut after.enabled);
        }
        let running = is_running(self.state);
        match request.state {
            Some(State::Started | State::Restarted | State::Reloaded) if !running => {
                fields.push(Field::new(
                    "active",
                    Some(&self.state.active),
                    Some("active"),
                ));
                steps.push(systemctl::with_reasons("start", name));
                undo.insert(0, systemctl::plain("stop", name));
                set_active(after, "active", "running");
            }
            Some(State::Stopped) if running || self.state.active == "deactivating" => {
                fields.push(Field::new(
                    "active",
                    Some(&self.state.active),
                    Some("inactive"),
                ));
                steps.push(systemctl::plain("stop", name));
                undo.insert(0, systemctl::with_reasons("start", name));
                set_active(after, "inactive", "dead");
            }
            _ => {}
        }
        (!steps.is_empty()).then(|| Change {
            kind: ChangeKind::Update,
            resource: format!("unit {name}"),
            difference: Difference::Fields(fields),
            notes: Vec::new(),
            steps,
            undo: Undo::Steps(undo),
            effects: if unmasks {
                self.unknown()
            } else {
                self.becomes(after)
            }
            .into_iter()
            .chain((self.state.active != after.active).then(|| self.servers(request)))
            .collect(),
        })
    }

    /// What was behind a mask is seen once it is gone.
    fn unknown(&self) -> Vec<Effect> {
        self.becomes(self.state)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Becomes(probe, _) => Some(Effect::Unknown {
                    probe,
                    reason: format!("{} is unmasked", self.name),
                }),
                _ => None,
            })
            .collect()
    }

    /// Restarting and reloading what runs: done each time.
    fn action(&self, request: &Request, after: &mut UnitState) -> Option<Change> {
        let state = request.state?;
        if !is_running(self.state) || !matches!(state, State::Restarted | State::Reloaded) {
            return None;
        }
        let verb = state.verb();
        set_active(after, "active", "running");
        Some(Change {
            kind: ChangeKind::Run,
            resource: format!("{verb} {}", self.name),
            difference: Difference::None,
            notes: Vec::new(),
            steps: vec![systemctl::with_reasons(verb, &self.name)],
            undo: Undo::Impossible(format!(
                "a {verb} cannot be taken back; once its files are as they were, {verb} {} again",
                self.name
            )),
            effects: [self.becomes(after), vec![self.servers(request)]].concat(),
        })
    }

    /// What it serves has to be asked again.
    fn servers(&self, request: &Request) -> Effect {
        let verb = request.state.map_or("changed", State::participle);
        Effect::ServersChange {
            reason: format!("{} is {verb}", self.name),
        }
    }

    /// Whether enabling is as it is wanted; what cannot be enabled or disabled is.
    fn is_enabled(&self, wanted: bool) -> bool {
        let state = self.state.enabled.as_str();
        match wanted {
            true => matches!(
                state,
                "enabled" | "static" | "alias" | "indirect" | "generated"
            ),
            false => !matches!(state, "enabled" | "enabled-runtime" | "alias"),
        }
    }

    fn enabled(&self) -> &str {
        match self.state.enabled.as_str() {
            "enabled" => "yes",
            "disabled" | "" => "no",
            other => other,
        }
    }
}

fn set_active(state: &mut UnitState, active: &str, sub: &str) {
    active.clone_into(&mut state.active);
    sub.clone_into(&mut state.sub);
}

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
