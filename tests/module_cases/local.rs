//! Files and folders of this machine, as a case writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cachesmith::model::blob::Blob;
use cachesmith::model::value::{Map, Value};
use cachesmith::module::LocalFile;
use cachesmith::module::parameters::LocalContent;

use crate::Problem;

/// A text is a file's content; a mapping has `content` (or `base64`) and `mode`, or a `folder` of such.
pub(crate) fn local_file(name: &str, value: &Value) -> Result<LocalFile, Problem> {
    let content = match value.get("folder") {
        Some(folder) => {
            let entries = folder.as_map().ok_or("`folder` is no mapping")?;
            let mut files = entries
                .iter()
                .map(|(path, value)| folder_entry(path, value))
                .collect::<Result<Vec<_>, _>>()?;
            files.sort_by(|a, b| a.0.cmp(&b.0));
            LocalContent::Folder(files)
        }
        None => LocalContent::File {
            bytes: bytes(value)?.unwrap_or_default(),
            mode: mode(value, 0o644)?,
        },
    };
    Ok(LocalFile {
        name: name.to_owned(),
        content,
    })
}

/// A path with a slash at its end is a folder.
fn folder_entry(path: &str, value: &Value) -> Result<(String, u32, Option<Blob>), Problem> {
    match path.strip_suffix('/') {
        Some(path) => Ok((path.to_owned(), mode(value, 0o755)?, None)),
        None => Ok((
            path.to_owned(),
            mode(value, 0o644)?,
            Some(bytes(value)?.unwrap_or_default()),
        )),
    }
}

/// The bytes that a text, or the `content` or `base64` of a mapping, stand for.
pub(crate) fn bytes(value: &Value) -> Result<Option<Blob>, Problem> {
    match value {
        Value::Map(map) => match (map.get("content"), map.get("base64")) {
            (Some(text), None) => bytes(text),
            (None, Some(text)) => STANDARD
                .decode(text.as_str().unwrap_or_default())
                .map(|bytes| Some(Blob::from(bytes)))
                .map_err(|error| format!("`base64`: {error}")),
            (None, None) => Ok(None),
            _ => Err("`content` and `base64` exclude each other".to_owned()),
        },
        Value::Null => Ok(None),
        scalar => scalar
            .scalar_text()
            .map(|text| Some(Blob::from(text)))
            .ok_or_else(|| format!("a text is wanted, not {}", scalar.kind())),
    }
}

/// The `mode` of a mapping, in octal digits.
pub(crate) fn mode(value: &Value, default: u32) -> Result<u32, Problem> {
    match value.get("mode") {
        None => Ok(default),
        Some(Value::String(text)) => {
            u32::from_str_radix(text, 8).map_err(|_| format!("mode {text} is not octal"))
        }
        Some(_) => Err("write a mode with a leading zero: 0644".to_owned()),
    }
}

/// Fails on a key that nothing reads: a case must not say what is not checked.
pub(crate) fn only(map: &Map, known: &[&str], what: &str) -> Result<(), Problem> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!(
            "{what} has no `{key}`; it has {}",
            known.join(", ")
        )),
        None => Ok(()),
    }
}
