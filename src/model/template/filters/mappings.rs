//! Mappings.

use tera::value::{Key, Map};
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{any, attribute, flag, key, kind, list, mapping, refuse, text_argument};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};

const NAMES: &[Argument] = &[
    Argument::optional("key_name", "another name than `key`"),
    Argument::optional("value_name", "another name than `value`"),
];

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours(
        "combine",
        &[
            Argument::optional("with", "a mapping, or a list of them, whose entries win"),
            Argument::optional("recursive", "true: mappings in both are combined too"),
        ],
        "The mapping, or the list of mappings, made one with others.",
        combine,
    ),
    Entry::ours(
        "dict2items",
        NAMES,
        "A list of the entries, each with `key` and `value`.",
        dict2items,
    ),
    Entry::ours(
        "items2dict",
        NAMES,
        "A mapping of a list whose items have `key` and `value`.",
        items2dict,
    ),
    Entry::teras("keys", &[], "A list of the keys."),
    Entry::teras("values", &[], "A list of the values."),
    Entry::teras(
        "pairs",
        &[],
        "A list of lists, each with a key and its value.",
    ),
    Entry::teras(
        "get",
        &[
            Argument::required("key", "the key"),
            Argument::optional("default", "what is taken where there is no such key"),
        ],
        "The value of a key.",
    ),
];

fn combine(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let recursive = flag(arguments, "recursive", false)?;
    let mut combined = Map::new();
    for part in [Some(value), any(arguments, "with")?].into_iter().flatten() {
        let maps = part.as_array().unwrap_or(std::slice::from_ref(part));
        for map in maps {
            match map.as_map() {
                Some(map) => merge(&mut combined, map, recursive),
                None => {
                    return refuse(format!(
                        "only mappings can be combined, and this is {}",
                        kind(map)
                    ));
                }
            }
        }
    }
    Ok(Value::from(combined))
}

fn merge(into: &mut Map, from: &Map, recursive: bool) {
    for (name, value) in from {
        let both = into
            .get(name)
            .and_then(Value::as_map)
            .zip(value.as_map())
            .filter(|_| recursive);
        let merged = both.map(|(old, new)| {
            let mut inner = old.clone();
            merge(&mut inner, new, true);
            Value::from(inner)
        });
        into.insert(name.clone(), merged.unwrap_or_else(|| value.clone()));
    }
}

fn names(arguments: &Kwargs) -> TeraResult<(String, String)> {
    let name = |argument: &'static str, usual: &str| {
        Ok::<_, tera::Error>(
            text_argument(arguments, argument)?.map_or_else(|| usual.to_owned(), Into::into),
        )
    };
    Ok((name("key_name", "key")?, name("value_name", "value")?))
}

fn dict2items(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let (key_name, value_name) = names(arguments)?;
    let items: Vec<Value> = mapping(value)?
        .iter()
        .map(|(name, value)| {
            let entry: Map = [
                (key(&key_name), name.as_value()),
                (key(&value_name), value.clone()),
            ]
            .into_iter()
            .collect();
            Value::from(entry)
        })
        .collect();
    Ok(Value::from(items))
}

fn items2dict(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let (key_name, value_name) = names(arguments)?;
    let mut map = Map::new();
    for item in list(value)? {
        let part = |name: &str| match attribute(item, name) {
            Some(value) => Ok(value.clone()),
            None => refuse(format!("an item has no `{name}`")),
        };
        map.insert(Key::from(part(&key_name)?.to_string()), part(&value_name)?);
    }
    Ok(Value::from(map))
}
