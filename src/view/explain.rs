//! How a host's memory is shared out, in a form that can be checked by hand.

use super::page::{Line, Page, Role, Table};
use crate::model::event::VERSION;
use crate::model::size::human;
use crate::model::value::{Map, Value};
use crate::model::wish::Wish;

/// What follows from `maxmemory`: the variable, where it goes, what it is.
const SETTINGS: [(&str, &str, &str); 9] = [
    (
        "active_defrag_ignore_bytes",
        "active-defrag-ignore-bytes",
        "5%, 32 to 512 MiB",
    ),
    (
        "repl_backlog_size",
        "repl-backlog-size",
        "1%, 16 to 512 MiB",
    ),
    (
        "replica_output_limit",
        "client-output-buffer-limit replica",
        "10%, 64 MiB to 2 GiB; a quarter for 60 s",
    ),
    (
        "client_query_buffer_limit",
        "client-query-buffer-limit",
        "1%, 64 to 256 MiB",
    ),
    ("maxmemory_clients", "maxmemory-clients", "of maxmemory"),
    (
        "memory_high",
        "the unit's MemoryHigh, at least",
        "fragmentation and buffers, and 64 MiB",
    ),
    (
        "memory_max",
        "the unit's MemoryMax, at least",
        "with copies of a fork, and 128 MiB",
    ),
    (
        "guard_floor",
        "what a guard never goes below",
        "a fifth of maxmemory",
    ),
    (
        "guard_limit",
        "what a guard holds the host below",
        "the memory that counts, less a reserve",
    ),
];

fn redis(variables: &Map) -> Option<&Map> {
    variables.get("redis").and_then(Value::as_map)
}

/// One line of JSON; `docs/sizing.md` describes it.
pub(super) fn to_json(host: &str, variables: &Map, wishes: &[Wish]) -> String {
    let redis = redis(variables);
    let get = |name: &str| redis.and_then(|redis| redis.get(name));
    let names = SETTINGS.iter().map(|(name, ..)| *name);
    let settings: serde_json::Map<String, serde_json::Value> = std::iter::once("maxmemory")
        .chain(names)
        .filter_map(|name| Some((name.to_owned(), serde_json::json!(get(name)?))))
        .collect();
    serde_json::json!({
        "version": VERSION, "host": host, "status": "known", "sizing": get("sizing"), "settings": settings,
        "wishes": wishes,
        "defragmentation": {
            "enable": get("defragmentation"), "support": get("defragmentation_support"),
            "reason": get("defragmentation_reason"), "evidence": get("defragmentation_evidence"),
            "instead": get("defragmentation_instead"), "warnings": get("defragmentation_warnings"),
        },
    })
    .to_string()
}

/// The whole derivation of one host.
#[must_use]
pub fn page(host: &str, variables: &Map, wishes: &[Wish], width: usize) -> Page {
    let mut page = Page::new(width);
    let Some(redis) = redis(variables) else {
        return page;
    };
    page.push(Line::of(Role::Heading, host));
    let Some(sizing) = redis.get("sizing").and_then(Value::as_map) else {
        if let Some(Value::Unknown(unknown)) = redis.get("sizing") {
            page.wrapped(2, 2, &Line::plain(&unknown.to_string()));
        }
        page.blank();
        return page;
    };
    written(&mut page, wishes);
    defragmentation(&mut page, redis);
    list(
        &mut page,
        "Taken for granted",
        texts(sizing, "assumptions"),
        Role::Plain,
    );
    steps(&mut page, sizing);
    let step_count = sizing
        .get("steps")
        .and_then(Value::as_list)
        .map_or(0, <[Value]>::len);
    // What was done beyond the formula: limits on the server's own unit.
    for text in texts(sizing, "derivation").skip(step_count) {
        page.wrapped(4, 2, &Line::plain(text));
    }
    match sizing.get("refused").and_then(Value::as_str) {
        Some(reason) => page.wrapped(
            2,
            2,
            &Line::of(Role::Failure, &format!("Refused: {reason}")),
        ),
        None => settings(&mut page, redis),
    }
    list(
        &mut page,
        "Beware",
        texts(sizing, "warnings"),
        Role::Warning,
    );
    page.blank();
    page.push(Line::new());
    page
}

/// What people wrote, and where.
fn written(page: &mut Page, wishes: &[Wish]) {
    if wishes.is_empty() {
        return;
    }
    page.push(Line::plain("  Written by people"));
    for wish in wishes {
        let value = wish
            .value
            .as_ref()
            .map_or(String::new(), |value| format!(" ({value})"));
        let mut line = Line::plain(&format!("{}{value}: ", wish.variable));
        line.push(Role::Faint, &wish.place);
        page.wrapped(4, 2, &line);
    }
}

fn texts<'a>(map: &'a Map, name: &str) -> impl Iterator<Item = &'a str> {
    let list = map.get(name).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str)
}

fn list<'a>(page: &mut Page, title: &str, texts: impl Iterator<Item = &'a str>, role: Role) {
    for (number, text) in texts.enumerate() {
        if number == 0 {
            page.push(Line::plain(&format!("  {title}")));
        }
        page.wrapped(4, 2, &Line::of(role, text));
    }
}

fn defragmentation(page: &mut Page, redis: &Map) {
    let Some(enable) = redis.get("defragmentation").and_then(Value::truth) else {
        return;
    };
    let reason = redis
        .get("defragmentation_reason")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let word = if enable { "on" } else { "off" };
    page.push(Line::plain(&format!("  Active defragmentation is {word}")));
    page.wrapped(4, 2, &Line::plain(reason));
    for evidence in texts(redis, "defragmentation_evidence").filter(|text| !reason.contains(text)) {
        page.wrapped(4, 2, &Line::of(Role::Faint, evidence));
    }
    list(
        page,
        "Instead",
        texts(redis, "defragmentation_instead"),
        Role::Plain,
    );
    list(
        page,
        "Beware",
        texts(redis, "defragmentation_warnings"),
        Role::Warning,
    );
}

fn steps(page: &mut Page, sizing: &Map) {
    page.push(Line::plain("  Step by step, in bytes"));
    let mut table = Table::new();
    let steps = sizing
        .get("steps")
        .and_then(Value::as_list)
        .unwrap_or_default();
    for (number, step) in steps.iter().filter_map(Value::as_map).enumerate() {
        let text = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
        let amount = match (bytes(step.get("bytes")), bytes(step.get("thousandths"))) {
            (Some(bytes), _) => format!("{bytes} = {}", human(bytes)),
            (_, Some(number)) => {
                let text = format!("{}.{:03}", number / 1000, number % 1000);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            _ => String::new(),
        };
        table.row([
            Line::plain(&format!("{}. {}", number + 1, text("label"))),
            Line::plain(&amount),
            Line::of(Role::Faint, text("formula")),
        ]);
    }
    table.write(page, 4);
}

fn bytes(value: Option<&Value>) -> Option<u64> {
    match value {
        Some(Value::Int(number)) => u64::try_from(*number).ok(),
        _ => None,
    }
}

fn settings(page: &mut Page, redis: &Map) {
    page.push(Line::plain("  What follows"));
    let mut table = Table::new();
    if let Some(maxmemory) = bytes(redis.get("maxmemory")) {
        table.row([
            Line::of(Role::Heading, "maxmemory"),
            Line::of(
                Role::Heading,
                &format!("{maxmemory} = {}", human(maxmemory)),
            ),
            Line::new(),
        ]);
    }
    let mut rules = Table::new();
    for (name, place, words) in SETTINGS {
        let amount = match (
            bytes(redis.get(name)),
            redis.get(name).and_then(Value::as_str),
        ) {
            (Some(bytes), _) => format!("{bytes} = {}", human(bytes)),
            (_, Some(text)) => text.to_owned(),
            _ => continue,
        };
        let rule = Line::of(Role::Faint, words);
        table.row([Line::plain(place), Line::plain(&amount), rule.clone()]);
        rules.row([Line::plain(place), rule]);
    }
    if table.fits(page, 4) {
        table.write(page, 4);
        return;
    }
    // Too wide for one: the amounts first, the rules below.
    table.keep_columns(2);
    table.write(page, 4);
    page.push(Line::plain("  By these rules"));
    rules.write(page, 4);
}
