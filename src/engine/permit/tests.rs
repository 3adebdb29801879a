//! What has moved since a plan, from events as they are kept in one. What a permit lets through is tried with real runs in
//! `tests/engine`.

use serde_json::{Value, json};

use super::*;
use crate::model::event::Counts;

/// A task of host `a` in the first play.
fn task(path: &[usize], status: &str, changes: &Value) -> Value {
    let number: u32 = changes.to_string().bytes().map(u32::from).sum();
    let decided = (*changes != json!([])).then_some([number; 8]);
    json!({
        "event": "task_ended", "host": "a", "task": {"play": 0, "path": path}, "name": "Write", "module": "copy",
        "at": "site.yml:1:1", "kind": "task", "status": status, "changes": changes,
        "decided": decided,
    })
}

fn ended(status: &str, failure: &Value) -> Value {
    json!({
        "event": "host_ended", "host": "a", "play": 0, "status": status, "counts": Counts::default(),
        "failure": failure, "connections": 1, "round_trips": 1,
    })
}

fn text(resource: &str, before: Option<&str>, after: Option<&str>) -> Value {
    json!({"kind": "update", "resource": resource, "difference": {"text": {"before": before, "after": after}}})
}

fn fields(fields: &[(&str, &str, &str)]) -> Value {
    let fields: Vec<Value> = fields
        .iter()
        .map(|(name, before, after)| json!({"name": name, "before": before, "after": after}))
        .collect();
    json!({"kind": "update", "resource": "file /f", "difference": {"fields": fields}})
}

#[track_caller]
fn moved_between(before: &[Value], now: &[Value]) -> Option<String> {
    let read = |events: &[Value]| -> Vec<Event> {
        let done = ended("done", &Value::Null);
        let is_over = events.iter().any(|event| event["event"] == "host_ended");
        let done = (!is_over).then_some(&done);
        let events = events.iter().chain(done);
        events
            .map(|event| serde_json::from_value(event.clone()).unwrap())
            .collect()
    };
    let (before, now) = (read(before), read(now));
    let failure = Told::of(&before).moved(&Told::of(&now), "a", 1);
    failure.map(|failure| failure.message)
}

/// One task before and now, and the lines that say what has moved below its name.
#[track_caller]
fn lines(before: &(&str, Value), now: &(&str, Value)) -> Vec<String> {
    let words = moved_between(
        &[task(&[0, 0], before.0, &before.1)],
        &[task(&[0, 0], now.0, &now.1)],
    );
    let words = words.unwrap_or_default();
    let mut lines = words.lines();
    if let Some(first) = lines.next() {
        assert_eq!(first, "it has moved since the plan was made:");
        assert_eq!(lines.next(), Some("Write:"));
    }
    lines.map(|line| line[2..].to_owned()).collect()
}

#[test]
fn a_host_that_is_as_it_was_has_not_moved() {
    let change = json!([text("file /f", Some("1\n"), Some("2\n"))]);
    let events = [
        task(&[0, 0], "changed", &change),
        task(&[0, 1], "skipped", &json!([])),
        task(&[0, 2], "ok", &json!([])),
    ];
    assert_eq!(moved_between(&events, &events), None);
}

#[test]
fn what_has_moved_about_a_task_is_told() {
    let changed = |changes: &[&Value]| ("changed", json!(changes));
    let one = text("file /f", Some("1\nsame\n"), Some("2\nsame\n"));
    let cases = [
        (
            changed(&[&one]),
            changed(&[&text("file /f", Some("0\nsame\n"), Some("2\nsame\n"))]),
            vec!["file /f has been changed:", "  -1", "  +0"],
        ),
        (
            changed(&[&one]),
            changed(&[&text("file /f", None, Some("2\nsame\n"))]),
            vec!["file /f is gone"],
        ),
        (
            changed(&[&text("file /f", None, Some("2\n"))]),
            changed(&[&text("file /f", Some("1\n"), Some("2\n"))]),
            vec!["file /f has come to be"],
        ),
        (
            changed(&[&one]),
            changed(&[&text("file /f", Some("1\nsame\n"), Some("3\n"))]),
            vec!["file /f would become something else"],
        ),
        (
            changed(&[&fields(&[("mode", "0644", "0600"), ("owner", "a", "b")])]),
            changed(&[&fields(&[("mode", "0640", "0600"), ("group", "c", "d")])]),
            vec![
                "file /f, mode: was 0644 and is 0640",
                "file /f, group: was (none) and is c",
                "file /f, owner: would not be changed",
            ],
        ),
        (
            changed(&[&fields(&[("mode", "0644", "0600")])]),
            changed(&[&fields(&[("mode", "0644", "0400")])]),
            vec!["file /f, mode: would become 0400"],
        ),
        (
            changed(&[&one]),
            changed(&[&one, &text("file /g", None, Some("x"))]),
            vec!["file /g would be changed too"],
        ),
        (
            changed(&[&one, &text("file /g", None, Some("x"))]),
            changed(&[&one]),
            vec!["file /g would no longer be changed"],
        ),
        (
            changed(&[&one]),
            ("ok", json!([])),
            vec!["file /f would no longer be changed"],
        ),
        (
            ("ok", json!([])),
            ("skipped", json!([])),
            vec!["it was planned as nothing to do and is skipped now"],
        ),
        (
            ("ok", json!([])),
            changed(&[&one]),
            vec!["file /f would be changed too"],
        ),
    ];
    for (before, now, expected) in cases {
        assert_eq!(lines(&before, &now), expected);
    }
}

#[test]
fn a_change_that_is_shown_alike_and_made_otherwise_has_moved() {
    let change = json!([text("file /f", Some("1"), Some("2"))]);
    let mut other = task(&[0, 0], "changed", &change);
    other["decided"] = json!([1, 2, 3, 4, 5, 6, 7, 8]);
    let words = moved_between(&[task(&[0, 0], "changed", &change)], &[other]).unwrap();
    assert!(
        words.ends_with("file /f would be changed in another way"),
        "{words}"
    );
}

#[test]
fn of_a_text_only_some_lines_are_told() {
    let numbers = |from: u32| -> String { (from..from + 30).map(|n| format!("{n}\n")).collect() };
    let change = |before: &str| ("changed", json!([text("file /f", Some(before), Some("x"))]));
    let told = lines(&change(&numbers(0)), &change(&numbers(100)));
    assert_eq!(told.len(), 1 + MOST_LINES + 1);
    assert_eq!(told.last().map(String::as_str), Some("  and 52 more lines"));
}

#[test]
fn tasks_that_come_or_go_are_told_with_their_item() {
    let mut item = task(&[0, 0, 1], "ok", &json!([]));
    item["item"] = "two".into();
    let none: [Value; 0] = [];
    let words = moved_between(&[item.clone()], &none).unwrap();
    assert!(
        words.ends_with("\nWrite (two): it is no longer come to"),
        "{words}"
    );
    let words = moved_between(&none, &[item]).unwrap();
    assert!(
        words.ends_with("\nWrite (two): it was not come to"),
        "{words}"
    );
}

#[test]
fn without_a_plan_or_with_a_failure_now_nothing_is_compared() {
    let why = json!({"message": "no route", "help": []});
    let words = moved_between(&[ended("unreachable", &why)], &[]).unwrap();
    assert_eq!(words, "there is no plan for it: no route");
    let words = moved_between(&[ended("failed", &Value::Null)], &[]).unwrap();
    assert_eq!(
        words,
        "there is no plan for it: it failed when the plan was made"
    );
    let words = moved_between(&[], &[ended("failed", &why)]).unwrap();
    assert_eq!(words, "it cannot be compared with the plan: no route");
    let mut failed = task(&[0, 0], "failed", &json!([]));
    failed["failure"] = json!({"message": "no such group", "help": []});
    let words = moved_between(&[task(&[0, 0], "ok", &json!([]))], &[failed]).unwrap();
    assert!(words.ends_with("it fails: no such group"), "{words}");
}
