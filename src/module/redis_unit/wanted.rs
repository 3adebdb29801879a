//! What a task asks of a server's unit.

use super::setting::{KNOWN, Setting, seconds};
use crate::model::value::Value;
use crate::module::service::drop_in;
use crate::module::service::request::{is_name, unit_name};
use crate::module::{Failure, Look, Parameters, Stop};

/// What Redis allows where nothing is said (`maxclients`).
const USUAL_MAXCLIENTS: i64 = 10_000;

/// Files that a server needs beside its clients'. Redis itself reserves 32 (`CONFIG_MIN_RESERVED_FDS`); the rest is
/// for replicas, saving and modules.
const BESIDE_CLIENTS: i64 = 128;

/// Full names of the units that a task is about: those it names, or all that run servers here.
///
/// # Errors
/// When there is none, or one is no name.
pub(super) fn names(parameters: &Parameters, look: &Look<'_>) -> Result<Vec<String>, Stop> {
    let mut names = parameters.strings("name")?;
    if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
        return Err(Failure::new(format!("`{wrong}` is no name of a unit")).into());
    }
    if let Some(template) = names
        .iter()
        .map(|name| name.strip_suffix(".service").unwrap_or(name))
        .find(|name| name.ends_with('@'))
    {
        return Err(
            Failure::new(format!("{template} is a template, not a unit"))
                .help(format!("name its instances: {template}NAME"))
                .into(),
        );
    }
    if names.is_empty() {
        for instance in instances(look)? {
            let unit = instance.get("unit").and_then(Value::as_str);
            names.extend(unit.filter(|unit| !unit.is_empty()).map(str::to_owned));
        }
    }
    if names.is_empty()
        && let Some(unit) = look.fact(&["redis", "unit"])?.and_then(Value::as_str)
    {
        names.push(unit.to_owned());
    }
    if names.is_empty() {
        return Err(match look.pending_packages() {
            Some(unknown) => Stop::Unknown(unknown.clone()),
            None => Failure::new("this host has no unit that runs a server")
                .help("install the server with a task before, or give the unit's `name`")
                .into(),
        });
    }
    let mut names: Vec<String> = names.iter().map(|name| unit_name(name)).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// What the facts say of the server that a unit runs.
pub(super) fn instance<'a>(look: &Look<'a>, unit: &str) -> Result<Option<&'a Value>, Stop> {
    let is_it = |instance: &&Value| instance.get("unit").and_then(Value::as_str) == Some(unit);
    Ok(instances(look)?.iter().find(is_it))
}

fn instances<'a>(look: &Look<'a>) -> Result<&'a [Value], Stop> {
    let list = look.fact(&["redis", "instances"])?;
    Ok(list.and_then(Value::as_list).unwrap_or_default())
}

/// The settings that are wanted of one unit, in the order of their lines, and words about those that were chosen
/// otherwise than they were given.
pub(super) fn settings(
    parameters: &Parameters,
    look: &Look<'_>,
    unit: &str,
) -> Result<(Vec<Setting>, Vec<String>), Stop> {
    let mut settings = Vec::new();
    let mut notes = Vec::new();
    for known in KNOWN {
        let mut add = |value: String| settings.push(Setting { known, value });
        match known.parameter {
            "exec_paths" | "read_write_paths" => {
                for path in parameters.strings(known.parameter)? {
                    add(checked_path(known.parameter, path)?);
                }
            }
            "nofile" => {
                if let Some(number) = nofile(parameters, look, unit, &mut notes)? {
                    add(number.to_string());
                }
            }
            "memory_high" | "memory_max" => {
                if let Some(text) = super::memory::limit(parameters, known.parameter, look, unit)? {
                    add(text);
                }
            }
            "timeout_start" | "restart_sec" => {
                if let Some(text) = parameters.string(known.parameter)? {
                    add(time(known.parameter, text)?);
                }
            }
            "oom_score_adjust" => {
                if let Some(number) = parameters.integer(known.parameter)? {
                    if !(-1000..=1000).contains(&number) {
                        return Err(Failure::new(format!(
                            "`oom_score_adjust: {number}` is out of range"
                        ))
                        .help("it goes from -1000, never killed, to 1000, killed first")
                        .into());
                    }
                    add(number.to_string());
                }
            }
            _ => {
                if let Some(text) = parameters.string(known.parameter)? {
                    add(text);
                }
            }
        }
    }
    if settings.is_empty() {
        return Err(Failure::new("`redis_unit` has nothing to do")
            .help("say `nofile`, `oom_score_adjust`, `restart` or another setting")
            .into());
    }
    super::memory::together(&settings)?;
    Ok((settings, notes))
}

/// The drop-in's file name.
pub(super) fn drop_in_name(parameters: &Parameters) -> Result<String, Stop> {
    let name = parameters.string("drop_in")?;
    drop_in::file_name(name.as_deref().unwrap_or("50-cachesmith.conf"))
}

fn nofile(
    parameters: &Parameters,
    look: &Look<'_>,
    unit: &str,
    notes: &mut Vec<String>,
) -> Result<Option<i64>, Stop> {
    let Some(asked) = parameters.integer("nofile")? else {
        return Ok(None);
    };
    let clients = match parameters.integer("maxclients")? {
        Some(number) => number,
        None => match instance(look, unit)?.and_then(|known| known.get("maxclients")) {
            Some(Value::Int(number)) => *number,
            _ => USUAL_MAXCLIENTS,
        },
    };
    if asked < 1 || clients < 1 {
        return Err(Failure::new("`nofile` and `maxclients` are numbers above 0").into());
    }
    let least = clients.saturating_add(BESIDE_CLIENTS);
    if asked < least {
        notes.push(format!(
            "LimitNOFILE is {least} rather than {asked}: maxclients is {clients}, and a server needs {BESIDE_CLIENTS} files more"
        ));
    }
    Ok(Some(asked.max(least)))
}

fn time(parameter: &str, text: String) -> Result<String, Stop> {
    match seconds(&text) {
        Some(_) => Ok(text),
        None => Err(
            Failure::new(format!("`{parameter}: {text}` is no span of time"))
                .help("write seconds, `5min 20s` or infinity")
                .into(),
        ),
    }
}

/// systemd splits at spaces, expands `%`, and takes a path with a minus that need not exist.
fn checked_path(parameter: &str, path: String) -> Result<String, Stop> {
    let bare = path.strip_prefix('-').unwrap_or(&path);
    let odd = |c: char| c.is_whitespace() || c.is_control() || "%\"'\\".contains(c);
    if bare.starts_with('/') && !bare.contains(odd) {
        return Ok(path);
    }
    Err(Failure::new(format!(
        "`{path}` in `{parameter}` is no path that a unit can name"
    ))
    .help("it begins with a slash and has no spaces, quotes or per cent signs")
    .into())
}
