//! Answers of real hosts, and what is made of them: every folder of `tests/cases/facts`.
//!
//! `answer` holds what the facts' program printed on a host; `expected.yml` holds facts and variables that must come
//! out of it. Only what is written there is compared, so a case can be about one thing.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot be read is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use cachesmith::model::fact_parts::FactParts;
use cachesmith::model::fact_variables;
use cachesmith::model::value::Value as Wishes;
use cachesmith::redis::from_facts;
use cachesmith::transport::script::facts;
use serde_json::Value;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/facts");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn answer(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("answer")).unwrap()
}

/// Everything that is made of an answer: `facts` as they are kept, and `variables`.
fn made_of(answer: &[u8], wishes: Option<&Wishes>) -> Value {
    let facts = facts::parse(answer, FactParts::ALL);
    let mut variables = fact_variables::variables(&facts);
    variables.extend(from_facts::variables(&facts, wishes));
    serde_json::json!({ "facts": facts, "variables": variables })
}

/// Notes where `found` lacks something of `expected` or differs from it.
fn compare(place: &str, expected: &Value, found: Option<&Value>, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(fields), Some(Value::Object(others))) => {
            for (name, value) in fields {
                compare(
                    &format!("{place}.{name}"),
                    value,
                    others.get(name),
                    differences,
                );
            }
        }
        (Value::Array(items), Some(Value::Array(others))) if items.len() == others.len() => {
            for (index, item) in items.iter().enumerate() {
                compare(
                    &format!("{place}[{index}]"),
                    item,
                    others.get(index),
                    differences,
                );
            }
        }
        // `(absent)` says that nothing must be there.
        (Value::String(word), None) if word == "(absent)" => {}
        (expected, Some(found)) if expected == found => {}
        (expected, found) => {
            let found = found.map_or("nothing".to_owned(), ToString::to_string);
            differences.push(format!("{place}: expected {expected}, found {found}"));
        }
    }
}

#[test]
fn answers_of_real_hosts() {
    let folders = cases();
    assert!(folders.len() >= 5, "there are only {} cases", folders.len());
    let mut differences = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(folder.join("expected.yml")).unwrap();
        let expected: Value =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for key in expected.as_object().unwrap().keys() {
            let known = ["redis_sizing", "facts", "variables"].contains(&key.as_str());
            assert!(known, "{name}: there is no `{key}` in a case");
        }
        let wishes = expected.get("redis_sizing").cloned().unwrap_or_default();
        let wishes: Wishes = serde_json::from_value(wishes).unwrap();
        let found = made_of(&answer(&folder), Some(&wishes));
        for part in ["facts", "variables"] {
            let place = format!("{name}: {part}");
            if let Some(expected) = expected.get(part) {
                compare(&place, expected, found.get(part), &mut differences);
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// An answer may end anywhere: a connection breaks, a time limit strikes. What came before the end is read, what did
/// not come is missed, and nothing fails.
#[test]
fn an_answer_may_end_anywhere() {
    for folder in cases() {
        let whole = answer(&folder);
        for end in (0..whole.len()).step_by(97) {
            let facts = facts::parse(&whole[..end], FactParts::ALL);
            let reason = facts
                .missing
                .get("facts")
                .expect("a broken answer is told from a whole one");
            assert!(reason.contains("answer"), "{reason}");
            let _ = fact_variables::variables(&facts);
            let _ = from_facts::variables(&facts, None);
        }
        assert_eq!(
            facts::parse(&whole, FactParts::ALL).missing.get("facts"),
            None,
            "{}",
            folder.display()
        );
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Distribution {
    os_release: String,
    #[serde(default)]
    debian_version: String,
    expected: Value,
}

#[test]
fn distributions_are_called_as_ansible_calls_them() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/facts/distributions.yml");
    let list: Vec<Distribution> =
        serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(list.len() > 10);
    let mut differences = Vec::new();
    for distribution in list {
        let mut files: String = distribution
            .os_release
            .lines()
            .map(|line| format!("/etc/os-release:{line}\n"))
            .collect();
        if !distribution.debian_version.is_empty() {
            files.push_str(&format!(
                "/etc/debian_version:{}\n",
                distribution.debian_version
            ));
        }
        let answer = format!("\x1efiles {}\n{files}\n\x1eend 0\n\n", files.len());
        let found = made_of(answer.as_bytes(), None);
        let name = distribution
            .os_release
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        let ansible = &found["variables"]["ansible_facts"];
        compare(
            &name,
            &distribution.expected,
            Some(ansible),
            &mut differences,
        );
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
