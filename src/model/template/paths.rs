//! Following a path of attributes through a value.

use crate::model::value::{Unknown, Value};

/// The unknown that a path runs into, or that lies within what it leads to.
pub(super) fn unknown_on_path<'a>(value: &'a Value, path: &[String]) -> Option<&'a Unknown> {
    let mut current = value;
    for part in path {
        match current {
            Value::Unknown(unknown) => return Some(unknown),
            Value::Map(map) => match map.get(part) {
                Some(next) => current = next,
                None => return None,
            },
            Value::List(list) => match part.parse::<usize>().ok().and_then(|index| list.get(index))
            {
                Some(next) => current = next,
                None => return current.first_unknown(),
            },
            _ => return None,
        }
    }
    current.first_unknown()
}

/// The first part of a path that is not there: its depth, and the keys that are there instead.
pub(super) fn missing_part<'a>(value: &'a Value, path: &[String]) -> Option<(usize, Vec<&'a str>)> {
    let mut current = value;
    for (depth, part) in path.iter().enumerate() {
        let next = match current {
            Value::Map(map) => map.get(part),
            Value::List(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)),
            _ => None,
        };
        match next {
            Some(next) => current = next,
            None => {
                let keys = current
                    .as_map()
                    .map(|map| map.keys().map(String::as_str).collect());
                return Some((depth, keys.unwrap_or_default()));
            }
        }
    }
    None
}
