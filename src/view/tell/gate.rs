//! What came of a gate.

use super::cause::causes;
use super::names::Names;
use super::words::count;
use crate::model::event::GateEnded;
use crate::view::gather::{Causes, Hosts, Place};
use crate::view::page::{Line, Page, Role};

/// Tells it. `names`: the hosts that the gate was about.
pub fn gate(page: &mut Page, ended: &GateEnded, failures: &Causes, names: Names<'_>) {
    let which = match ended.gate {
        1 => format!("Gate behind wave {}", ended.wave),
        number => format!("Gate {number} behind wave {}", ended.wave),
    };
    let line = match &ended.refused {
        Some(reason) => Some(
            Line::of(Role::Failure, &which).and(Role::Plain, &format!(" not passed: {reason}.")),
        ),
        None if ended.failures.is_empty() => {
            let looks = count(ended.looks, "look");
            let line = Line::of(Role::Good, &which).and(Role::Plain, " passed");
            let how = match ended.looks {
                0 => ".".to_owned(),
                _ => format!(": {looks} in {} s.", ended.seconds),
            };
            Some(line.and(Role::Plain, &how))
        }
        None => None,
    };
    if let Some(line) = line {
        page.wrapped(0, 2, &line);
    }
    causes(
        page,
        &format!("{which} not passed"),
        Role::Failure,
        failures,
        names,
    );
    page.blank();
}

/// The failures of a gate, those with the same cause together.
pub fn gate_causes(ended: &GateEnded, hosts: &mut Hosts) -> Causes {
    let mut causes = Causes::default();
    for failed in &ended.failures {
        let host = hosts.number(&failed.host);
        causes.add(&failed.failure, Place::default(), host, &failed.host);
    }
    causes
}
