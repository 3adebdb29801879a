//! What templates make of variables, and what is said about mistakes in them.
//!
//! Each file of `tests/cases/templates` is a list of cases. `CASE=part-of-a-file's-name cargo test --test
//! template_cases` runs some of them.
//!
//! | key | meaning |
//! | --- | --- |
//! | `template` | a text with blocks, as a parameter of a task has it; one single `{{ }}` keeps the kind of its value |
//! | `file` | the text of a template file |
//! | `when` | a condition without braces |
//! | `includes` | for `file`: texts of templates that it includes, by name |
//! | `variables` | what there is; `{known after: x}` is a value that is not known yet |
//! | `expected` | the value; `{known after: x}` where it is not known |
//! | `error` | what is said; `help` is a part of a way out, `at` its line and column |

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::path::Path;
use std::sync::Arc;

use cachesmith::load::yaml;
use cachesmith::model::node::Node;
use cachesmith::model::source::Source;
use cachesmith::model::template::{Evaluated, Layer, Scope, TemplateError, Templates};
use cachesmith::model::value::{Map, Value};

const KEYS: &[&str] = &[
    "template",
    "file",
    "when",
    "includes",
    "variables",
    "expected",
    "error",
    "help",
    "at",
];

/// `{known after: x}` stands for a value that is not known.
fn unknowns(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().map(unknowns).collect()),
        Value::Map(map) => match map.get("known after") {
            Some(Value::String(reason)) => Value::unknown(reason.as_str()),
            _ => Value::Map(
                map.iter()
                    .map(|(name, value)| (name.clone(), unknowns(value)))
                    .collect::<Map>(),
            ),
        },
        other => other.clone(),
    }
}

fn value(case: &Node, key: &str) -> Option<Value> {
    case.get(key).map(|node| unknowns(&node.to_value()))
}

fn text(case: &Node, key: &str) -> Option<String> {
    value(case, key).map(|value| value.scalar_text().unwrap())
}

fn render(case: &Node, templates: &Arc<Templates>) -> Result<Value, TemplateError> {
    let variables = match value(case, "variables") {
        Some(Value::Map(map)) => map,
        None => Map::new(),
        Some(_) => panic!("`variables` must be a mapping"),
    };
    let scope = Scope::new(
        Arc::clone(templates),
        vec![Layer::templated(variables)],
        Arc::default(),
    );
    if let Some(condition) = text(case, "when") {
        return scope.condition(&condition).map(|holds| match holds {
            Evaluated::Known(holds) => Value::Bool(holds),
            Evaluated::Unknown(unknown) => Value::Unknown(unknown),
        });
    }
    if let Some(file) = text(case, "file") {
        let includes: Vec<(String, Arc<Source>)> = match value(case, "includes") {
            Some(Value::Map(map)) => map
                .iter()
                .map(|(name, text)| {
                    let text = text.scalar_text().unwrap();
                    (name.clone(), Source::new(name.as_str(), text))
                })
                .collect(),
            _ => Vec::new(),
        };
        return scope.render(&*templates.file(&file, &includes)?);
    }
    scope.text(&text(case, "template").unwrap())
}

/// What is wrong with a case.
fn problem(case: &Node, templates: &Arc<Templates>) -> Option<String> {
    if let Some(entry) = case
        .as_map()
        .unwrap()
        .iter()
        .find(|entry| !KEYS.contains(&entry.key.as_str()))
    {
        return Some(format!("`{}` is not known here", entry.key));
    }
    let wanted = value(case, "expected");
    match (render(case, templates), wanted, text(case, "error")) {
        (Ok(made), Some(wanted), None) if made == wanted => None,
        (Ok(made), ..) => Some(format!("made {made:?}")),
        (Err(error), None, Some(message)) => {
            let place = format!("{}:{}", error.line, error.column);
            let place_fits = text(case, "at").is_none_or(|at| at == place);
            let help_fits = text(case, "help")
                .is_none_or(|help| error.help.iter().any(|known| known.contains(&help)));
            if error.message == message && place_fits && help_fits {
                return None;
            }
            Some(format!(
                "at {place}: {}\n    {:?}",
                error.message, error.help
            ))
        }
        (Err(error), ..) => Some(format!("{}: {:?}", error.message, error.help)),
    }
}

#[test]
fn every_case_holds() {
    let filter = std::env::var("CASE").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/templates");
    let templates = Arc::new(Templates::default());
    let mut problems = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.contains(&filter) {
            continue;
        }
        let source = Source::new(name, std::fs::read_to_string(&path).unwrap());
        let cases = yaml::parse(&source).unwrap_or_else(|error| panic!("{path:?}: {error:?}"));
        for case in cases.as_list().unwrap() {
            count += 1;
            if let Some(problem) = problem(case, &templates) {
                problems.push(format!("{}: {problem}", case.at));
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} of {count} cases do not hold:\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert!(count > 0, "no case was found");
}

/// Every filter and test of our own is tried by at least one case.
#[test]
fn everything_is_tried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/templates");
    let cases: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let used = |before: &str, name: &str| {
        cases
            .match_indices(&format!("{before}{name}"))
            .any(|(start, found)| {
                !cases[start + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
    };
    use cachesmith::model::template::{filters, value_tests};
    for entry in filters::GROUPS.iter().flat_map(|group| group.entries) {
        assert!(
            entry.call.is_none() || used("| ", entry.name),
            "no case for the filter {}",
            entry.name
        );
    }
    for entry in value_tests::GROUPS.iter().flat_map(|group| group.entries) {
        assert!(
            entry.call.is_none() || used("is ", entry.name),
            "no case for the test {}",
            entry.name
        );
    }
}
