//! `redis_guard`: something on the host that keeps a server's memory within its limits.

mod files;
mod instances;
mod program;
mod request;
mod unit;

pub use instances::name as instance_name;
pub use program::program;

use files::Files;
use instances::Instance;
use request::{Request, State};

use super::shared::mode::Mode;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::module::service::init::has_systemd;

/// Installs the guard of each server of a host: a small program that watches resident memory against the limits that
/// are really there, and lowers the live `maxmemory` step by step while memory is short (`docs/guard.md`).
///
/// A guard is a unit `cachesmith-guard@NAME.service`, NAME being the server's port, or its socket's name where it has
/// no port. Whatever changes restarts the guard alone, never the server.
#[derive(Debug)]
pub struct RedisGuard;

static SPEC: Spec = Spec {
    name: "redis_guard",
    aliases: &["valkey_guard"],
    summary: "Installs a guard that keeps a server's resident memory within the host's limits, switches it off, or removes it.",
    parameters: &[
        Parameter::new(
            "state",
            Kind::String,
            "`off` stops the guards and keeps their files; `absent` removes them.",
        )
        .choices(&["present", "off", "absent"])
        .default("present"),
        Parameter::new(
            "instances",
            Kind::Strings,
            "Which servers, by port, socket or unit.",
        )
        .default("all that the facts know"),
        Parameter::new(
            "maxmemory",
            Kind::Size,
            "What the server's `maxmemory` is while memory is not short.",
        )
        .default("redis.maxmemory"),
        Parameter::new(
            "floor",
            Kind::String,
            "What `maxmemory` is never lowered below: a size, or percent of `maxmemory`.",
        )
        .default("20%"),
        Parameter::new(
            "limit",
            Kind::Size,
            "What the server's own resident memory may be, beside the limits of the host and of every control group above it.",
        )
        .default("auto: those limits alone"),
        Parameter::new(
            "high",
            Kind::Integer,
            "Percent of the limit above which memory is short.",
        )
        .default("follows from the limit: 92% of a large one, less of a small one"),
        Parameter::new(
            "low",
            Kind::Integer,
            "Percent of the limit below which memory is not short any more.",
        )
        .default("follows from the limit"),
        Parameter::new(
            "share",
            Kind::Integer,
            "Percent of the host's memory that is this server's; one that uses less is spared until memory is nearly gone.",
        )
        .default("100 by the number of servers"),
        Parameter::new(
            "effort",
            Kind::Integer,
            "How hard the server may be made to defragment, as percent of a processor; 0: not harder than it is set.",
        )
        .default("50 where the build is proven to defragment, else 0"),
        Parameter::new("user", Kind::String, "The account that the guard uses.").aliases(&["login_user"]),
        Parameter::new(
            "password",
            Kind::Secret,
            "Its password; kept on the host in a file that root alone can read.",
        )
        .aliases(&["login_password"]),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for RedisGuard {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let request = Request::read(parameters)?;
        if !has_systemd(look)? {
            return Err(
                Failure::new("`redis_guard` needs systemd, which does not run this host")
                    .help("give the task `when: host.init == 'systemd'`")
                    .into(),
            );
        }
        let instances = instances::chosen(&request, look)?;
        let names: Vec<crate::model::value::Value> = instances
            .iter()
            .map(|instance| instance.name.as_str().into())
            .collect();
        let decision = match request.state {
            State::Present => present(&request, &instances, look),
            State::Off => off(&instances, look),
            State::Absent => absent(&instances, look),
        }?;
        Ok(decision.with("guards", names))
    }
}

/// All that has to be known of the guards, at once.
fn ask(instances: &[Instance], look: &Look<'_>) -> Result<(), Stop> {
    let mut probes = files::shared_probes();
    for instance in instances {
        probes.extend(files::probes(instance));
        probes.push(unit::probe(instance));
    }
    look.ask(&probes)
}

/// Files and units as they should be, and the guards running.
fn present(request: &Request, instances: &[Instance], look: &Look<'_>) -> Result<Decision, Stop> {
    ask(instances, look)?;
    let mut decision = Decision::unchanged();
    let mut files = Files::new(look);
    files.directory(files::PROGRAM_FOLDER, Mode::Bits(0o755))?;
    files.program(program())?;
    files.directory(files::SETTINGS_PARENT, Mode::Bits(0o755))?;
    files.directory(files::SETTINGS_FOLDER, Mode::Bits(0o755))?;
    let program_changes = files.is_changed();
    decision.changes.append(&mut files.changes);
    for instance in instances {
        let settings = request.settings(instance, look)?;
        let mut files = Files::new(look);
        files.made = true;
        if let Some(password) = &request.password {
            let text = format!("{}\n", password.expose());
            files.file(&files::secret(instance), &text, Mode::Bits(0o600), true)?;
        } else {
            files.gone(&files::secret(instance), true)?;
        }
        files.file(
            &files::settings(instance),
            &settings,
            Mode::Bits(0o600),
            false,
        )?;
        let text = unit::text(instance);
        files.file(&files::unit(instance), &text, Mode::Bits(0o644), false)?;
        let changed = files.is_changed();
        let mut changes = files.changes;
        unit::restart_when_undone(&mut changes, instance);
        decision.changes.extend(changes);
        decision
            .changes
            .extend(unit::running(instance, changed || program_changes, look)?);
    }
    Ok(decision)
}

/// The guards do not run, now and after a boot; their files stay.
fn off(instances: &[Instance], look: &Look<'_>) -> Result<Decision, Stop> {
    let probes: Vec<_> = instances.iter().map(unit::probe).collect();
    look.ask(&probes)?;
    let mut decision = Decision::unchanged();
    for instance in instances {
        decision
            .changes
            .extend(unit::stopped(instance, false, look)?);
    }
    Ok(decision)
}

/// Nothing is left of the guards; the program goes with the last of them.
fn absent(instances: &[Instance], look: &Look<'_>) -> Result<Decision, Stop> {
    ask(instances, look)?;
    let mut decision = Decision::unchanged();
    for instance in instances {
        decision
            .changes
            .extend(unit::stopped(instance, true, look)?);
        let mut files = Files::new(look);
        files.gone(&files::unit(instance), false)?;
        unit::reload_after(&mut files.changes);
        files.gone(&files::settings(instance), false)?;
        files.gone(&files::secret(instance), true)?;
        decision.changes.append(&mut files.changes);
    }
    let others = look.glob(files::ALL_SETTINGS)?.iter().any(|(path, _)| {
        instances
            .iter()
            .all(|instance| files::settings(instance) != *path)
    });
    if !others {
        let mut files = Files::new(look);
        files.gone(files::PROGRAM, false)?;
        decision.changes.append(&mut files.changes);
    }
    Ok(decision)
}
