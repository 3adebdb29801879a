//! `debug`: shows a message or a value.

use super::{Decision, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::redaction::HIDDEN;
use crate::model::value::{Map, Value};

/// See the [module](self).
#[derive(Debug)]
pub struct Debug;

static SPEC: Spec = Spec {
    name: "debug",
    aliases: &[],
    summary: "Shows a message or the value of a variable. It changes nothing.",
    parameters: &[
        Parameter::new(
            "msg",
            Kind::Any,
            "What is shown; lists and mappings are shown as JSON.",
        )
        .default("Hello world!"),
        Parameter::new(
            "var",
            Kind::Expression,
            "The variable or expression whose value is shown, without braces. It excludes `msg`.",
        ),
        Parameter::new(
            "verbosity",
            Kind::Detail,
            "Show it only in runs that were asked for at least this much detail (`-v` is 1).",
        )
        .default("0"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Debug {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, _: &Look<'_>) -> Result<Decision, Stop> {
        if parameters.has("msg") && parameters.has("var") {
            return Err(Stop::failed("`debug` takes `msg` or `var`, not both"));
        }
        let values = parameters.values();
        let (name, value) = match values.get("var") {
            Some(value) => (
                parameters.expressions("var").first().map(String::as_str),
                value.clone(),
            ),
            None => (
                None,
                values
                    .get("msg")
                    .cloned()
                    .unwrap_or_else(|| "Hello world!".into()),
            ),
        };
        let text = show(&value);
        let message = match name {
            Some(name) => format!("{name}: {text}"),
            None => text,
        };
        let key = if values.contains_key("var") {
            name.unwrap_or("var")
        } else {
            "msg"
        };
        Ok(Decision {
            result: Map::from_iter([(key.to_owned(), value)]),
            message: Some(message),
            ..Decision::default()
        })
    }
}

/// Texts as they are, an unknown in its words, everything else as JSON.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Unknown(unknown) => format!("({unknown})"),
        other => serde_json::to_string_pretty(&with_words(other))
            .unwrap_or_else(|_| other.kind().to_owned()),
    }
}

/// With unknowns inside replaced by their words, and without marks that are no part of the value.
fn with_words(value: &Value) -> Value {
    match value {
        Value::Unknown(unknown) => format!("({unknown})").into(),
        Value::List(list) => Value::List(list.iter().map(with_words).collect()),
        Value::Map(map) => map
            .iter()
            .filter(|(name, _)| *name != HIDDEN)
            .map(|(name, value)| (name.clone(), with_words(value)))
            .collect(),
        other => other.clone(),
    }
}
