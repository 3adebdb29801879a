//! `service`: services run or do not, start at boot or do not, and have the limits they need.

pub(crate) mod drop_in;
pub(crate) mod init;
mod other_init;
pub(crate) mod request;
pub(crate) mod systemctl;
mod transition;
pub(crate) mod unit;

use request::Request;

use super::handover::RESTART_PRIMARY;

pub(super) use systemctl::{again, restart as restart_step};

use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};

/// Starts, stops, restarts and enables services, and adds settings to their units.
///
/// Where systemd runs the host, a unit's other names lead to its own (`redis` to `redis-server` where it is an
/// alias). A start that fails, or after which the unit falls over at once, says what the journal says.
/// A Redis or Valkey that replicas follow and that keeps nothing on disk is not restarted or stopped in place.
/// Without systemd, services are started and stopped with the program `service`.
#[derive(Debug)]
pub struct Service;

static SPEC: Spec = Spec {
    name: "service",
    aliases: &["systemd", "systemd_service"],
    summary: "Starts, stops, restarts, enables and masks services, and writes drop-ins for their units.",
    parameters: &[
        Parameter::new(
            "name",
            Kind::String,
            "The service or unit; without an ending it is a service.",
        )
        .aliases(&["service", "unit"]),
        Parameter::new(
            "state",
            Kind::String,
            "`restarted` and `reloaded` act each time; what does not run yet is started by them.",
        )
        .choices(&["started", "stopped", "restarted", "reloaded"]),
        Parameter::new("enabled", Kind::Boolean, "Whether it starts at boot."),
        Parameter::new(
            "masked",
            Kind::Boolean,
            "Whether nothing at all can start it.",
        ),
        Parameter::new(
            "daemon_reload",
            Kind::Boolean,
            "Makes systemd read its units again before anything else is done; counts as no change.",
        )
        .aliases(&["daemon-reload"])
        .default("no"),
        Parameter::new(
            "drop_ins",
            Kind::Map,
            "Settings added to the unit: a file name to sections (`{ Service: { LimitNOFILE: 65535 } }`), a text, or nothing \
             for a file that is to go. They are written to /etc/systemd/system/UNIT.d.",
        ),
        RESTART_PRIMARY,
        Parameter::new("scope", Kind::String, "Whose units are meant.")
            .choices(&["system"])
            .default("system"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Service {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let request = Request::read(parameters)?;
        let systemd = init::has_systemd(look)?;
        let mut decision = match (&request.name, systemd) {
            (Some(name), true) => unit::decide(&request, name, look)?,
            (Some(name), false) => other_init::decide(&request, name, look)?,
            (None, true) => Decision::change(unit::reload_change(false, Vec::new())),
            (None, false) => {
                return Err(Failure::new(
                    "`daemon_reload` needs systemd, which does not run this host",
                )
                .into());
            }
        };
        decision.result.extend(request.result());
        Ok(decision)
    }
}
