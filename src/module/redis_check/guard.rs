//! Whether the guard of a server does its work, and what it holds.

use crate::model::probe::{Probe, RedisAddress};
use crate::model::value::Value;
use crate::module::redis_guard::instance_name;
use crate::module::service::init;
use crate::module::{Check, CheckStatus, Look, Stop};
use crate::redis::guard_status::{self, GuardStatus};
use crate::redis::units::human_exact;

/// A guard writes its status every 10 seconds; after this it is taken for dead. Seconds.
const STALE: i64 = 60;

/// What a host says of a server's guard.
pub(super) struct Guard<'a> {
    unit: String,
    active: &'a str,
    enabled: &'a str,
    pub(super) status: Option<GuardStatus>,
    /// Seconds since 1970 at which the facts were taken.
    clock: Option<i64>,
}

fn file(address: &RedisAddress) -> (String, String) {
    let name = instance_name(address.port, address.socket.as_deref().unwrap_or_default());
    (
        format!("cachesmith-guard@{name}.service"),
        guard_status::path(&name),
    )
}

/// What has to be asked; nothing on a host that cannot have a guard, or about a server of another host.
///
/// # Errors
/// See [`Look::fact`].
pub(super) fn probes(address: &RedisAddress, look: &Look<'_>) -> Result<Vec<Probe>, Stop> {
    if init::name(look)? != Some("systemd") {
        return Ok(Vec::new());
    }
    let (unit, status) = file(address);
    Ok(vec![Probe::Unit(unit), Probe::Content(status)])
}

/// The guard of a server, where it has one.
///
/// # Errors
/// See [`Look::observe`].
pub(super) fn of<'a>(address: &RedisAddress, look: &Look<'a>) -> Result<Option<Guard<'a>>, Stop> {
    if init::name(look)? != Some("systemd") {
        return Ok(None);
    }
    let (unit, path) = file(address);
    let state = look.unit(&unit)?;
    if state.load == "not-found" {
        return Ok(None);
    }
    let text = match look.content(&path)? {
        crate::model::probe::FileState::Present(info) => info.content.as_ref(),
        crate::model::probe::FileState::Absent { .. } => None,
    };
    let status = text.and_then(|text| guard_status::parse(&text.to_lossy()));
    Ok(Some(Guard {
        unit,
        active: &state.active,
        enabled: &state.enabled,
        status,
        clock: match look.fact(&["host", "clock"])? {
            Some(Value::Int(seconds)) => Some(*seconds),
            _ => None,
        },
    }))
}

impl Guard<'_> {
    fn check(&self, status: CheckStatus, found: String, advice: &str) -> Check {
        Check {
            name: "guard".to_owned(),
            status,
            expected: "a guard that runs and holds nothing".to_owned(),
            found,
            advice: Some(advice.to_owned()).filter(|advice| !advice.is_empty()),
        }
    }

    /// Whether it runs, and what it holds.
    pub(super) fn judge(&self) -> Check {
        if self.active != "active" {
            return match self.enabled {
                "enabled" => self.check(
                    CheckStatus::Failed,
                    format!("{} is {}", self.unit, self.active),
                    "see its journal; what it held last still holds",
                ),
                _ => self.check(CheckStatus::NotApplicable, "it is off".to_owned(), ""),
            };
        }
        let Some(status) = &self.status else {
            return self.check(
                CheckStatus::Warned,
                "it runs and has not said anything yet".to_owned(),
                "look again in a few seconds",
            );
        };
        let written = i64::try_from(status.updated).unwrap_or(i64::MAX);
        if let Some(age) = self.clock.map(|clock| clock.saturating_sub(written))
            && age > STALE
        {
            return self.check(
                CheckStatus::Failed,
                format!("it runs and has said nothing for {age} seconds"),
                "see its journal",
            );
        }
        if status.state == "waiting" {
            return self.check(
                CheckStatus::Failed,
                status.why.clone(),
                "give `redis_guard` the account and password that it needs",
            );
        }
        if let Some(held) = status.holds_maxmemory_at() {
            return self.check(
                CheckStatus::Warned,
                format!(
                    "it holds maxmemory at {} ({}): {}",
                    human_exact(held),
                    status.state,
                    status.why
                ),
                "more memory, less of it planned, or a server that can defragment",
            );
        }
        let found = match status.holds.first() {
            None => format!("it runs and holds nothing ({})", status.state),
            Some(_) => format!("it runs and holds {}", status.holds.join(", ")),
        };
        self.check(CheckStatus::Passed, found, "")
    }
}
