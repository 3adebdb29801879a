//! All recorded runs as a table.

use crate::journal::RunLine;
use crate::model::event::{Mode, RunEnded, RunStarted, VERSION};
use crate::view::page::{Line, Page, Role, Table};
use crate::view::tell::count;

/// Tells all runs: name, time, what, where, result.
pub fn list(runs: &[RunLine], width: usize) -> Page {
    let mut page = Page::new(width);
    if runs.is_empty() {
        page.push(Line::plain("No run is recorded on this machine."));
        return page;
    }
    let mut table = Table::new();
    let titles = ["run", "time (UTC)", "what", "hosts", "result"];
    table.row(titles.iter().map(|title| Line::of(Role::Faint, title)));
    for run in runs {
        let name = Line::of(Role::Heading, &run.name);
        let (role, result) = result(run);
        let result = Line::of(role, &result);
        table.row(match &run.started {
            None => [name, Line::new(), Line::new(), Line::new(), result],
            Some(started) => {
                let mode = match started.mode {
                    Mode::Plan => "plan",
                    Mode::Apply => "apply",
                    Mode::Verify => "verify",
                };
                [
                    name,
                    Line::plain(&minute(&started.time)),
                    Line::plain(&what(started, mode)),
                    Line::plain(&started.hosts.to_string()),
                    result,
                ]
            }
        });
    }
    table.write(&mut page, 0);
    page
}

/// `apply site.yml`, `rollback of RUN`, `resume of RUN`
fn what(started: &RunStarted, mode: &str) -> String {
    match (&started.undoes, &started.resumes) {
        (Some(run), _) => format!("rollback of {run}"),
        (None, Some(run)) => format!("resume of {run}"),
        (None, None) => format!("{mode} {}", started.playbook),
    }
}

/// `2026-03-02 09:14`
fn minute(time: &str) -> String {
    time.chars().take(16).collect::<String>().replace('T', " ")
}

fn result(run: &RunLine) -> (Role, String) {
    let Some(ended) = &run.ended else {
        return (Role::Warning, "not ended".to_owned());
    };
    let troubles = troubles(ended);
    let changed = match ended.changed.len() {
        0 => "nothing changed".to_owned(),
        number => format!("{} changed", count(number, "host")),
    };
    if troubles.is_empty() {
        (Role::Good, changed)
    } else {
        (Role::Failure, format!("{changed}, {}", troubles.join(", ")))
    }
}

fn troubles(ended: &RunEnded) -> Vec<String> {
    let lists = [
        (&ended.failed, "failed"),
        (&ended.unreachable, "unreachable"),
        (&ended.interrupted, "interrupted"),
        (&ended.refused, "refused"),
        (&ended.not_reached, "not reached"),
        (&ended.rolled_back, "taken back"),
    ];
    let told = lists.iter().filter(|(hosts, _)| !hosts.is_empty());
    told.map(|(hosts, word)| format!("{} {word}", hosts.len()))
        .collect()
}

/// One run as a line of JSON; `docs/events.md` describes it.
pub fn to_json(run: &RunLine) -> String {
    let value = serde_json::json!({
        "version": VERSION,
        "run": run.name,
        "started": run.started,
        "ended": run.ended,
    });
    value.to_string()
}
