//! The directives that a task wants.

use crate::model::value::{Map, Value};
use crate::module::{Failure, Parameters, Stop};
use crate::redis::catalogue::{self, Kind};
use crate::redis::conf::{Argument, Directive, Document, split};

/// What the task's template or its `directives` say.
///
/// # Errors
/// Where a directive cannot be written as a line.
pub(super) fn read(parameters: &Parameters) -> Result<Document, Stop> {
    if let Some(rendered) = parameters.rendered("template") {
        return Ok(Document::parse(&rendered.text));
    }
    let empty = Map::new();
    let map = parameters.map("directives")?.unwrap_or(&empty);
    let mut text = String::new();
    for (name, value) in map {
        for directive in directives(name, value)? {
            text.push_str(&directive.to_line());
            text.push('\n');
        }
    }
    Ok(Document::parse(text))
}

/// The lines that a directive needs.
fn directives(name: &str, value: &Value) -> Result<Vec<Directive>, Stop> {
    let usual = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if name.is_empty() || !name.chars().all(usual) {
        return Err(Failure::new(format!("`{name}` is no name of a directive")).into());
    }
    let kind = catalogue::lookup(name).map(|known| known.kind);
    let adds_up = matches!(kind, Some(Kind::Save | Kind::BufferLimits | Kind::Repeated));
    match value {
        Value::List(items) if adds_up => items
            .iter()
            .map(|item| Ok(Directive::new(name, arguments(name, item, kind)?)))
            .collect(),
        other => Ok(vec![Directive::new(name, arguments(name, other, kind)?)]),
    }
}

/// A list is its words; a text is one word where the directive takes one, and is split as Redis does otherwise.
fn arguments(name: &str, value: &Value, kind: Option<Kind>) -> Result<Vec<Argument>, Stop> {
    match value {
        Value::List(words) => words
            .iter()
            .map(|word| text(name, word).map(Argument::from))
            .collect(),
        other => {
            let text = text(name, other)?;
            if text.trim().is_empty() || kind.is_some_and(Kind::takes_one_argument) {
                return Ok(vec![Argument::from(text.trim())]);
            }
            split(text.as_bytes()).map_err(|error| {
                Failure::new(format!(
                    "the value of `{name}` cannot be taken apart: {error}"
                ))
                .help("give its words as a list")
                .into()
            })
        }
    }
}

fn text(name: &str, value: &Value) -> Result<String, Stop> {
    match value {
        Value::Bool(true) => Ok("yes".to_owned()),
        Value::Bool(false) => Ok("no".to_owned()),
        Value::Null => Err(Failure::new(format!("`{name}` has no value"))
            .help("name it in `absent` if the file is not to have it")
            .into()),
        other => other.scalar_text().ok_or_else(|| {
            Failure::new(format!(
                "`{name}` is {}, and a directive wants a value or a list of words",
                other.kind()
            ))
            .into()
        }),
    }
}
