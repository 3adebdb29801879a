//! The variable `redis_sizing`: what people know better than the facts.

use crate::model::nearest::nearest;
use crate::model::value::{Unknown, Value};
use crate::redis::sizing::Overrides;
use crate::redis::units;
use crate::redis::version::Flavour;

/// What was set. `None`: as the facts have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wishes {
    /// Which server is meant where a host has, or could have, both.
    pub(super) flavour: Option<Flavour>,
    pub(super) instances: Option<u32>,
    pub(super) persistence: Option<bool>,
    pub(super) replicas: Option<u32>,
    pub(super) write_heavy: bool,
    pub(super) defragmentation: Wanted,
    /// Bytes that other processes need.
    pub(super) other_processes: Option<u64>,
    /// `false`: limits on the server's own unit do not count, because the playbook sets them from the result.
    pub(super) unit_limits: Option<bool>,
    pub(super) overrides: Overrides,
}

/// Whether active defragmentation is to be switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Where the build is proven to do it and the version does no harm with it.
    #[default]
    Auto,
    /// As `Auto`, and where it is not so nothing may be planned.
    Require,
    /// Not even where it works.
    Off,
}

/// Why wishes cannot be followed.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// They are known only later.
    Unknown(Unknown),
    Wrong(String),
}

/// All names that `redis_sizing` may have.
const NAMES: [&str; 14] = [
    "flavour",
    "instances",
    "persistence",
    "replicas",
    "write_heavy",
    "defragmentation",
    "other_processes",
    "unit_limits",
    "maxmemory",
    "fragmentation_factor",
    "copy_on_write_share",
    "system_reserve",
    "largest_share",
    "share",
];

/// What is wrong with `redis_sizing`, if anything is: a sentence without a full stop.
pub fn check(wishes: &Value) -> Option<String> {
    match read(Some(wishes)) {
        Err(Problem::Wrong(message)) => Some(message),
        _ => None,
    }
}

pub(super) fn read(given: Option<&Value>) -> Result<Wishes, Problem> {
    let mut wishes = Wishes::default();
    let map = match given {
        None | Some(Value::Null) => return Ok(wishes),
        Some(Value::Map(map)) => map,
        Some(Value::Unknown(unknown)) => return Err(Problem::Unknown(unknown.clone())),
        Some(other) => {
            let message = format!("redis_sizing must be a mapping, not {}", other.kind());
            return Err(Problem::Wrong(message));
        }
    };
    for (name, value) in map {
        if let Some(unknown) = value.first_unknown() {
            return Err(Problem::Unknown(unknown.clone()));
        }
        if *value != Value::Null {
            take(&mut wishes, name, value)?;
        }
    }
    Ok(wishes)
}

fn take(wishes: &mut Wishes, name: &str, value: &Value) -> Result<(), Problem> {
    let overrides = &mut wishes.overrides;
    match name {
        "flavour" => wishes.flavour = Some(flavour(value)?),
        "instances" => wishes.instances = Some(count(name, value)?),
        "persistence" => wishes.persistence = Some(truth(name, value)?),
        "replicas" => wishes.replicas = Some(count(name, value)?),
        "write_heavy" => wishes.write_heavy = truth(name, value)?,
        "defragmentation" => wishes.defragmentation = wanted(name, value)?,
        "other_processes" => wishes.other_processes = Some(bytes(name, value)?),
        "unit_limits" => wishes.unit_limits = Some(truth(name, value)?),
        "maxmemory" => overrides.maxmemory = Some(bytes(name, value)?),
        "fragmentation_factor" => overrides.fragmentation_factor = Some(decimal(name, value)?),
        "copy_on_write_share" => overrides.copy_on_write_share = Some(decimal(name, value)?),
        "system_reserve" => overrides.system_reserve = Some(bytes(name, value)?),
        "largest_share" => overrides.largest_share = Some(decimal(name, value)?),
        "share" => overrides.share = Some(decimal(name, value)?),
        _ => {
            let near = nearest(name, &NAMES).map_or_else(
                || format!("it knows {}", NAMES.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Problem::Wrong(format!(
                "redis_sizing has no `{name}`: {near}"
            )));
        }
    }
    Ok(())
}

fn wrong(name: &str, wanted: &str, value: &Value) -> Problem {
    let found = value
        .scalar_text()
        .map_or_else(|| value.kind().to_owned(), |text| format!("`{text}`"));
    Problem::Wrong(format!("redis_sizing.{name} must be {wanted}, not {found}"))
}

fn flavour(value: &Value) -> Result<Flavour, Problem> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("redis") => Ok(Flavour::Redis),
        Some("valkey") => Ok(Flavour::Valkey),
        _ => Err(wrong("flavour", "redis or valkey", value)),
    }
}

fn wanted(name: &str, value: &Value) -> Result<Wanted, Problem> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("auto") => Ok(Wanted::Auto),
        Some("require") => Ok(Wanted::Require),
        _ => match value.truth() {
            Some(true) => Ok(Wanted::Auto),
            Some(false) => Ok(Wanted::Off),
            None => Err(wrong(name, "auto, require or off", value)),
        },
    }
}

fn truth(name: &str, value: &Value) -> Result<bool, Problem> {
    value.truth().ok_or_else(|| wrong(name, "yes or no", value))
}

fn count(name: &str, value: &Value) -> Result<u32, Problem> {
    value
        .scalar_text()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| wrong(name, "a whole number", value))
}

fn decimal(name: &str, value: &Value) -> Result<f64, Problem> {
    value
        .scalar_text()
        .and_then(|text| text.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| wrong(name, "a number", value))
}

/// `512mb` as Redis reads it, `512 MiB` as people write it, or a number of bytes.
fn bytes(name: &str, value: &Value) -> Result<u64, Problem> {
    units::parse_size(&value.scalar_text().unwrap_or_default())
        .ok_or_else(|| wrong(name, "a size such as 512mb or a number of bytes", value))
}
