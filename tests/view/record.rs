//! Recorded runs: their list, and how what they did would be undone.

use cachesmith::journal::{Fate, Intention, Recorded, RunLine};
use cachesmith::model::event::Event;
use cachesmith::view::{Terminal, runs_page, undoing_page};

use crate::events::read;
use crate::{WIDTHS, cases, compare, stem};

/// A run of the list from its events.
fn line(events: &[Event]) -> RunLine {
    let mut line = RunLine {
        name: String::new(),
        started: None,
        ended: None,
    };
    for event in events {
        match event {
            Event::RunStarted(started) => {
                line.name.clone_from(&started.run);
                line.started = Some(started.clone());
            }
            Event::RunEnded(ended) => line.ended = Some(ended.clone()),
            _ => {}
        }
    }
    line
}

#[test]
fn runs_are_listed() {
    let mut failures = Vec::new();
    let mut runs: Vec<RunLine> = cases("events", "jsonl")
        .iter()
        .filter(|path| stem(path).starts_with("apply"))
        .map(|path| line(&read(path)))
        .collect();
    runs[0].ended = None;
    runs.push(RunLine {
        name: "20260302T091405-00ff00".to_owned(),
        started: None,
        ended: None,
    });
    for width in WIDTHS {
        let text = runs_page(&runs, width).render(false);
        compare(&format!("runs@{width}"), &text, &mut failures);
    }
    let text = runs_page(&[], 80).render(false);
    assert_eq!(text, "No run is recorded on this machine.\n");
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

#[test]
fn a_record_that_was_cut_off_tells_what_it_has() {
    let mut failures = Vec::new();
    let path = cases("events", "jsonl")
        .into_iter()
        .find(|path| stem(path) == "failures")
        .unwrap();
    let mut events = read(&path);
    events.truncate(events.len() - 3);
    let mut terminal = Terminal::of_record(80, 0);
    let mut text: String = events
        .iter()
        .map(|event| terminal.event(event).render(false))
        .collect();
    text.push_str(&terminal.cut_off().render(false));
    compare("record-cut-off@80", &text, &mut failures);
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

#[test]
fn ways_back_are_shown_as_stored() {
    let mut failures = Vec::new();
    for path in cases("undoing", "jsonl") {
        let text = std::fs::read_to_string(&path).unwrap();
        let recorded: Vec<Recorded> = text
            .lines()
            .map(|line| serde_json::from_str::<Intention>(line).unwrap())
            .enumerate()
            .map(|(number, intention)| Recorded {
                run: "r".to_owned(),
                number,
                fates: vec![Fate::Done; intention.changes.len()],
                intention,
            })
            .collect();
        for width in WIDTHS {
            let text = undoing_page(&recorded, width, 0).render(false);
            compare(
                &format!("undoing-{}@{width}", stem(&path)),
                &text,
                &mut failures,
            );
        }
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}
