//! Choosing items of lists, and what of them.

use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{any, attribute, list, needed_text, refuse, text_argument};
use super::matching;
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours(
        "map",
        &[
            Argument::optional(
                "attribute",
                "the part of each item, through dots: `address.port`",
            ),
            Argument::optional(
                "filter",
                "the name of a filter that each item, or its part, passes",
            ),
            Argument::optional("default", "what is taken of an item without such a part"),
        ],
        "A list of a part of each item, or of what a filter makes of it.",
        map,
    ),
    Entry::ours(
        "select",
        matching::ARGUMENTS,
        "The items that fulfil all that is asked; where nothing is asked, those that are not false, zero or empty.",
        |value, arguments, _| choose(value, arguments, false, true),
    ),
    Entry::ours(
        "reject",
        matching::ARGUMENTS,
        "The items that `select` would leave out.",
        |value, arguments, _| choose(value, arguments, false, false),
    ),
    Entry::ours(
        "selectattr",
        matching::ARGUMENTS_WITH_ATTRIBUTE,
        "The items with an attribute that fulfils all that is asked.",
        |value, arguments, _| choose(value, arguments, true, true),
    ),
    Entry::ours(
        "rejectattr",
        matching::ARGUMENTS_WITH_ATTRIBUTE,
        "The items that `selectattr` would leave out.",
        |value, arguments, _| choose(value, arguments, true, false),
    ),
];

fn map(value: &Value, arguments: &Kwargs, state: &State<'_>) -> TeraResult<Value> {
    let path = text_argument(arguments, "attribute")?;
    let filter = text_argument(arguments, "filter")?;
    if path.is_none() && filter.is_none() {
        return refuse("`map` needs `attribute` or `filter`");
    }
    let mut mapped = Vec::new();
    for item in list(value)? {
        let part = match &path {
            None => item,
            Some(path) => match (attribute(item, path), any(arguments, "default")?) {
                (Some(part), _) | (None, Some(part)) => part,
                (None, None) => return refuse(format!("an item has no `{path}`")),
            },
        };
        mapped.push(match &filter {
            None => part.clone(),
            Some(name) => state.call_filter(name, part, Kwargs::default())?,
        });
    }
    Ok(Value::from(mapped))
}

fn choose(
    value: &Value,
    arguments: &Kwargs,
    by_attribute: bool,
    wanted: bool,
) -> TeraResult<Value> {
    let conditions = matching::Conditions::of(arguments)?;
    let path = if by_attribute {
        Some(needed_text(arguments, "attribute")?)
    } else {
        None
    };
    let mut chosen = Vec::new();
    for item in list(value)? {
        let part = match &path {
            None => Some(item),
            Some(path) => attribute(item, path),
        };
        if conditions.hold(part)? == wanted {
            chosen.push(item.clone());
        }
    }
    Ok(Value::from(chosen))
}
