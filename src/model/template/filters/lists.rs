//! Lists.

use tera::value::Map;
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{
    attribute, count, key, kind, list, list_argument, needed_text, refuse, text_argument,
};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::teras(
        "length",
        &[],
        "How many items, entries or characters there are.",
    ),
    Entry::teras("first", &[], "The first item of a list, or nothing."),
    Entry::teras("last", &[], "The last item of a list, or nothing."),
    Entry::teras(
        "nth",
        &[Argument::required("n", "its number, counted from 0")],
        "One item of a list, or nothing.",
    ),
    Entry::teras(
        "join",
        &[Argument::optional("sep", "what is put between the items")],
        "The items of a list as one text.",
    ),
    Entry::teras(
        "sort",
        &[Argument::optional(
            "attribute",
            "the part of each item that counts",
        )],
        "The list in order; its items have to be of one kind.",
    ),
    Entry::teras(
        "reverse",
        &[],
        "The list, or the text, from its end to its beginning.",
    ),
    Entry::ours(
        "list",
        &[],
        "A list as it is, the characters of a text, the keys of a mapping.",
        as_list,
    ),
    Entry::ours(
        "flatten",
        &[Argument::optional(
            "levels",
            "how deep, to the bottom unless given",
        )],
        "The list with the items of lists in it in their place.",
        flatten,
    ),
    Entry::ours(
        "zip",
        &[Argument::required("with", "the other list")],
        "Pairs of the items of two lists, as long as the shorter one.",
        zip,
    ),
    Entry::ours(
        "product",
        &[Argument::required("with", "the other list")],
        "Pairs of each item of this list with each of another.",
        product,
    ),
    Entry::ours(
        "group_by",
        &[Argument::required(
            "attribute",
            "the part of each item that tells its group",
        )],
        "A mapping from each value of an attribute to the items that have it, in the order of the list.",
        group_by,
    ),
];

/// The part of an item that an argument names, or the item.
pub(super) fn attribute_of<'a>(item: &'a Value, arguments: &Kwargs) -> TeraResult<&'a Value> {
    match text_argument(arguments, "attribute")? {
        None => Ok(item),
        Some(path) => match attribute(item, &path) {
            Some(value) => Ok(value),
            None => refuse(format!("an item has no `{path}`")),
        },
    }
}

fn as_list(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    if value.is_array() {
        return Ok(value.clone());
    }
    if let Some(map) = value.as_map() {
        return Ok(Value::from(
            map.keys()
                .map(tera::value::Key::as_value)
                .collect::<Vec<_>>(),
        ));
    }
    match value.as_str() {
        Some(text) => Ok(Value::from(
            text.chars().map(Value::from).collect::<Vec<_>>(),
        )),
        None => refuse(format!("{} cannot become a list", kind(value))),
    }
}

fn flatten(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    fn add(items: &[Value], levels: usize, into: &mut Vec<Value>) {
        for item in items {
            match item.as_array() {
                Some(inner) if levels > 0 => add(inner, levels - 1, into),
                _ => into.push(item.clone()),
            }
        }
    }
    let mut flat = Vec::new();
    let levels = count(arguments, "levels")?.unwrap_or(usize::MAX);
    add(list(value)?, levels, &mut flat);
    Ok(Value::from(flat))
}

fn pair(left: &Value, right: &Value) -> Value {
    Value::from(vec![left.clone(), right.clone()])
}

fn zip(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let other = list_argument(arguments, "with")?;
    let pairs: Vec<Value> = list(value)?
        .iter()
        .zip(other)
        .map(|(left, right)| pair(left, right))
        .collect();
    Ok(Value::from(pairs))
}

/// Pairs beyond this number are a mistake, and would take all memory.
const MOST_PAIRS: usize = 1_000_000;

fn product(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let other = list_argument(arguments, "with")?;
    let items = list(value)?;
    if items.len().saturating_mul(other.len()) > MOST_PAIRS {
        return refuse(format!("these would be more than {MOST_PAIRS} pairs"));
    }
    let pairs: Vec<Value> = items
        .iter()
        .flat_map(|left| other.iter().map(move |right| pair(left, right)))
        .collect();
    Ok(Value::from(pairs))
}

fn group_by(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let path = needed_text(arguments, "attribute")?;
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    for item in list(value)? {
        let Some(found) = any_scalar(item, &path) else {
            return refuse(format!("an item has no `{path}` that could name a group"));
        };
        match groups.iter_mut().find(|(name, _)| *name == found) {
            Some((_, members)) => members.push(item.clone()),
            None => groups.push((found, vec![item.clone()])),
        }
    }
    let map: Map = groups
        .into_iter()
        .map(|(name, members)| (key(&name), Value::from(members)))
        .collect();
    Ok(Value::from(map))
}

fn any_scalar(item: &Value, path: &str) -> Option<String> {
    attribute(item, path)
        .filter(|value| value.is_string() || value.is_number() || value.is_bool())
        .map(ToString::to_string)
}
