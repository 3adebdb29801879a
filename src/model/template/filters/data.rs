//! JSON and YAML.

use serde_json::ser::{Formatter, PrettyFormatter};
use tera::value::Map;
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{count, flag, refuse, text};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};
use crate::model::{json_text, value};

const INDENT: Argument = Argument::optional("indent", "spaces for each level, 4 unless given");
const SORT: Argument = Argument::optional("sort_keys", "false: keys stay in their order");

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::ours("to_json", &[], "The value as JSON on one line.", to_json),
    Entry::ours(
        "to_nice_json",
        &[INDENT, SORT],
        "The value as JSON on many lines, with keys in order.",
        to_nice_json,
    ),
    Entry::ours(
        "from_json",
        &[],
        "The value that a text in JSON holds.",
        from_json,
    ),
    Entry::ours(
        "to_yaml",
        &[SORT],
        "The value as YAML, two spaces for each level, with keys in order.",
        |value, arguments, _| to_yaml(value, arguments, 2),
    ),
    Entry::ours(
        "to_nice_yaml",
        &[INDENT, SORT],
        "The value as YAML, with keys in order.",
        |value, arguments, _| to_yaml(value, arguments, 4),
    ),
    Entry::ours(
        "from_yaml",
        &[],
        "The value that a text in YAML holds, read as playbooks are.",
        from_yaml,
    ),
];

fn json(value: &Value, formatter: impl Formatter) -> TeraResult<Value> {
    written(json_text::written(value, formatter))
}

fn written(json: serde_json::Result<String>) -> TeraResult<Value> {
    match json {
        Ok(text) => Ok(Value::from(text)),
        Err(error) => refuse(format!("this cannot be written as JSON: {error}")),
    }
}

/// The value with the keys of all mappings in it in order.
fn sorted(value: &Value) -> Value {
    if let Some(list) = value.as_array() {
        return Value::from(list.iter().map(sorted).collect::<Vec<_>>());
    }
    let Some(map) = value.as_map() else {
        return value.clone();
    };
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    let map: Map = entries
        .into_iter()
        .map(|(name, value)| (name.clone(), sorted(value)))
        .collect();
    Value::from(map)
}

fn in_order(value: &Value, arguments: &Kwargs) -> TeraResult<Value> {
    Ok(if flag(arguments, "sort_keys", true)? {
        sorted(value)
    } else {
        value.clone()
    })
}

fn to_json(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    written(json_text::line(value))
}

fn to_nice_json(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let indent = " ".repeat(count(arguments, "indent")?.unwrap_or(4).min(64));
    json(
        &in_order(value, arguments)?,
        PrettyFormatter::with_indent(indent.as_bytes()),
    )
}

fn from_json(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    match serde_json::from_str::<value::Value>(&text(value)?) {
        Ok(value) => Ok(Value::from_serializable(&value)),
        Err(error) => refuse(format!("this is not valid JSON: {error}")),
    }
}

fn to_yaml(value: &Value, arguments: &Kwargs, indent: usize) -> TeraResult<Value> {
    let indent = count(arguments, "indent")?.unwrap_or(indent).clamp(1, 64);
    let options = serde_saphyr::ser_options! {
        indent_step: indent,
        compact_list_indent: true,
    };
    match serde_saphyr::to_string_with_options(&in_order(value, arguments)?, options) {
        Ok(yaml) => Ok(Value::from(yaml)),
        Err(error) => refuse(format!("this cannot be written as YAML: {error}")),
    }
}

fn from_yaml(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let mut options = serde_saphyr::Options::default();
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.with_snippet = false;
    match serde_saphyr::from_str_with_options::<Option<value::Value>>(&text(value)?, options) {
        Ok(value) => Ok(Value::from_serializable(&value.unwrap_or_default())),
        Err(error) => refuse(format!(
            "this is not valid YAML: {}",
            error.without_snippet()
        )),
    }
}
