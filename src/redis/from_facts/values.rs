//! Results as values.

use super::build::Defragmentation;
use super::estimate::Estimate;
use crate::model::value::{Map, Value};
use crate::redis::capability;
use crate::redis::sizing::Amount;

/// A text, unless it is empty because it is not known.
pub(super) fn put_text(map: &mut Map, name: &str, text: &str) {
    if !text.is_empty() {
        map.insert(name.to_owned(), text.into());
    }
}

fn words<T: AsRef<str>>(texts: &[T]) -> Value {
    Value::List(texts.iter().map(|text| text.as_ref().into()).collect())
}

pub(super) fn support_word(verdict: capability::Defragmentation) -> &'static str {
    match verdict {
        capability::Defragmentation::Supported => "supported",
        capability::Defragmentation::Unsupported => "unsupported",
        capability::Defragmentation::Unknown => "unknown",
    }
}

pub(super) fn put_defragmentation(redis: &mut Map, defragmentation: &Defragmentation) {
    redis.insert("defragmentation".to_owned(), defragmentation.enable.into());
    put_text(redis, "defragmentation_reason", &defragmentation.reason);
    put_text(
        redis,
        "defragmentation_support",
        support_word(defragmentation.verdict),
    );
    redis.insert(
        "defragmentation_evidence".to_owned(),
        words(&defragmentation.evidence),
    );
    redis.insert(
        "defragmentation_instead".to_owned(),
        words(&defragmentation.instead),
    );
    redis.insert(
        "defragmentation_warnings".to_owned(),
        words(&defragmentation.warnings),
    );
}

/// Settings where there are some; `redis.sizing` always.
pub(super) fn put_sizing(redis: &mut Map, estimate: &Estimate) {
    let sizing = &estimate.sizing;
    if let Some(settings) = &sizing.settings {
        for (name, bytes) in [
            ("maxmemory", settings.maxmemory),
            (
                "active_defrag_ignore_bytes",
                settings.active_defrag_ignore_bytes,
            ),
            ("repl_backlog_size", settings.repl_backlog_size),
            (
                "client_query_buffer_limit",
                settings.client_query_buffer_limit,
            ),
            ("memory_high", settings.memory_high),
            ("memory_max", settings.memory_max),
            ("guard_floor", settings.guard_floor),
            ("guard_limit", sizing.memory),
        ] {
            redis.insert(name.to_owned(), bytes.into());
        }
        put_text(
            redis,
            "replica_output_limit",
            &settings.replica_output_limit(),
        );
        put_text(
            redis,
            "maxmemory_clients",
            &format!("{}%", settings.maxmemory_clients_percent),
        );
    }
    let mut map = Map::new();
    map.insert("memory".to_owned(), sizing.memory.into());
    let mut derivation: Vec<String> = sizing.derivation.iter().map(ToString::to_string).collect();
    derivation.extend(estimate.own_limits.iter().cloned());
    map.insert("derivation".to_owned(), words(&derivation));
    let steps = sizing.derivation.iter().map(|step| {
        let (name, number) = match step.amount {
            Amount::Bytes(bytes) => ("bytes", bytes),
            Amount::Thousandths(number) => ("thousandths", number),
        };
        let mut map = Map::new();
        put_text(&mut map, "label", &step.label);
        map.insert(name.to_owned(), number.into());
        put_text(&mut map, "formula", &step.formula);
        Value::Map(map)
    });
    map.insert("steps".to_owned(), Value::List(steps.collect()));
    map.insert("assumptions".to_owned(), words(&estimate.assumptions));
    map.insert("warnings".to_owned(), words(&sizing.warnings));
    put_text(
        &mut map,
        "refused",
        sizing.refused.as_deref().unwrap_or_default(),
    );
    redis.insert("sizing".to_owned(), map.into());
}
