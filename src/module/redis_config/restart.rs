//! The restart of a server: when, and when never.

use super::live::Live;
use super::server::Instance;
use super::{converge::Pending, note};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Undo};
use crate::model::probe::Probe;
use crate::module::handover::{RESTART_PRIMARY, Standing, Way};
use crate::module::service::{again, restart_step};
use crate::module::shared::redis_address::place;
use crate::module::{Failure, Parameters, Stop};
use crate::redis::conf::{Effective, Value};
use crate::redis::info::Role;
use crate::redis::units::human_exact;

/// What a task says about restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Never,
    /// Only what no CONFIG SET can bring makes it restart.
    WhenNeeded,
    /// Whatever changes.
    Always,
}

impl Mode {
    pub(super) fn of(parameters: &Parameters) -> Result<Self, Stop> {
        Ok(match parameters.string("restart")?.as_deref() {
            Some("never") => Self::Never,
            Some("always") => Self::Always,
            _ => Self::WhenNeeded,
        })
    }
}

/// Whether what the server holds is there again after a restart, with the settings that it will have by then.
pub(super) fn keeps_data(live: &Live<'_>, wanted: &Effective) -> bool {
    let value = |name: &str| {
        wanted
            .named(name)
            .or_else(|| live.effective.named(name))
            .map(|setting| &setting.value)
    };
    let saves = matches!(value("save"), Some(Value::Points(points)) if !points.is_empty());
    saves || value("appendonly") == Some(&Value::Bool(true))
}

/// What the server says of its last writes to its disk, where one failed. A server with save points that cannot save
/// refuses to end, and systemd may wait for it without a limit.
fn trouble_with_saving(live: &Live<'_>) -> Option<&'static str> {
    ["rdb_last_bgsave_status", "aof_last_write_status"]
        .into_iter()
        .find(|name| live.info.text(name).is_some_and(|status| status != "ok"))
}

/// The unit that is restarted, and what comes before that.
///
/// # Errors
/// Where a restart would lose data on other hosts, or there is nothing to restart it with.
pub(super) fn unit(
    parameters: &Parameters,
    instance: Option<&Instance<'_>>,
    standing: Option<&Standing<'_>>,
    live: &Live<'_>,
    keeps_data: bool,
    why: &[Pending],
) -> Result<(String, Way), Stop> {
    let why = if why.is_empty() {
        "`restart: always`".to_owned()
    } else {
        why.iter()
            .map(Pending::shown)
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(trouble) = trouble_with_saving(live).filter(|_| keeps_data) {
        return Err(Failure::new(format!(
            "{why} needs a restart, and the server could not write its data the last time ({trouble}): it would not end, \
             or come back without what it holds"
        ))
        .help("look at its log and at the space on its disk, have it write (`BGSAVE`), and run again")
        .help("or leave the restart for later with `restart: never`")
        .into());
    }
    let replicas = live.info.count("connected_slaves").unwrap_or(0);
    let is_primary = live.info.role() == Some(Role::Primary);
    let handed_over = standing.is_some_and(|standing| standing.role == Some("replica"));
    let known = standing.is_some_and(Standing::is_known_to_be_followed);
    let is_followed = is_primary && (replicas > 0 || known) && !handed_over;
    let mut standing = standing.cloned().unwrap_or_default();
    standing.replicas = usize::try_from(replicas).unwrap_or(usize::MAX);
    let may_lose = parameters.boolean(RESTART_PRIMARY.name, false)?;
    let what = format!("{why} needs a restart");
    let way = standing
        .way(&what, is_followed, keeps_data, may_lose)
        .map_err(|stop| match stop {
            Stop::Failed(failure) => failure
                .help("or leave the restart for later with `restart: never`")
                .into(),
            other => other,
        })?;
    let given = parameters.string("service")?;
    let unit = given.or_else(|| {
        instance
            .and_then(|instance| instance.unit)
            .map(str::to_owned)
    });
    unit.map(|unit| {
        if unit.contains('.') {
            unit
        } else {
            format!("{unit}.service")
        }
    })
    .map(|unit| (unit, way))
    .ok_or_else(|| {
        Failure::new(format!(
            "{why} needs a restart, and no unit is known that runs this server"
        ))
        .help("name it with `service`, or leave the restart for later with `restart: never`")
        .into()
    })
}

/// The restart, which comes after everything else.
pub(super) fn change(
    unit: &str,
    live: &Live<'_>,
    keeps_data: bool,
    pending: &[Pending],
    file: &str,
    has_note: bool,
    way: &Way,
) -> Change {
    let mut notes: Vec<String> = pending
        .iter()
        .map(|pending| format!("{} needs it", pending.shown()))
        .collect();
    let keys = live.info.keys().total;
    if keys > 0 {
        let used = human_exact(live.info.bytes("used_memory").unwrap_or(0));
        notes.push(if matches!(way, Way::HandOver(_) | Way::Pin(_)) {
            format!("{keys} keys ({used}) come again from its primary")
        } else if keeps_data {
            format!("{keys} keys ({used}) are loaded again from disk")
        } else {
            format!("all {keys} keys ({used}) are lost: nothing is kept on disk")
        });
    }
    let mut steps = vec![restart_step(unit)];
    if has_note {
        steps.push(note::remove(file));
    }
    Change {
        kind: ChangeKind::Run,
        resource: format!("restart {unit}"),
        difference: Difference::None,
        notes,
        steps,
        undo: Undo::Again {
            steps: vec![again("restart", unit)],
            server: Some(place(&live.address)),
        },
        effects: vec![
            Effect::ServersChange {
                reason: format!("{unit} is restarted"),
            },
            Effect::AskAgain(Probe::Unit(unit.to_owned())),
            note::effect(file),
        ],
    }
}
