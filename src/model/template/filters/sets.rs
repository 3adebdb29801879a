//! Lists taken as sets: each item once, in the order in which it comes.

use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{list, list_argument};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

const WITH: &[Argument] = &[Argument::required("with", "the other list")];

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::teras("unique", &[], "Each item once."),
    Entry::ours("union", WITH, "What is in one of both lists.", union),
    Entry::ours("intersect", WITH, "What is in both lists.", intersect),
    Entry::ours(
        "difference",
        WITH,
        "What is in this list and not in the other.",
        difference,
    ),
    Entry::ours(
        "symmetric_difference",
        WITH,
        "What is in exactly one of both lists.",
        symmetric_difference,
    ),
];

fn unique<'a>(items: impl Iterator<Item = &'a Value>) -> Value {
    let mut seen: Vec<Value> = Vec::new();
    for item in items {
        if !seen.contains(item) {
            seen.push(item.clone());
        }
    }
    Value::from(seen)
}

fn union(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let other = list_argument(arguments, "with")?;
    Ok(unique(list(value)?.iter().chain(other)))
}

fn intersect(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let other = list_argument(arguments, "with")?;
    Ok(unique(
        list(value)?.iter().filter(|item| other.contains(item)),
    ))
}

fn difference(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let other = list_argument(arguments, "with")?;
    Ok(unique(
        list(value)?.iter().filter(|item| !other.contains(item)),
    ))
}

fn symmetric_difference(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let other = list_argument(arguments, "with")?;
    let items = list(value)?;
    Ok(unique(
        items
            .iter()
            .filter(|item| !other.contains(item))
            .chain(other.iter().filter(|item| !items.contains(item))),
    ))
}
