//! What a case expects, and how it is compared: exactly what is given, nothing more.

use cachesmith::model::probe::Probe;
use cachesmith::model::value::{Map, Value};
use cachesmith::module::{Decision, Stop};

use crate::Problem;
use crate::local::only;
use crate::observed::read;
use crate::show;

const KEYS: &[&str] = &[
    "unchanged",
    "changes",
    "missing",
    "unknown",
    "failed",
    "help",
    "result",
    "facts",
    "message",
    "checks",
    "output_of",
];
const CHANGE_KEYS: &[&str] = &[
    "kind", "resource", "fields", "before", "after", "notes", "steps", "undo",
];

/// The `expect` of a case.
pub(crate) struct Expect(Map);

impl Expect {
    pub(crate) fn read(value: &Value) -> Result<Self, Problem> {
        let map = match value {
            Value::String(word) if word == "unchanged" => {
                Map::from_iter([("unchanged".to_owned(), Value::Bool(true))])
            }
            Value::Map(map) => map.clone(),
            _ => return Err("`expect` is `unchanged` or a mapping".to_owned()),
        };
        only(&map, KEYS, "`expect`")?;
        let outcomes = ["unchanged", "changes", "missing", "unknown", "failed"];
        if outcomes
            .iter()
            .filter(|key| map.contains_key(**key))
            .count()
            != 1
        {
            return Err(format!("`expect` says exactly one of {outcomes:?}"));
        }
        Ok(Self(map))
    }

    /// Whether the case says of a change how it is taken back.
    pub(crate) fn says_undo(&self, change: usize) -> bool {
        let changes = self.0.get("changes").and_then(Value::as_list);
        changes
            .and_then(|changes| changes.get(change))
            .is_some_and(|change| change.get("undo").is_some())
    }

    pub(crate) fn compare(
        &self,
        decided: &Result<Decision, Stop>,
        missing: &[Probe],
    ) -> Result<(), Problem> {
        self.differs(decided, missing).map_err(|difference| {
            format!(
                "{difference}\nit decided:\n{}",
                show::outcome(decided, missing)
            )
        })
    }

    fn differs(&self, decided: &Result<Decision, Stop>, missing: &[Probe]) -> Result<(), Problem> {
        match decided {
            Ok(decision) if decision.changes.is_empty() => self.outcome("unchanged")?,
            Ok(_) => self.outcome("changes")?,
            Err(Stop::Missing) => self.outcome("missing")?,
            Err(Stop::Unknown(_)) => self.outcome("unknown")?,
            Err(Stop::Failed(_)) => self.outcome("failed")?,
        }
        match decided {
            Ok(decision) => self.decision(decision),
            Err(Stop::Missing) => self.missing(missing),
            Err(Stop::Unknown(unknown)) => {
                let shown = Value::from(&*unknown.reason);
                same("unknown", &self.0["unknown"], Some(&shown))
            }
            Err(Stop::Failed(failure)) => {
                contains("failed", &self.0["failed"], &failure.message)?;
                if let Some(help) = self.0.get("help") {
                    contains("help", help, &failure.help.join("\n"))?;
                }
                self.subset("result", &failure.result)
            }
        }
    }

    fn outcome(&self, found: &str) -> Result<(), Problem> {
        if self.0.contains_key(found) {
            return Ok(());
        }
        let expected = self.0.keys().next().map_or("", String::as_str);
        Err(format!("expected `{expected}`, found `{found}`"))
    }

    fn decision(&self, decision: &Decision) -> Result<(), Problem> {
        if let Some(expected) = self.0.get("changes") {
            let expected = expected.as_list().ok_or("`changes` is a list")?;
            if expected.len() != decision.changes.len() {
                let found = decision.changes.len();
                return Err(format!(
                    "expected {} changes, found {found}",
                    expected.len()
                ));
            }
            for (expected, found) in expected.iter().zip(&decision.changes) {
                change(expected, &show::change(found))
                    .map_err(|problem| format!("{}: {problem}", found.resource))?;
            }
        }
        self.subset("result", &decision.result)?;
        self.subset("facts", &decision.facts)?;
        if let Some(message) = self.0.get("message") {
            let found = decision.message.as_deref().map(Value::from);
            same("message", message, Some(&found.unwrap_or_default()))?;
        }
        if let Some(checks) = self.0.get("checks") {
            same("checks", checks, Some(&show::checks(&decision.checks)))?;
        }
        if let Some(output_of) = self.0.get("output_of") {
            let found = decision.output_of.map(|number| Value::from(number as u64));
            same("output_of", output_of, Some(&found.unwrap_or_default()))?;
        }
        Ok(())
    }

    fn missing(&self, missing: &[Probe]) -> Result<(), Problem> {
        let list = self.0["missing"].as_list().ok_or("`missing` is a list")?;
        let expected = list
            .iter()
            .map(read::<Probe>)
            .collect::<Result<Vec<_>, _>>()?;
        if expected == missing {
            return Ok(());
        }
        Err("other probes are missing than expected".to_owned())
    }

    /// Every given name has the given value; a mapping inside is compared the same way. A null expects nothing.
    fn subset(&self, key: &str, found: &Map) -> Result<(), Problem> {
        let Some(expected) = self.0.get(key) else {
            return Ok(());
        };
        subset(key, expected, &Value::Map(found.clone()))
    }
}

fn subset(path: &str, expected: &Value, found: &Value) -> Result<(), Problem> {
    let Value::Map(map) = expected else {
        return same(path, expected, Some(found));
    };
    for (key, expected) in map {
        let path = format!("{path}.{key}");
        match found.get(key) {
            Some(found) => subset(&path, expected, found)?,
            None if *expected == Value::Null => {}
            None => return Err(format!("`{path}` is not there")),
        }
    }
    Ok(())
}

/// A change is expected as `kind resource`, or as a mapping of what matters.
fn change(expected: &Value, found: &Map) -> Result<(), Problem> {
    let Value::Map(expected) = expected else {
        let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default();
        let shown = Value::from(format!("{} {}", text("kind"), text("resource")));
        return same("change", expected, Some(&shown));
    };
    only(expected, CHANGE_KEYS, "a change")?;
    for (key, expected) in expected {
        let found = found.get(key);
        match (key.as_str(), expected.get("impossible")) {
            ("undo", Some(part)) => {
                let reason = found.and_then(|undo| undo.get("impossible"));
                let reason = reason.and_then(Value::as_str).ok_or("it can be undone")?;
                contains("undo", part, reason)?;
            }
            ("undo", None) if expected.get("again").is_some() => {
                let steps = found.and_then(|undo| undo.get("again"));
                let steps = steps.ok_or("it is not done once more")?;
                let part = expected.get("again").ok_or("checked above")?;
                contains("undo", part, &format!("{steps:?}"))?;
            }
            ("steps" | "undo", None) => {
                let found = found.map(without_needless_quotes);
                same(key, &without_needless_quotes(expected), found.as_ref())?;
            }
            _ => same(key, expected, found)?,
        }
    }
    Ok(())
}

/// Quotes around a word that needs none may be written or not.
fn without_needless_quotes(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().map(without_needless_quotes).collect()),
        Value::String(text) => match regex::Regex::new("'([A-Za-z0-9_./=:,@%+~-]+)'") {
            Ok(quoted) => quoted.replace_all(text, "$1").into_owned().into(),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

fn same(what: &str, expected: &Value, found: Option<&Value>) -> Result<(), Problem> {
    if found == Some(expected) {
        return Ok(());
    }
    let found = found.map_or_else(|| "nothing\n".to_owned(), show::yaml);
    Err(format!(
        "`{what}`: expected\n{}found\n{found}",
        show::yaml(expected)
    ))
}

fn contains(what: &str, part: &Value, text: &str) -> Result<(), Problem> {
    let part = part.as_str().ok_or(format!("`{what}` is a text"))?;
    if text.contains(part) {
        return Ok(());
    }
    Err(format!(
        "`{what}`: expected a text with\n  {part}\nfound\n  {text}"
    ))
}
