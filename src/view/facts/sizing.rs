//! How much memory a server may use, step by step.

use super::sheet::{Part, Row};
use crate::model::value::{Map, Value};

/// Rows whose source is the kind of step that they are.
pub(super) fn rows(redis: &Map) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |kind: &str, text: String| {
        let name = format!("{} {text}", rows.len());
        rows.push(Row::new(Part::Sizing, &name, text, kind));
    };
    let sizing = match redis.get("sizing") {
        Some(Value::Map(sizing)) => sizing,
        Some(Value::Unknown(unknown)) => {
            add("assumption", unknown.to_string());
            return rows;
        }
        _ => return rows,
    };
    let texts = |name: &str| -> Vec<String> {
        let list = sizing
            .get(name)
            .and_then(Value::as_list)
            .unwrap_or_default();
        list.iter()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    };
    for text in texts("assumptions") {
        add("assumption", text);
    }
    let steps = texts("derivation");
    for (number, text) in steps.iter().enumerate() {
        // The last step is what all of it comes to.
        let is_last = number + 1 == steps.len();
        let kind = if is_last { "last step" } else { "step" };
        add(kind, format!("{}. {text}", number + 1));
    }
    for text in texts("warnings") {
        add("warning", format!("beware: {text}"));
    }
    if let Some(reason) = sizing.get("refused").and_then(Value::as_str) {
        add("refused", format!("refused: {reason}"));
    }
    rows
}
