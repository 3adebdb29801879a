//! What Cachesmith plans for a host.

use serde_json::Value;

/// The `maxmemory` that follows from the facts of one host, in bytes. The facts are JSON lines.
pub fn maxmemory(facts: &str) -> Option<u64> {
    facts
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|event| find(&event))
}

fn find(value: &Value) -> Option<u64> {
    match value {
        Value::Object(fields) => fields
            .get("maxmemory")
            .and_then(Value::as_u64)
            .filter(|bytes| *bytes > 0)
            .or_else(|| fields.values().find_map(find)),
        Value::Array(items) => items.iter().find_map(find),
        _ => None,
    }
}
