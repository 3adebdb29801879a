//! `redis_check`: whether a running server is what it was meant to be, and well.

mod expected;
mod guard;

use super::shared::redis_address::{
    HOST, OwnAddress, PASSWORD, PORT, SOCKET, USER, place, redis_address,
};
use super::{Check, CheckStatus, Decision, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::probe::{Probe, RedisAddress, RedisState};
use crate::model::value::{Map, Value};
use crate::redis::capability::Defragmentation;
use crate::redis::config_get;
use crate::redis::health::{self, CheckResult, Observation, Outcome};
use crate::redis::info::Info;

/// Asks a server and judges what it answers: settings, memory, fragmentation, replication, saving.
///
/// What is not expected of it in so many words is judged by what is usual. It changes nothing. A check that fails
/// makes the task fail; use `until` and `retries` for what needs time.
#[derive(Debug)]
pub struct RedisCheck;

static SPEC: Spec = Spec {
    name: "redis_check",
    aliases: &["valkey_check"],
    summary: "Checks a running Redis or Valkey; changes nothing.",
    parameters: &[
        Parameter::new("maxmemory", Kind::Size, "The limit that it must have.").default("any limit"),
        Parameter::new("policy", Kind::String, "The eviction policy that it must have."),
        Parameter::new(
            "fragmentation_below",
            Kind::Any,
            "What the allocator holds by what is in use, at most: 1.4 is a common limit.",
        ),
        Parameter::new("config", Kind::Map, "Other directives and their values, compared by meaning."),
        Parameter::new("role", Kind::String, "What it must be to others.")
            .choices(&["primary", "replica", "master", "slave"]),
        Parameter::new("replicas", Kind::Integer, "How many replicas must be connected and up to date, at least."),
        Parameter::new("replica_lag", Kind::Size, "How far an up-to-date replica may be behind.").default("1mb"),
        Parameter::new(
            "quiet",
            Kind::Boolean,
            "Whether no fork and no full synchronization may be under way, as before the next host is touched.",
        )
        .default("no"),
        Parameter::new(
            "watch",
            Kind::Any,
            "Looks a second time after so many seconds, for what shows in its growth: evictions, hit ratio, clients turned \
             away, defragmentation at work.",
        )
        .default("0: one look"),
        Parameter::new(
            "evictions_per_second",
            Kind::Any,
            "Keys that may be evicted in a second, at most; needs `watch`.",
        ),
        Parameter::new(
            "hit_ratio",
            Kind::Any,
            "Look-ups that find their key, at least, from 0 to 1; needs `watch`.",
        )
        .default("not much less than before"),
        Parameter::new(
            "oom_score_adjust",
            Kind::Integer,
            "The score of the OOM killer that its process may have, at most.",
        ),
        SOCKET,
        HOST,
        PORT,
        USER,
        PASSWORD,
    ],
    free_form: None,
    one_of: &[],
};

impl Module for RedisCheck {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let expectations = expected::read(parameters)?;
        let address = redis_address(parameters, &OwnAddress::of(look)?)?;
        let watch = expected::watch(parameters)?;
        let mut probes = guard::probes(&address, look)?;
        probes.push(Probe::Redis(address.clone()));
        probes.push(Probe::ServerHealth {
            address: address.clone(),
            watch,
        });
        look.ask(&probes)?;
        let guard = guard::of(&address, look)?;
        let state = look.redis(&address)?;
        if !state.alive {
            return Ok(decision(vec![silent(&address, state.error.as_deref())]));
        }
        let host = look.server_health(&address, watch)?;
        let first = Info::parse(&state.info);
        let second = Some(Info::parse(&host.later)).filter(|info| watch > 0 && !info.is_empty());
        let earlier = second
            .as_ref()
            .map(|second| (&first, seconds_between(&first, second, watch)));
        let info = second.as_ref().unwrap_or(&first);
        let (config, refused) = match config_get::parse(&state.config) {
            Ok(config) => (config, None),
            Err(error) => (indexmap::IndexMap::new(), Some(error.to_string())),
        };
        let observation = Observation {
            info,
            config: &config,
            earlier,
            memory_limit: memory_limit(look)?,
            defragmentation: defragmentation(look)?,
            guard: guard.as_ref().and_then(|guard| guard.status.as_ref()),
            host: Some(host),
            oom_kills_before: oom_kills_before(look)?,
            huge_pages_for_all: huge_pages_for_all(look)?,
        };
        let mut checks: Vec<Check> = open(state).into_iter().collect();
        let found = health::check(&observation, &expectations)
            .into_iter()
            .map(check);
        checks.extend(found);
        checks.extend(guard.as_ref().map(guard::Guard::judge));
        let refusal = refused.or_else(|| state.error.clone().filter(|_| config.is_empty()));
        if let Some(refusal) = refusal {
            checks.push(Check {
                name: "config".to_owned(),
                status: CheckStatus::Warned,
                expected: "an answer to CONFIG GET".to_owned(),
                found: refusal,
                advice: Some("give the account that asks +config|get".to_owned()),
            });
        }
        let mut decision = decision(checks);
        decision.result.extend(known(info));
        Ok(decision)
    }
}

/// A password that a server does not ask for protects nothing.
fn open(state: &RedisState) -> Option<Check> {
    state.open.then(|| Check {
        name: "password".to_owned(),
        status: CheckStatus::Failed,
        expected: "a server that asks for the password".to_owned(),
        found: "it lets everybody in".to_owned(),
        advice: Some("set `requirepass`, or leave `password` out of this task".to_owned()),
    })
}

/// Seconds between two looks by the server's own clock; before 6.2 it tells whole seconds only.
fn seconds_between(first: &Info, second: &Info, watch: u32) -> f64 {
    let between = |name: &str| Some(second.count(name)?.saturating_sub(first.count(name)?));
    match between("server_time_usec") {
        Some(microseconds) if microseconds > 0 => microseconds as f64 / 1e6,
        _ => f64::from(watch),
    }
}

/// Kills of the OOM killer when the run began. A container sees those of the whole machine.
fn oom_kills_before(look: &Look<'_>) -> Result<Option<u64>, Stop> {
    let container = is_container(look)?;
    Ok(match look.fact(&["host", "memory", "oom_kills"])? {
        Some(Value::Int(number)) if container == Some(false) => u64::try_from(*number).ok(),
        _ => None,
    })
}

/// Whether the host is a container, as far as that is known.
pub(super) fn is_container(look: &Look<'_>) -> Result<Option<bool>, Stop> {
    Ok(look.fact(&["host", "container"])?.and_then(Value::truth))
}

/// Whether the machine gives every process huge pages.
fn huge_pages_for_all(look: &Look<'_>) -> Result<bool, Stop> {
    let enabled = look.fact(&["host", "thp", "enabled"])?;
    Ok(enabled.and_then(Value::as_str) == Some("always"))
}

/// Bytes that the server may use in all, as far as that is known.
pub(super) fn memory_limit(look: &Look<'_>) -> Result<Option<u64>, Stop> {
    for path in [["redis", "sizing", "memory"], ["host", "memory", "usable"]] {
        if let Some(Value::Int(bytes)) = look.fact(&path)? {
            return Ok(u64::try_from(*bytes).ok());
        }
    }
    Ok(None)
}

/// `redis.defragmentation` is true where it is proven; where it is not, `redis.defragmentation_support` says more.
fn defragmentation(look: &Look<'_>) -> Result<Defragmentation, Stop> {
    let proven = look.fact(&["redis", "defragmentation"])?;
    let support = look.fact(&["redis", "defragmentation_support"])?;
    Ok(
        match (
            proven.and_then(Value::truth),
            support.and_then(Value::as_str),
        ) {
            (Some(true), _) | (_, Some("supported")) => Defragmentation::Supported,
            (_, Some("unsupported")) => Defragmentation::Unsupported,
            _ => Defragmentation::Unknown,
        },
    )
}

pub(super) fn silent(address: &RedisAddress, error: Option<&str>) -> Check {
    let place = place(address);
    let error = error.unwrap_or("nothing");
    let wants_password = ["NOAUTH", "WRONGPASS"]
        .iter()
        .any(|word| error.contains(word));
    Check {
        name: "answers".to_owned(),
        status: CheckStatus::Failed,
        expected: format!("PONG from {place}"),
        found: error.to_owned(),
        advice: Some(
            if wants_password {
                "give `password`, and `user` where accounts are used"
            } else {
                "see whether its service runs and where it listens"
            }
            .to_owned(),
        ),
    }
}

pub(super) fn check(result: CheckResult) -> Check {
    Check {
        name: result.name,
        status: match result.outcome {
            Outcome::NotApplicable => CheckStatus::NotApplicable,
            Outcome::Passed => CheckStatus::Passed,
            Outcome::Warned => CheckStatus::Warned,
            Outcome::Failed => CheckStatus::Failed,
        },
        expected: result.expected,
        found: result.found,
        advice: Some(result.advice).filter(|advice| !advice.is_empty()),
    }
}

pub(super) fn decision(checks: Vec<Check>) -> Decision {
    let count = |status: CheckStatus| checks.iter().filter(|check| check.status == status).count();
    let (failed, warned) = (count(CheckStatus::Failed), count(CheckStatus::Warned));
    let passed = count(CheckStatus::Passed);
    let names: Vec<Value> = checks
        .iter()
        .filter(|check| check.status == CheckStatus::Failed)
        .map(|check| check.name.as_str().into())
        .collect();
    Decision {
        message: Some(format!(
            "{passed} checks passed, {warned} warned, {failed} failed"
        )),
        checks,
        ..Decision::default()
    }
    .with("failed_checks", names)
}

/// What `register` gets of the server.
fn known(info: &Info) -> Map {
    let mut map = Map::new();
    if let Some(server) = info.server() {
        map.insert("server".to_owned(), server.to_string().into());
    }
    for name in ["used_memory", "used_memory_rss", "maxmemory"] {
        if let Some(bytes) = info.bytes(name) {
            map.insert(name.to_owned(), bytes.into());
        }
    }
    if let Some(fragmentation) = info.fragmentation() {
        map.insert("fragmentation".to_owned(), fragmentation.ratio().into());
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::probe::Observation as Answer;
    use crate::module::world::World;

    /// What becomes of a check with a password, by the names of the checks that fail.
    fn failed_with_password(state: &RedisState) -> Value {
        let values = Map::from_iter([("password".to_owned(), Value::from("hunter2"))]);
        let parameters = Parameters::new(&SPEC, values);
        let mut world = World::default();
        let look = Look::new(&world);
        assert_eq!(RedisCheck.decide(&parameters, &look), Err(Stop::Missing));
        for probe in look.into_missing() {
            let answer = match probe {
                Probe::Redis(_) => Answer::Redis(state.clone()),
                _ => Answer::ServerHealth(Box::default()),
            };
            world.observe(probe, answer);
        }
        let decision = RedisCheck.decide(&parameters, &Look::new(&world)).unwrap();
        assert!(!format!("{decision:?}").contains("hunter2"));
        decision.result["failed_checks"].clone()
    }

    #[test]
    fn a_password_has_to_be_asked_for_and_taken() {
        let refused = RedisState {
            error: Some("WRONGPASS invalid username-password pair".into()),
            ..RedisState::default()
        };
        assert_eq!(
            failed_with_password(&refused),
            Value::from(vec!["answers".into()])
        );
        let open = RedisState {
            alive: true,
            open: true,
            info: "loading:0\nmaxmemory:1\n".into(),
            ..RedisState::default()
        };
        let well = RedisState {
            open: false,
            ..open.clone()
        };
        assert_eq!(
            failed_with_password(&open),
            Value::from(vec!["password".into()])
        );
        assert_eq!(failed_with_password(&well), Value::List(Vec::new()));
    }

    /// Probes in cases are written in their serialized form, which has no password.
    #[test]
    fn the_password_travels_with_the_question_and_shows_nowhere() {
        let values = Map::from_iter([("password".to_owned(), Value::from("hunter2"))]);
        let world = World::default();
        let look = Look::new(&world);
        let decided = RedisCheck.decide(&Parameters::new(&SPEC, values), &look);
        assert_eq!(decided, Err(Stop::Missing));
        let missing = look.into_missing();
        assert!(!format!("{missing:?}").contains("hunter2"));
        let [Probe::Redis(address), Probe::ServerHealth { .. }] = missing.as_slice() else {
            panic!("{missing:?}");
        };
        let password = address.password.as_ref().unwrap();
        assert_eq!(password.expose(), "hunter2");
    }
}
