//! Paths, as texts: no file is looked at. They end as Python's `os.path` has it.

use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{list, text};
use crate::model::template::catalogue::{Entry, FilterCall};

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours("basename", &[], "What follows the last `/`.", basename),
    Entry::ours("dirname", &[], "What stands before the last `/`.", dirname),
    Entry::ours(
        "splitext",
        &[],
        "A list of the path without its ending, and the ending with its dot.",
        splitext,
    ),
    Entry::ours(
        "path_join",
        &[],
        "The parts of a list as one path; a part that begins with `/` starts anew.",
        path_join,
    ),
];

fn basename(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let path = text(value)?;
    Ok(Value::from(path.rsplit('/').next().unwrap_or_default()))
}

fn dirname(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let path = text(value)?;
    let folder = path.rfind('/').map_or("", |end| &path[..=end]);
    let trimmed = folder.trim_end_matches('/');
    Ok(Value::from(if trimmed.is_empty() {
        folder
    } else {
        trimmed
    }))
}

fn splitext(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let path = text(value)?;
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    // Dots at the beginning of a name are no ending.
    let first = name + path[name..].len() - path[name..].trim_start_matches('.').len();
    let dot = path[first..]
        .rfind('.')
        .map_or(path.len(), |dot| first + dot);
    Ok(Value::from(vec![
        Value::from(&path[..dot]),
        Value::from(&path[dot..]),
    ]))
}

fn path_join(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let mut path = String::new();
    for part in list(value)? {
        let part = text(part)?;
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&part);
    }
    Ok(Value::from(path))
}
