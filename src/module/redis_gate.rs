//! `redis_gate`: whether a server that was just changed serves as it did before.

use super::redis_check::{check, decision, is_container, memory_limit, silent};
use super::shared::redis_address::{HOST, OwnAddress, PASSWORD, PORT, SOCKET, USER, redis_address};
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::probe::{Observation as Answer, Probe};
use crate::model::size;
use crate::redis::capability::Defragmentation;
use crate::redis::config_get;
use crate::redis::health::Observation;
use crate::redis::health::gate::{self, Before, Thresholds};
use crate::redis::info::Info;

/// Asks a server and compares what it answers with a look before its wave.
///
/// It is what `gate: { redis: ... }` of a play asks. Elsewhere there is no look before, and only what needs none is
/// judged: whether it has its data, follows its primary, and has nothing under way.
#[derive(Debug)]
pub struct RedisGate;

static SPEC: Spec = Spec {
    name: "redis_gate",
    aliases: &["valkey_gate"],
    summary: "Compares a running Redis or Valkey with what it was before its wave; changes nothing.",
    parameters: &[
        Parameter::new(
            "hit_ratio_drop",
            Kind::Any,
            "By how much the share of look-ups that find their key may fall, from 0 to 1.",
        )
        .default("0.15"),
        Parameter::new(
            "evictions_per_second",
            Kind::Any,
            "Keys that may always be evicted in a second, beside twice as many as before.",
        )
        .default("100"),
        Parameter::new(
            "latency",
            Kind::Any,
            "Milliseconds that a command may always take on average; beyond that, three times as long as before.",
        )
        .default("1"),
        Parameter::new("replica_lag", Kind::Size, "How far an up-to-date replica may be behind.").default("1mb"),
        Parameter::new(
            "quiet",
            Kind::Boolean,
            "Whether no fork and no full synchronization may be under way.",
        )
        .default("yes"),
        SOCKET,
        HOST,
        PORT,
        USER,
        PASSWORD,
    ],
    free_form: None,
    one_of: &[],
};

impl Module for RedisGate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let thresholds = thresholds(parameters)?;
        let address = redis_address(parameters, &OwnAddress::of(look)?)?;
        let asked = Probe::Redis(address.clone());
        let of_host = Probe::ServerHealth {
            address: address.clone(),
            watch: 0,
        };
        look.ask(&[asked.clone(), of_host.clone()])?;
        let state = look.redis(&address)?;
        if !state.alive {
            return Ok(decision(vec![silent(&address, state.error.as_deref())]));
        }
        let info = Info::parse(&state.info);
        let config = config_get::parse(&state.config).unwrap_or_default();
        let observation = Observation {
            info: &info,
            config: &config,
            earlier: None,
            memory_limit: memory_limit(look)?,
            defragmentation: Defragmentation::Unknown,
            guard: None,
            host: Some(look.server_health(&address, 0)?),
            oom_kills_before: None,
            huge_pages_for_all: false,
        };
        let earlier = match look.before(&asked) {
            Some(Answer::Redis(state)) if state.alive => Some(Info::parse(&state.info)),
            _ => None,
        };
        let host = match look.before(&of_host) {
            Some(Answer::ServerHealth(health)) => Some(&**health),
            _ => None,
        };
        let counts_own_kills = is_container(look)? == Some(false);
        let before = earlier.as_ref().map(|info| Before {
            info,
            host,
            counts_own_kills,
        });
        let results = gate::check(&observation, before.as_ref(), &thresholds);
        Ok(decision(results.into_iter().map(check).collect()))
    }
}

fn thresholds(parameters: &Parameters) -> Result<Thresholds, Stop> {
    let usual = Thresholds::default();
    let hit_ratio_drop = parameters
        .number_from_zero("hit_ratio_drop")?
        .unwrap_or(usual.hit_ratio_drop);
    if hit_ratio_drop > 1.0 {
        return Err(Failure::new(format!(
            "`hit_ratio_drop: {hit_ratio_drop}` is more than everything"
        ))
        .help("it goes from 0 to 1: 0.15 is 15 percentage points")
        .into());
    }
    Ok(Thresholds {
        hit_ratio_drop,
        evictions_per_second: parameters
            .number_from_zero("evictions_per_second")?
            .unwrap_or(usual.evictions_per_second),
        latency: parameters
            .number_from_zero("latency")?
            .unwrap_or(usual.latency),
        replica_lag_bytes: match parameters.string("replica_lag")? {
            None => None,
            Some(text) => Some(
                size::parse(&text)
                    .ok_or_else(|| Stop::failed(format!("`replica_lag: {text}` is no size")))?,
            ),
        },
        quiet: parameters.boolean("quiet", true)?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::probe::RedisState;
    use crate::model::value::{Map, Value};
    use crate::module::world::World;

    fn state(info: &str) -> Answer {
        Answer::Redis(RedisState {
            alive: true,
            info: info.to_owned(),
            ..RedisState::default()
        })
    }

    #[test]
    fn a_server_is_compared_with_the_look_before_its_wave() {
        let parameters = Parameters::new(&SPEC, Map::new());
        let mut world = World::default();
        let look = Look::new(&world);
        assert_eq!(RedisGate.decide(&parameters, &look), Err(Stop::Missing));
        let asked = look.into_missing();
        let mut before = std::collections::HashMap::new();
        for probe in asked {
            let (earlier, now) = match probe {
                Probe::Redis(_) => (
                    state("run_id:a\nrole:master\nkeyspace_hits:9000\nkeyspace_misses:1000\n"),
                    state("run_id:a\nrole:master\nkeyspace_hits:9100\nkeyspace_misses:3000\n"),
                ),
                _ => (
                    Answer::ServerHealth(Box::default()),
                    Answer::ServerHealth(Box::default()),
                ),
            };
            before.insert(probe.clone(), earlier);
            world.observe(probe, now);
        }
        world.before = Arc::new(before);
        // What is forgotten to be asked anew is not what was before.
        let mut again = world.clone();
        again.forget_all();
        assert_eq!(again.before, world.before);
        let decision = RedisGate.decide(&parameters, &Look::new(&world)).unwrap();
        assert_eq!(
            decision.result["failed_checks"],
            Value::from(vec!["hit_ratio".into()])
        );
    }
}
