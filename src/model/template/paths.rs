//! Following a path of attributes through a value.

use crate::model::value::{Unknown, Value};

/// The unknown that a path runs into, or that lies within what it leads to.
pub(super) fn unknown_on_path<'a>(value: &'a Value, path: &[String]) -> Option<&'a Unknown> {
    let mut current = value;
    for part in path {
        match (current, current.part(part)) {
            (Value::Unknown(unknown), _) => return Some(unknown),
            (_, Some(next)) => current = next,
            // It may be any of the list's, told by what is known only then.
            (Value::List(_), None) => return current.first_unknown(),
            (_, None) => return None,
        }
    }
    current.first_unknown()
}

/// The first part of a path that is not there: its depth, and the keys that are there instead.
pub(super) fn missing_part<'a>(value: &'a Value, path: &[String]) -> Option<(usize, Vec<&'a str>)> {
    let mut current = value;
    for (depth, part) in path.iter().enumerate() {
        match current.part(part) {
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
