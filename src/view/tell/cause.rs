//! Failures: each cause once, with its hosts and the ways out.

use super::names::Names;
use super::words::count;
use crate::view::gather::{Cause, Causes};
use crate::view::page::{Line, Page, Role};

/// Lines of one message that are told where not everything is asked for.
const MOST_LINES: usize = 12;

/// Tells all causes below a title: `Failed: 3 hosts`.
pub fn causes(page: &mut Page, title: &str, role: Role, causes: &Causes, names: Names<'_>) {
    if causes.is_empty() {
        return;
    }
    page.blank();
    let hosts = causes.hosts();
    let mut line = Line::of(role, title);
    if names.all.len() > 1 {
        line.push(Role::Plain, &format!(": {}", count(hosts.len(), "host")));
    }
    page.push(line);
    for cause in causes.by_size() {
        one(page, cause, names);
    }
}

fn one(page: &mut Page, cause: &Cause, names: Names<'_>) {
    let failure = cause.failure();
    let lines: Vec<&str> = failure.message.trim_end().lines().collect();
    let most = if names.in_full || lines.len() <= MOST_LINES + 1 {
        lines.len()
    } else {
        MOST_LINES
    };
    for (number, text) in lines[..most].iter().enumerate() {
        let indent = if number == 0 { 2 } else { 4 };
        page.wrapped(indent, 4, &Line::plain(text));
    }
    if most < lines.len() {
        let text = format!(
            "and {} (-v shows them)",
            count(lines.len() - most, "more line")
        );
        page.wrapped(4, 2, &Line::of(Role::Faint, &text));
    }
    for (place, hosts) in cause.places.by_size() {
        let mut line = Line::new();
        if !place.task.is_empty() {
            line.push(Role::Faint, "in ");
            line.push(Role::Heading, &place.task);
            line.push(Role::Faint, &format!(", {}", place.at));
        }
        let hosts = names.some(hosts);
        if !hosts.is_empty() {
            line.push(Role::Faint, if line.is_empty() { "on " } else { ", on " });
            line.push(Role::Plain, &hosts);
        }
        if !line.is_empty() {
            page.wrapped(6, 2, &line);
        }
    }
    for help in &failure.help {
        for (number, text) in help.trim_end().lines().enumerate() {
            let word = if number == 0 { "help: " } else { "      " };
            page.wrapped(6, 6, &Line::of(Role::Hint, word).and(Role::Plain, text));
        }
    }
}
