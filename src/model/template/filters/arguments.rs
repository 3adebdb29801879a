//! Reading what a filter is used on and what it is given.

use std::borrow::Cow;

use tera::value::{Key, Map, ValueKind};
use tera::{Error, Kwargs, TeraResult, Value};

/// The word for a kind of value in messages.
pub(in crate::model::template) fn kind(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "not defined",
        ValueKind::None => "nothing",
        ValueKind::Bool => "a boolean",
        ValueKind::F64 => "a number",
        ValueKind::U64 | ValueKind::I64 | ValueKind::U128 | ValueKind::I128 => "an integer",
        ValueKind::String => "a string",
        ValueKind::Array => "a list",
        ValueKind::Map => "a mapping",
        _ => "a value of another kind",
    }
}

/// A refusal.
pub(super) fn refuse<T>(message: impl Into<String>) -> TeraResult<T> {
    Err(Error::message(message.into()))
}

fn wrong<T>(what: &str, expected: &str, value: &Value) -> TeraResult<T> {
    refuse(format!(
        "{what} must be {expected}, and it is {}",
        kind(value)
    ))
}

/// The value as a list.
pub(super) fn list(value: &Value) -> TeraResult<&[Value]> {
    match value.as_array() {
        Some(list) => Ok(list),
        None => wrong("this", "a list", value),
    }
}

/// The value as a mapping.
pub(super) fn mapping(value: &Value) -> TeraResult<&Map> {
    match value.as_map() {
        Some(map) => Ok(map),
        None => wrong("this", "a mapping", value),
    }
}

/// The value as a text: a string, or a scalar as it would be written.
pub(super) fn text(value: &Value) -> TeraResult<Cow<'_, str>> {
    match value.kind() {
        ValueKind::String => Ok(Cow::Borrowed(value.as_str().unwrap_or_default())),
        ValueKind::Undefined | ValueKind::None | ValueKind::Array | ValueKind::Map => {
            wrong("this", "a string", value)
        }
        _ => Ok(Cow::Owned(value.to_string())),
    }
}

/// The value as a number: one, or a string that holds one.
pub(super) fn number(value: &Value) -> TeraResult<f64> {
    match value.as_str() {
        Some(text) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => refuse(format!("`{text}` is no number")),
        },
        None => match value.as_f64().or_else(|| to_float(value)) {
            Some(number) => Ok(number),
            None => wrong("this", "a number", value),
        },
    }
}

fn to_float(value: &Value) -> Option<f64> {
    value.as_number().map(|number| number.as_float())
}

/// An argument of any kind.
pub(super) fn any<'a>(arguments: &'a Kwargs, name: &'a str) -> TeraResult<Option<&'a Value>> {
    arguments.get::<&Value>(name)
}

/// An argument that is a list.
pub(super) fn list_argument<'a>(arguments: &'a Kwargs, name: &'a str) -> TeraResult<&'a [Value]> {
    match any(arguments, name)? {
        Some(value) => match value.as_array() {
            Some(list) => Ok(list),
            None => wrong(&format!("`{name}`"), "a list", value),
        },
        None => refuse(format!("`{name}` is needed")),
    }
}

/// An argument that is a string.
pub(super) fn text_argument<'a>(
    arguments: &'a Kwargs,
    name: &'a str,
) -> TeraResult<Option<Cow<'a, str>>> {
    match any(arguments, name)? {
        None => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(Cow::Borrowed(text))),
            None if value.is_number() => Ok(Some(Cow::Owned(value.to_string()))),
            None => wrong(&format!("`{name}`"), "a string", value),
        },
    }
}

/// An argument that is a string and has to be there.
pub(super) fn needed_text<'a>(arguments: &'a Kwargs, name: &'a str) -> TeraResult<Cow<'a, str>> {
    match text_argument(arguments, name)? {
        Some(text) => Ok(text),
        None => refuse(format!("`{name}` is needed")),
    }
}

/// An argument that is a boolean.
pub(super) fn flag(arguments: &Kwargs, name: &str, default: bool) -> TeraResult<bool> {
    match arguments.get::<&Value>(name)? {
        None => Ok(default),
        Some(value) => match value.as_bool() {
            Some(flag) => Ok(flag),
            None => wrong(&format!("`{name}`"), "true or false", value),
        },
    }
}

/// An argument that is an integer, not negative.
pub(super) fn count(arguments: &Kwargs, name: &str) -> TeraResult<Option<usize>> {
    match arguments.get::<&Value>(name)? {
        None => Ok(None),
        Some(value) => match value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
        {
            Some(number) => Ok(Some(number)),
            None => wrong(
                &format!("`{name}`"),
                "an integer that is not negative",
                value,
            ),
        },
    }
}

/// A mapping's entry.
pub(super) fn member<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.get(&key(name))
}

/// A key for a mapping.
pub(super) fn key(text: &str) -> Key<'static> {
    Key::from(text.to_owned())
}

/// The attribute of an item, through dots: `a.b`, `list.0`. None where it is not there.
pub(super) fn attribute<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    let mut current = item;
    for part in path.split('.') {
        current = match current.as_array() {
            Some(list) => list.get(part.parse::<usize>().ok()?)?,
            None => member(current.as_map()?, part)?,
        };
    }
    Some(current)
}
