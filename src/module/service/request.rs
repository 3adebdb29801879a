//! What a task asks of a service.

use super::drop_in::{self, DropIn};
use crate::model::value::{Map, Value};
use crate::module::handover::RESTART_PRIMARY;
use crate::module::{Failure, Parameters, Stop};

/// Suffixes of unit names; a name without one is a service's.
const SUFFIXES: &[&str] = &[
    ".service",
    ".socket",
    ".timer",
    ".target",
    ".mount",
    ".automount",
    ".path",
    ".slice",
    ".scope",
    ".swap",
    ".device",
];

/// All that the parameters say.
pub(super) struct Request {
    /// As the task has it.
    pub(super) name: Option<String>,
    pub(super) state: Option<State>,
    pub(super) enabled: Option<bool>,
    pub(super) masked: Option<bool>,
    pub(super) daemon_reload: bool,
    pub(super) drop_ins: Vec<DropIn>,
    /// All data of a primary may be lost.
    pub(super) restart_primary: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Started,
    Stopped,
    Restarted,
    Reloaded,
}

impl State {
    /// What systemctl and service call it.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Started => "start",
            Self::Stopped => "stop",
            Self::Restarted => "restart",
            Self::Reloaded => "reload",
        }
    }

    /// What has been done to the service then.
    pub(super) fn participle(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Restarted => "restarted",
            Self::Reloaded => "reloaded",
        }
    }
}

impl Request {
    /// What the task asked for, as Ansible's `register` has it: what was restarted or reloaded is `started`.
    pub(super) fn result(&self) -> Map {
        let state = self.state.map(|state| match state {
            State::Stopped => "stopped",
            State::Started | State::Restarted | State::Reloaded => "started",
        });
        let asked = [
            ("name", self.name.as_deref().map(Value::from)),
            ("state", state.map(Value::from)),
            ("enabled", self.enabled.map(Value::from)),
        ];
        asked
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    pub(super) fn read(parameters: &Parameters) -> Result<Self, Stop> {
        let flag = |name: &str| -> Result<Option<bool>, Stop> {
            match parameters.has(name) {
                true => parameters.boolean(name, false).map(Some),
                false => Ok(None),
            }
        };
        let request = Self {
            name: parameters.string("name")?.filter(|name| !name.is_empty()),
            state: match parameters.string("state")?.as_deref() {
                None => None,
                Some("started") => Some(State::Started),
                Some("stopped") => Some(State::Stopped),
                Some("restarted") => Some(State::Restarted),
                Some("reloaded") => Some(State::Reloaded),
                Some(_) => {
                    let given = parameters.get("state").unwrap_or(&Value::Null);
                    let words = "started, stopped, restarted or reloaded";
                    return Err(parameters.wrong("state", words, given));
                }
            },
            enabled: flag("enabled")?,
            masked: flag("masked")?,
            daemon_reload: parameters.boolean("daemon_reload", false)?,
            drop_ins: drop_in::read(parameters)?,
            restart_primary: parameters.boolean(RESTART_PRIMARY.name, false)?,
        };
        let about_a_unit = request.state.is_some()
            || request.enabled.is_some()
            || request.masked.is_some()
            || !request.drop_ins.is_empty();
        match (&request.name, about_a_unit, request.daemon_reload) {
            (None, true, _) => Err(Failure::new("`service` needs the `name` of a service").into()),
            (_, false, false) => Err(Failure::new("`service` has nothing to do")
                .help("say `state`, `enabled`, `masked`, `drop_ins` or `daemon_reload`")
                .into()),
            (Some(name), _, _) if !is_name(name) => {
                Err(Failure::new(format!("`{name}` is no name of a service")).into())
            }
            _ => Ok(request),
        }
    }
}

/// Whether systemd would take it for a unit's name, and a shell for one word.
pub(crate) fn is_name(name: &str) -> bool {
    let usual =
        |character: char| character.is_ascii_alphanumeric() || ":-_.\\@".contains(character);
    !name.starts_with('-') && name.chars().all(usual)
}

/// A unit's full name.
pub(crate) fn unit_name(name: &str) -> String {
    match SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
        true => name.to_owned(),
        false => format!("{name}.service"),
    }
}
