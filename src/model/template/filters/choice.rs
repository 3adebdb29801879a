//! Defaults, and choices by truth.

use tera::value::ValueKind;
use tera::{Kwargs, State, TeraResult, Value};

use super::arguments::{any, kind, refuse, text_argument};
use crate::model::template::catalogue::{Argument, Entry, FilterCall};
use crate::model::value;

pub(super) static ENTRIES: &[Entry<FilterCall>] = &[
    Entry::teras(
        "default",
        &[
            Argument::required("value", "what is taken instead"),
            Argument::optional("boolean", "true: also for what is false, zero or empty"),
        ],
        "Another value where this is not defined. Any part of its path may be missing.",
    ),
    Entry::ours(
        "mandatory",
        &[Argument::optional("msg", "what is said otherwise")],
        "The value, which has to be defined.",
        mandatory,
    ),
    Entry::ours(
        "bool",
        &[],
        "True for `yes`, `on`, `true`, `1`; false for `no`, `off`, `false`, `0` and nothing; other words are errors.",
        bool,
    ),
    Entry::ours(
        "ternary",
        &[
            Argument::required("yes", "the value where this is true"),
            Argument::required("no", "the value where this is false"),
            Argument::optional("none", "the value where this is nothing"),
        ],
        "One of two values, by the truth of this.",
        ternary,
    ),
    Entry::ours(
        "type_debug",
        &[],
        "The kind of the value, by Python's name: `str`, `int`, `float`, `bool`, `list`, `dict`, `NoneType`.",
        type_debug,
    ),
];

fn mandatory(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    if value.is_undefined() {
        let message = text_argument(arguments, "msg")?;
        return refuse(message.unwrap_or("this has to be defined, and it is not".into()));
    }
    Ok(value.clone())
}

fn bool(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let truth = match value.kind() {
        ValueKind::Bool => value.as_bool(),
        ValueKind::None => Some(false),
        ValueKind::String => value::Value::from(value.as_str().unwrap_or_default()).truth(),
        _ if value.is_number() => value.as_f64().map(|number| number != 0.0),
        _ => None,
    };
    match truth {
        Some(truth) => Ok(truth.into()),
        None if value.is_string() => refuse(format!("`{value}` is neither true nor false")),
        None => refuse(format!(
            "this is neither true nor false: it is {}",
            kind(value)
        )),
    }
}

fn ternary(value: &Value, arguments: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    let name = if value.is_none() && any(arguments, "none")?.is_some() {
        "none"
    } else if value.is_truthy() {
        "yes"
    } else {
        "no"
    };
    Ok(any(arguments, name)?.cloned().unwrap_or_else(Value::none))
}

fn type_debug(value: &Value, _: &Kwargs, _: &State<'_>) -> TeraResult<Value> {
    Ok(Value::from(match value.kind() {
        ValueKind::Undefined => "Undefined",
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::F64 => "float",
        ValueKind::U64 | ValueKind::I64 | ValueKind::U128 | ValueKind::I128 => "int",
        ValueKind::Array => "list",
        ValueKind::Map => "dict",
        ValueKind::Bytes => "bytes",
        _ => "str",
    }))
}
