//! From the state that a unit is in to the one that is wanted.

use super::request::{Request, State};
use super::systemctl;
use super::unit::{Unit, is_masked, is_running};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::UnitState;
use crate::model::step::Step;

impl Unit<'_> {
    /// Masking, enabling, starting and stopping: what stays as it is once it is so.
    pub(super) fn switches(&self, request: &Request, after: &mut UnitState) -> Option<Change> {
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
    pub(super) fn action(&self, request: &Request, after: &mut UnitState) -> Option<Change> {
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
            undo: Undo::Again {
                steps: vec![systemctl::again(verb, &self.name)],
                server: None,
            },
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
