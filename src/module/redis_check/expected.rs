//! What a task expects of a server.

use crate::model::size;
use crate::model::value::Value;
use crate::module::{Failure, Parameters, Stop};
use crate::redis::health::{Expectations, ExpectedRole};

/// Reads every expectation of the parameters.
pub(super) fn read(parameters: &Parameters) -> Result<Expectations, Stop> {
    Ok(Expectations {
        maxmemory: bytes(parameters, "maxmemory")?,
        policy: parameters.string("policy")?,
        fragmentation_below: ratio(parameters, "fragmentation_below")?,
        config: config(parameters)?,
        role: match parameters.string("role")?.as_deref() {
            Some("primary" | "master") => Some(ExpectedRole::Primary),
            Some("replica" | "slave") => Some(ExpectedRole::Replica),
            _ => None,
        },
        replicas: count(parameters, "replicas")?,
        replica_lag_bytes: bytes(parameters, "replica_lag")?,
        evictions_per_second: parameters.number_from_zero("evictions_per_second")?,
        hit_ratio: share(parameters)?,
        oom_score_adjust: match parameters.integer("oom_score_adjust")? {
            None => None,
            Some(number) => Some(i32::try_from(number).map_err(|_| {
                Stop::failed(format!("`oom_score_adjust: {number}` is out of range"))
            })?),
        },
        quiet: parameters.boolean("quiet", false)?,
    })
}

/// The longest that a look may take: the whole script has a time limit, and its host waits.
const LONGEST_WATCH: u32 = 60;

/// Seconds between two looks; 0: one look.
pub(super) fn watch(parameters: &Parameters) -> Result<u32, Stop> {
    let Some(text) = parameters.string("watch")? else {
        return Ok(0);
    };
    let number = text.trim().trim_end_matches('s').trim_end();
    match number.parse() {
        Ok(seconds) if seconds <= LONGEST_WATCH => Ok(seconds),
        _ => Err(Failure::new(format!(
            "`watch: {text}` is no number of seconds up to {LONGEST_WATCH}"
        ))
        .help("2s is enough for most")
        .into()),
    }
}

fn share(parameters: &Parameters) -> Result<Option<f64>, Stop> {
    let share = parameters.number_from_zero("hit_ratio")?;
    match share.filter(|share| *share > 1.0) {
        None => Ok(share),
        Some(share) => Err(
            Failure::new(format!("`hit_ratio: {share}` is more than everything"))
                .help("it goes from 0 to 1: 0.95 is 95%")
                .into(),
        ),
    }
}

/// A size as Redis writes it (`1gb`), as people do (`1 GiB`), or a number of bytes.
fn bytes(parameters: &Parameters, name: &str) -> Result<Option<u64>, Stop> {
    let Some(text) = parameters.string(name)? else {
        return Ok(None);
    };
    match size::parse(&text) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(Failure::new(format!("`{name}: {text}` is no size"))
            .help("write 512mb, 1 GiB or a number of bytes")
            .into()),
    }
}

fn ratio(parameters: &Parameters, name: &str) -> Result<Option<f64>, Stop> {
    let Some(text) = parameters.string(name)? else {
        return Ok(None);
    };
    match text.trim().parse::<f64>() {
        Ok(ratio) if ratio.is_finite() && ratio >= 1.0 => Ok(Some(ratio)),
        _ => Err(Failure::new(format!("`{name}: {text}` is no ratio"))
            .help("it is what the allocator holds by what is in use: 1.4 is a common limit")
            .into()),
    }
}

fn count(parameters: &Parameters, name: &str) -> Result<Option<u64>, Stop> {
    match parameters.integer(name)? {
        None => Ok(None),
        Some(number) => u64::try_from(number)
            .map(Some)
            .map_err(|_| Stop::failed(format!("`{name}` is a number, and {number} is negative"))),
    }
}

/// Directives and the values that CONFIG GET is to answer; a list is the words of one.
fn config(parameters: &Parameters) -> Result<indexmap::IndexMap<String, String>, Stop> {
    let mut config = indexmap::IndexMap::new();
    let Some(map) = parameters.map("config")? else {
        return Ok(config);
    };
    for (name, value) in map {
        let word = |value: &Value| match value {
            Value::Bool(true) => Some("yes".to_owned()),
            Value::Bool(false) => Some("no".to_owned()),
            other => other.scalar_text(),
        };
        let text = match value {
            Value::List(words) => words
                .iter()
                .map(word)
                .collect::<Option<Vec<_>>>()
                .map(|words| words.join(" ")),
            other => word(other),
        };
        let text = text.ok_or_else(|| {
            Stop::failed(format!(
                "`{name}` in `config` is {}, and a value or a list of words is wanted",
                value.kind()
            ))
        })?;
        config.insert(name.to_ascii_lowercase(), text);
    }
    Ok(config)
}
