//! What is documented is what is there.

use std::collections::BTreeSet;

use cachesmith::model::event::VERSION;
use serde_json::Value;

use crate::cases;

/// All keys and single words that stand in events.
fn words(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                let is_word =
                    ["event", "mode", "kind", "status", "difference"].contains(&name.as_str());
                if let (true, Some(word)) = (is_word, value.as_str()) {
                    found.insert(word.to_owned());
                }
                words(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        _ => {}
    }
}

#[test]
fn every_event_and_field_is_documented() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = BTreeSet::new();
    for path in cases("events", "jsonl") {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            words(&serde_json::from_str(line).unwrap(), &mut found);
        }
    }
    assert!(
        found.len() > 60,
        "the cases hold most of what there is: {found:?}"
    );
    let missing: Vec<&String> = found
        .iter()
        .filter(|word| {
            let forms = [format!("`{word}`"), format!("\"{word}\"")];
            !forms.iter().any(|form| text.contains(form))
        })
        .collect();
    assert!(missing.is_empty(), "docs/events.md lacks {missing:?}");
    assert!(text.contains(&format!("**Version {VERSION}.**")));
}

/// The signs of the style sheet are those that are printed.
#[test]
fn signs_are_documented() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/style.md");
    let text = std::fs::read_to_string(path).unwrap();
    for sign in ["+", "~", "-", "!", ".", "?", ">", "="] {
        assert!(text.contains(&format!("| `{sign}` |")), "{sign}");
    }
}
