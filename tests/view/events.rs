//! Events as text.

use std::path::Path;

use cachesmith::model::event::Event;
use cachesmith::view::Terminal;

use crate::{WIDTHS, cases, compare, stem};

/// All events of a file.
pub(crate) fn read(path: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate();
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}:{}: {error}", path.display(), number + 1))
        })
        .collect()
}

/// What a person sees of events.
pub(crate) fn shown(events: &[Event], width: usize, detail: u8, colours: bool) -> String {
    let mut terminal = Terminal::new(width, detail);
    events
        .iter()
        .map(|event| terminal.event(event).render(colours))
        .collect()
}

fn detail(name: &str) -> u8 {
    match name.rsplit_once('.') {
        Some((_, "v")) => 1,
        Some((_, "vv")) => 2,
        _ => 0,
    }
}

#[test]
fn runs_are_shown_as_stored() {
    let mut failures = Vec::new();
    for path in cases("events", "jsonl") {
        let name = stem(&path);
        let events = read(&path);
        for width in WIDTHS {
            let text = shown(&events, width, detail(&name), false);
            compare(&format!("{name}@{width}"), &text, &mut failures);
        }
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

#[test]
fn colours_add_nothing_but_colours() {
    for path in cases("events", "jsonl") {
        let events = read(&path);
        let coloured = shown(&events, 80, 0, true);
        let plain: Vec<String> = console::strip_ansi_codes(&coloured)
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        let expected = shown(&events, 80, 0, false);
        assert_eq!(plain, expected.lines().collect::<Vec<_>>());
        assert_ne!(coloured, expected, "{}", path.display());
    }
}

#[test]
fn a_terminal_is_never_made_to_do_anything() {
    for path in cases("events", "jsonl") {
        let text = shown(&read(&path), 80, 2, false);
        let bad = text
            .chars()
            .find(|letter| letter.is_control() && *letter != '\n');
        assert_eq!(bad, None, "{}", path.display());
    }
}

/// Only lines of diffs, which stay as they are, and words that cannot be broken may be wider than the page.
#[test]
fn lines_fit_the_page() {
    for path in cases("events", "jsonl") {
        for line in shown(&read(&path), 80, 0, false).lines() {
            let is_diff =
                line.trim_start().starts_with(['+', '-', ' ']) || line.starts_with("          ");
            assert!(
                is_diff || console::measure_text_width(line) <= 80,
                "{}: {line}",
                path.display()
            );
        }
    }
}
