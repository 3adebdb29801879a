//! The guard's unit: what it may do, and whether it runs.

use super::files::PROGRAM;
use super::instances::Instance;
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{Observation, Probe, Program, UnitState};
use crate::module::service::systemctl;
use crate::module::{Look, Stop};

pub(super) fn name(instance: &Instance) -> String {
    format!("cachesmith-guard@{}.service", instance.name)
}

pub(super) fn probe(instance: &Instance) -> Probe {
    Probe::Unit(name(instance))
}

/// It runs as root, with no right of root's: a password file of its own is all it needs that for. A socket is
/// written to by its owner, so that guard may pass over permissions; the key of a certificate is read by its owner.
pub(super) fn text(instance: &Instance) -> String {
    let (title, capabilities) = match (instance.port, &instance.tls) {
        (0, _) => (&instance.socket, "CAP_DAC_OVERRIDE"),
        (_, Some(_)) => (&instance.name, "CAP_DAC_READ_SEARCH"),
        _ => (&instance.name, ""),
    };
    let after = match instance.unit.as_str() {
        "" => "",
        unit => &format!("After={unit}\n"),
    };
    format!(
        "# Written by Cachesmith (redis_guard). What is changed here is overwritten.\n\
         [Unit]\n\
         Description=Cachesmith guard of the memory of {title}\n\
         {after}\n\
         [Service]\n\
         ExecStart={PROGRAM} {}\n\
         Restart=always\n\
         RestartSec=1\n\
         # Settings that cannot be read do not get better by trying.\n\
         RestartPreventExitStatus=78\n\
         TimeoutStopSec=20\n\
         RuntimeDirectory=cachesmith-guard\n\
         # What a guard held is known to the next one.\n\
         RuntimeDirectoryPreserve=yes\n\
         # It has to run when memory and processors are short.\n\
         OOMScoreAdjust=-900\n\
         Nice=-5\n\
         MemoryMax=32M\n\
         TasksMax=16\n\
         CapabilityBoundingSet={capabilities}\n\
         NoNewPrivileges=yes\n\
         # Neither ProtectKernelTunables nor ProtectControlGroups nor ProtectProc: they mount a fresh /proc, and what a\n\
         # container shows in its own /proc/meminfo (its limit) would be hidden.\n\
         ReadOnlyPaths=-/proc/sys -/sys\n\
         ProtectSystem=strict\n\
         ProtectHome=yes\n\
         ProtectKernelModules=yes\n\
         ProtectKernelLogs=yes\n\
         ProtectClock=yes\n\
         ProtectHostname=yes\n\
         PrivateTmp=yes\n\
         PrivateDevices=yes\n\
         RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n\
         RestrictNamespaces=yes\n\
         RestrictRealtime=yes\n\
         RestrictSUIDSGID=yes\n\
         LockPersonality=yes\n\
         MemoryDenyWriteExecute=yes\n\
         SystemCallArchitectures=native\n\
         SystemCallFilter=@system-service\n\
         UMask=0022\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n",
        instance.name
    )
}

/// Whoever takes back a change of the files has the guard start with the old ones, if it runs then.
pub(super) fn restart_when_undone(changes: &mut [Change], instance: &Instance) {
    let unit = name(instance);
    for change in changes {
        if let Undo::Steps(steps) = &mut change.undo {
            steps.push(systemctl::daemon_reload());
            steps.push(systemctl::again("restart", &unit));
        }
    }
}

/// systemd reads its files again after the last of these changes, and after each that is taken back.
pub(super) fn reload_after(changes: &mut [Change]) {
    if let Some(last) = changes.last_mut() {
        last.steps.push(systemctl::daemon_reload());
    }
    for change in changes {
        if let Undo::Steps(steps) = &mut change.undo {
            steps.push(systemctl::daemon_reload());
        }
    }
}

/// The guard runs with the files that are there, now and after a boot.
pub(super) fn running(
    instance: &Instance,
    changed: bool,
    look: &Look<'_>,
) -> Result<Option<Change>, Stop> {
    let state = look.unit(&name(instance))?;
    let unit = name(instance);
    let active = matches!(state.active.as_str(), "active" | "activating" | "reloading");
    let enabled = state.enabled == "enabled";
    let reload = changed || state.needs_reload;
    if active && enabled && !reload {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let mut undo = Vec::new();
    let mut fields = Vec::new();
    if reload {
        steps.push(systemctl::daemon_reload());
    }
    if !enabled {
        fields.push(Field::new("enabled", Some("no"), Some("yes")));
        steps.push(systemctl::plain("enable", &unit));
        undo.insert(0, systemctl::plain("disable", &unit));
    }
    let restarts = active && reload;
    if !active {
        fields.push(Field::new("active", Some(shown(state)), Some("active")));
        steps.push(systemctl::with_reasons("start", &unit));
        undo.insert(0, systemctl::plain("stop", &unit));
    } else if restarts {
        steps.push(systemctl::with_reasons("restart", &unit));
    }
    Ok(Some(Change {
        kind: match restarts && fields.is_empty() {
            true => ChangeKind::Run,
            false => ChangeKind::Update,
        },
        resource: match restarts {
            true => format!("restart {unit}"),
            false => format!("unit {unit}"),
        },
        difference: match fields.is_empty() {
            true => Difference::None,
            false => Difference::Fields(fields),
        },
        notes: match restarts {
            true => vec!["the guard alone restarts; the server goes on".to_owned()],
            false => Vec::new(),
        },
        steps,
        undo: Undo::Steps(undo),
        effects: becomes(&unit, state, "active", "running", "enabled"),
    }))
}

/// The guard does not run, now or after a boot.
pub(super) fn stopped(
    instance: &Instance,
    forget: bool,
    look: &Look<'_>,
) -> Result<Option<Change>, Stop> {
    let state = look.unit(&name(instance))?;
    let unit = name(instance);
    let active = !matches!(state.active.as_str(), "inactive" | "failed" | "");
    let enabled = state.enabled == "enabled";
    if !active && !enabled {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let mut undo = Vec::new();
    let mut fields = Vec::new();
    if active {
        fields.push(Field::new("active", Some(shown(state)), Some("inactive")));
        steps.push(systemctl::plain("stop", &unit));
        undo.insert(0, systemctl::with_reasons("start", &unit));
    }
    if enabled {
        fields.push(Field::new("enabled", Some("yes"), Some("no")));
        steps.push(systemctl::plain("disable", &unit));
        undo.insert(0, systemctl::plain("enable", &unit));
    }
    if forget {
        let status = crate::redis::guard_status::path(&instance.name);
        steps.push(systemctl::step(Program::new(["rm", "-f", "--", &status])));
    }
    let (load, enabled) = match forget {
        true => ("not-found", ""),
        false => (state.load.as_str(), "disabled"),
    };
    let mut after = state.clone();
    load.clone_into(&mut after.load);
    Ok(Some(Change {
        kind: ChangeKind::Update,
        resource: format!("unit {unit}"),
        difference: Difference::Fields(fields),
        notes: vec![
            "where memory is short, `maxmemory` stays as low as the guard has set it; elsewhere it goes back to what was planned"
                .to_owned(),
        ],
        steps,
        undo: Undo::Steps(undo),
        effects: becomes(&unit, &after, "inactive", "dead", enabled),
    }))
}

fn shown(state: &UnitState) -> &str {
    match state.active.as_str() {
        "" => "inactive",
        other => other,
    }
}

fn becomes(unit: &str, before: &UnitState, active: &str, sub: &str, enabled: &str) -> Vec<Effect> {
    let mut after = before.clone();
    active.clone_into(&mut after.active);
    sub.clone_into(&mut after.sub);
    enabled.clone_into(&mut after.enabled);
    after.needs_reload = false;
    if active == "active" {
        "loaded".clone_into(&mut after.load);
    }
    let probe = Probe::Unit(unit.to_owned());
    vec![Effect::Becomes(probe, Observation::Unit(after))]
}
