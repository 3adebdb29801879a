//! When hosts are frozen: the windows in their variables, and the time zones of this machine.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::engine::candidates::Before;
use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::Play;
use crate::rollout::{Candidate, Window, windows};

/// The variable that has the windows.
const VARIABLE: &str = "cachesmith_freeze";

/// The windows of a play's hosts, as far as they have any.
///
/// # Errors
/// A window that is not understood, with its place and the first host that has it.
pub(super) fn of_play(
    before: &Before,
    play: &Play,
    hosts: &[Candidate],
) -> Result<HashMap<String, Vec<Window>>> {
    let mut found = HashMap::new();
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for host in hosts {
        let value = match before.scope(play, &host.name).variable(VARIABLE) {
            Ok(None) => continue,
            Ok(Some(value)) => windows(&value, &zone),
            Err(error) => Err(error.message),
        };
        match value {
            Ok(windows) => {
                if !windows.is_empty() {
                    found.insert(host.name.clone(), windows);
                }
            }
            Err(problem) => {
                let problem = format!("`{VARIABLE}`: {problem}");
                if wrong.iter().any(|known| known.summary == problem) {
                    continue;
                }
                let known = before.inventory.host(&host.name);
                let place = known.and_then(|known| before.inventory.place(known, VARIABLE));
                let diagnostic = Diagnostic::error(problem).help(
                    "a window is for example `{ from: Fri 16:00, to: Mon 08:00, zone: Europe/Berlin, reason: weekend }`",
                );
                wrong.push(match place {
                    Some(place) => diagnostic.at(&place),
                    None => diagnostic.help(format!("this is what {} has", host.name)),
                });
            }
        }
    }
    if wrong.is_empty() {
        Ok(found)
    } else {
        Err(Error::new(ErrorKind::Input, wrong))
    }
}

/// A time zone by its name, as this machine knows it; `UTC` without one.
fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "UTC" => Some(TimeZone::UTC),
        name => TimeZone::get(name).ok(),
    }
}
