//! Services of hosts that systemd does not run, through the program `service`.

use super::request::{Request, State};
use super::{init, systemctl};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{Observation, Probe, Program, ProgramResult};
use crate::module::{Decision, Failure, Look, Stop};

/// Decides about a service by its name.
pub(super) fn decide(request: &Request, name: &str, look: &Look<'_>) -> Result<Decision, Stop> {
    only_states(request, look)?;
    let name = name.strip_suffix(".service").unwrap_or(name);
    let status = Program {
        time_limit: Some(30),
        ..Program::new(["service", name, "status"])
    };
    let answer = look.program(&status)?;
    if answer.code == 127 {
        return Err(
            Failure::new("this host has neither systemd nor the program `service`")
                .help("start the server with `command`, and say with `unless` when it runs")
                .into(),
        );
    }
    let running = answer.code == 0;
    let Some(state) = request.state else {
        return Ok(Decision::unchanged());
    };
    let run = |verb: &str| systemctl::step(Program::new(["service", name, verb]));
    let becomes = |code: i32| {
        let servers = Effect::ServersChange {
            reason: format!("{name} is {}", state.participle()),
        };
        let status = Effect::Becomes(
            Probe::Program(Box::new(status.clone())),
            Observation::Program(ProgramResult {
                code,
                ..ProgramResult::default()
            }),
        );
        vec![status, servers]
    };
    let change = match (state, running) {
        (State::Started, true) | (State::Stopped, false) => return Ok(Decision::unchanged()),
        (State::Stopped, true) => Change {
            kind: ChangeKind::Update,
            resource: format!("service {name}"),
            difference: Difference::Fields(vec![Field::new("running", Some("yes"), Some("no"))]),
            notes: Vec::new(),
            steps: vec![run("stop")],
            undo: Undo::Steps(vec![run("start")]),
            effects: becomes(3),
        },
        (_, false) => Change {
            kind: ChangeKind::Update,
            resource: format!("service {name}"),
            difference: Difference::Fields(vec![Field::new("running", Some("no"), Some("yes"))]),
            notes: Vec::new(),
            steps: vec![run("start")],
            undo: Undo::Steps(vec![run("stop")]),
            effects: becomes(0),
        },
        (State::Restarted | State::Reloaded, true) => Change {
            kind: ChangeKind::Run,
            resource: format!("{} {name}", state.verb()),
            difference: Difference::None,
            notes: Vec::new(),
            steps: vec![run(state.verb())],
            undo: Undo::Again {
                steps: vec![run(state.verb())],
                server: None,
            },
            effects: becomes(0),
        },
    };
    Ok(Decision::change(change))
}

/// Everything but starting and stopping is systemd's.
fn only_states(request: &Request, look: &Look<'_>) -> Result<(), Stop> {
    let asked = [
        ("enabled", request.enabled.is_some()),
        ("masked", request.masked.is_some()),
        ("drop_ins", !request.drop_ins.is_empty()),
        ("daemon_reload", request.daemon_reload),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((name, _)) => Err(Failure::new(format!(
            "`{name}` needs systemd, and {} runs this host",
            init::name(look)?.unwrap_or("another program")
        ))
        .help("give the task a `when` that keeps it to hosts with systemd, and use `command` for the others")
        .into()),
    }
}
