//! What Cachesmith plans for a host.

use serde_json::Value;

/// The `maxmemory` that follows from the facts of one host, in bytes. The facts are JSON lines.
pub fn maxmemory(facts: &str) -> Option<u64> {
    facts
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|event| find(&event))
}

/// How many evictions the plan announced: `... which are about N of M keys; ...`. The words may be on several lines.
pub fn announced(printed: &str) -> u64 {
    let words: Vec<&str> = printed.split_whitespace().collect();
    words
        .windows(6)
        .find_map(|words| match words {
            ["are", "about", number, "of", _, keys] if keys.starts_with("keys") => {
                number.parse().ok()
            }
            _ => None,
        })
        .unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_found_in_the_facts() {
        let facts = r#"{"event": "begin"}
{"event": "facts", "instances": [{"maxmemory": 0}], "redis": {"maxmemory": 238026752}}"#;
        assert_eq!(maxmemory(facts), Some(238_026_752));
        assert_eq!(maxmemory(r#"{"redis": {"maxmemory": 0}}"#), None);
    }

    #[test]
    fn announced_evictions_are_read() {
        let printed = "lowered: about 33 MiB of 260 MiB in use are evicted, which are\n      about 216000 of 1700000 keys; at most 17000 keys a second\n";
        assert_eq!(announced(printed), 216_000);
        assert_eq!(announced("nothing to say"), 0);
    }
}
