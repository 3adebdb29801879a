//! The servers: what is installed, what runs, what it can do.

use super::replication;
use super::sheet::{Part, Row};
use crate::model::facts::{Facts, RedisInstance};
use crate::model::value::{Map, Value};
use crate::view::tell::bytes;

pub(super) fn rows(facts: &Facts, redis: &Map) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: &str, value: String, source: &str| {
        if !value.is_empty() {
            rows.push(Row::new(Part::Server, name, value, source));
        }
    };
    let text = |name: &str| redis.get(name).and_then(Value::as_str).unwrap_or_default();
    if facts.redis_binaries.is_empty() && facts.redis_instances.is_empty() {
        let prediction = text("prediction");
        let value = if prediction.is_empty() {
            "none is installed".to_owned()
        } else {
            format!("{prediction} {}", text("version"))
        };
        add("program", value, "PATH, apt-cache show");
    }
    for binary in &facts.redis_binaries {
        let several = facts.redis_binaries.len() > 1;
        let name = if several {
            format!("program {}", binary.path)
        } else {
            "program".to_owned()
        };
        let path = if several { "" } else { &binary.path };
        add(
            &name,
            [words_of(&binary.version_line).as_str(), path]
                .join(" ")
                .trim()
                .to_owned(),
            &format!("{} --version", binary.path),
        );
        add(
            &name.replace("program", "package"),
            match binary.package.as_str() {
                "" => "of no package".to_owned(),
                package => package.to_owned(),
            },
            "the package manager",
        );
    }
    if let Some(enable) = redis.get("defragmentation").and_then(Value::truth) {
        let word = if enable { "yes" } else { "no" };
        let reason = text("defragmentation_reason");
        let source = if facts.redis_binaries.is_empty() {
            "what the package depends on"
        } else {
            "the program's own text and answers"
        };
        add("defragmentation", format!("{word}: {reason}"), source);
    }
    if let Some(warnings) = redis
        .get("defragmentation_warnings")
        .and_then(Value::as_list)
    {
        for warning in warnings.iter().filter_map(Value::as_str) {
            add("beware", warning.to_owned(), "");
        }
    }
    // The variables have the servers in the same order.
    let told = redis.get("instances").and_then(Value::as_list);
    let told = told.unwrap_or_default();
    for (index, instance) in facts.redis_instances.iter().enumerate() {
        let name = match instance.unit.as_str() {
            "" => format!("process {}", place(instance)),
            unit => unit.to_owned(),
        };
        let variables = told.get(index).and_then(Value::as_map);
        add(&name, state(instance, variables), source_of(instance));
    }
    for (instance, map) in facts.redis_instances.iter().zip(told) {
        let guard = map.as_map().and_then(|map| map.get("guard")?.as_map());
        if let Some(status) = guard {
            let name = match instance.unit.as_str() {
                "" => place(instance),
                unit => unit.to_owned(),
            };
            add(
                &format!("guard of {name}"),
                guard_words(status),
                "/run/cachesmith-guard",
            );
        }
    }
    rows.extend(replication::sentinels(redis));
    rows
}

/// `recovering, holds maxmemory at 3 GiB of 4 GiB, 7000 MiB of 8192 MiB are used`
fn guard_words(status: &Map) -> String {
    let text = |name: &str| status.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| match status.get(name) {
        Some(Value::Int(number)) => u64::try_from(*number).ok(),
        _ => None,
    };
    let mut parts = vec![text("state").to_owned()];
    match (number("held_maxmemory"), number("planned_maxmemory")) {
        (Some(held), Some(planned)) if held < planned => parts.push(format!(
            "holds maxmemory at {} of {}",
            bytes(held),
            bytes(planned)
        )),
        _ => parts.push("maxmemory is as planned".to_owned()),
    }
    if text("state") != "steady" {
        parts.push(text("why").to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// `redis 7.0.15 jemalloc-5.3.0` of the line that `--version` prints.
fn words_of(line: &str) -> String {
    let mut words = line.split_whitespace();
    let flavour = words.next().unwrap_or_default().to_lowercase();
    let mut told = vec![flavour];
    for word in words {
        if let Some(version) = word.strip_prefix("v=") {
            told.push(version.to_owned());
        } else if let Some(allocator) = word.strip_prefix("malloc=") {
            told.push(format!("with {allocator}"));
        }
    }
    told.join(" ")
}

fn place(instance: &RedisInstance) -> String {
    match (instance.port, instance.tls_port) {
        (0, 0) => instance.socket.clone(),
        (0, port) => format!("on port {port} (TLS)"),
        (port, _) => format!("on port {port}"),
    }
}

/// `active, enabled, on port 6379, runs 7.0.15, maxmemory 6 GiB, allkeys-lfu, as redis, /etc/redis/redis.conf`
fn state(instance: &RedisInstance, variables: Option<&Map>) -> String {
    let info = |name| field(&instance.info, name);
    let mut parts = vec![
        instance.active.clone(),
        instance.enabled.clone(),
        place(instance),
    ];
    if let Some(version) = info("valkey_version").or_else(|| info("redis_version")) {
        parts.push(format!("runs {version}"));
    }
    if instance.replaced {
        parts.push("its program was replaced since it was started".to_owned());
    }
    if let Some(limit) = info("maxmemory").and_then(|text| text.parse().ok()) {
        parts.push(match limit {
            0 => "no maxmemory".to_owned(),
            limit => format!("maxmemory {}", bytes(limit)),
        });
        parts.extend(info("maxmemory_policy").map(str::to_owned));
    }
    parts.extend(variables.map(replication::of).unwrap_or_default());
    if !instance.user.is_empty() {
        parts.push(format!("as {}", instance.user));
    }
    parts.push(instance.config_file.clone());
    if instance.pid != 0 && !instance.unreachable.is_empty() {
        parts.push(format!("it could not be asked: {}", instance.unreachable));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn source_of(instance: &RedisInstance) -> &'static str {
    match (instance.unit.is_empty(), instance.pid) {
        (false, 0) => "systemctl show",
        (false, _) => "systemctl show, /proc, INFO",
        (true, _) => "/proc, INFO",
    }
}

/// One field of what INFO answers.
pub(super) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key == name).then(|| value.trim())
    })
}
