//! Limits of a unit's memory. One that is too small does what it should prevent: `MemoryHigh=` throttles and swaps
//! instead of letting the server evict, `MemoryMax=` kills it during a fork.

use super::setting::Setting;
use super::wanted::instance;
use crate::model::size;
use crate::model::value::Value;
use crate::module::{Failure, Look, Parameters, Stop};
use crate::redis::units::human_exact;

/// A limit as a line needs it: bytes, or `infinity`.
pub(super) fn limit(
    parameters: &Parameters,
    name: &str,
    look: &Look<'_>,
    unit: &str,
) -> Result<Option<String>, Stop> {
    let Some(text) = parameters.string(name)? else {
        return Ok(None);
    };
    if text == "infinity" {
        return Ok(Some(text));
    }
    let least = match look.fact(&["redis", name])? {
        Some(Value::Int(bytes)) => u64::try_from(*bytes).ok(),
        _ => None,
    };
    if text == "auto" {
        return match least {
            Some(bytes) => Ok(Some(bytes.to_string())),
            None => Err(Failure::new(format!(
                "`{name}: auto` needs a size of the server, and none could be computed"
            ))
            .help("`cachesmith facts` says why; give bytes or infinity instead")
            .into()),
        };
    }
    let Some(bytes) = size::parse(&text) else {
        return Err(Failure::new(format!("`{name}: {text}` is no size"))
            .help("write 6gb, 6 GiB, a number of bytes, auto or infinity")
            .into());
    };
    if let Some(least) = least.filter(|least| bytes < *least) {
        let effect = match name {
            "memory_high" => "the kernel would throttle and swap the server before it evicts",
            _ => "the kernel would kill the server while it forks",
        };
        return Err(Failure::new(format!(
            "`{name}` is {}, and this server needs {}: {effect}",
            human_exact(bytes),
            human_exact(least)
        ))
        .help("lower maxmemory, leave the limit out, or say auto")
        .into());
    }
    if let Some(Value::Int(resident)) =
        instance(look, unit)?.and_then(|known| known.get("resident"))
        && u64::try_from(*resident).is_ok_and(|resident| bytes <= resident)
    {
        return Err(Failure::new(format!(
            "`{name}` is {}, and the server of {unit} has that much resident already: the limit would hit it at once",
            human_exact(bytes)
        ))
        .help("lower maxmemory first, and wait until memory has been given back")
        .into());
    }
    Ok(Some(bytes.to_string()))
}

/// The limit that kills stands above the one that throttles.
pub(super) fn together(settings: &[Setting]) -> Result<(), Stop> {
    let bytes = |directive: &str| {
        settings
            .iter()
            .find(|setting| setting.known.directive == directive)
            .and_then(|setting| setting.value.parse::<u64>().ok())
    };
    match (bytes("MemoryHigh"), bytes("MemoryMax")) {
        (Some(high), Some(max)) if high >= max => Err(Failure::new(format!(
            "`memory_high` is {} and `memory_max` is {}: the server would be killed before it is slowed down",
            human_exact(high),
            human_exact(max)
        ))
        .help("give `memory_max` more")
        .into()),
        _ => Ok(()),
    }
}
