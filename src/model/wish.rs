//! What people wrote that a host's sizing rests on.

use serde::Serialize;

use super::redaction::is_telling;
use super::template::scan::scan_template;
use super::value::Value;

/// A variable that takes part in `redis_sizing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wish {
    pub variable: String,
    /// What stands there, where it is no template: `maxmemory: 1gb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A place in a file, or whose it is.
    pub place: String,
}

impl Wish {
    pub fn new(variable: &str, value: &Value, place: String) -> Self {
        Self {
            variable: variable.to_owned(),
            value: shown(value).filter(|_| !is_telling(variable)),
            place,
        }
    }
}

/// A value in one line; nothing where a template stands in it.
fn shown(value: &Value) -> Option<String> {
    if !names_in(value).is_empty() {
        return None;
    }
    match value {
        Value::Map(map) => {
            let parts: Vec<String> = map
                .iter()
                .map(|(name, value)| Some(format!("{name}: {}", shown(value)?)))
                .collect::<Option<_>>()?;
            Some(parts.join(", "))
        }
        Value::List(list) => {
            let parts: Option<Vec<String>> = list.iter().map(shown).collect();
            Some(parts?.join(", "))
        }
        Value::Bool(truth) => Some(if *truth { "yes" } else { "no" }.to_owned()),
        other => other.scalar_text(),
    }
}

/// The variables that templates in a value mention.
pub fn names_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => scan_template(text)
            .paths
            .into_iter()
            .filter_map(|path| path.into_iter().next())
            .collect(),
        Value::List(list) => list.iter().flat_map(names_in).collect(),
        Value::Map(map) => map.values().flat_map(names_in).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_where_it_is_none_of_others() {
        let map = Value::from_iter([
            ("maxmemory".to_owned(), Value::from("1gb")),
            ("persistence".to_owned(), Value::Bool(false)),
        ]);
        let told = |name: &str, value: &Value| Wish::new(name, value, String::new()).value;
        assert_eq!(
            told("cache_sizing", &map).as_deref(),
            Some("maxmemory: 1gb, persistence: no")
        );
        assert_eq!(told("cache_password", &map), None);
        assert_eq!(told("x", &"{{ a.b | default(value=c) }}".into()), None);
        assert_eq!(names_in(&"{{ a.b | default(value=c) }}".into()), ["a", "c"]);
    }
}
