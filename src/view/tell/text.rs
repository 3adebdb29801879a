//! Unified diffs.

use super::names::Names;
use super::words::count;
use crate::view::gather::{ChangeGroup, Sign, TextDifference};
use crate::view::page::{Line, Page, Role};

/// Lines of one diff, and different diffs of one file, that are told where not everything is asked for.
const MOST_LINES: usize = 60;
const MOST_DIFFERENCES: usize = 5;

/// A longer line is no text for people; its end is left out.
const LONGEST_LINE: usize = 1000;

/// `  +3 -1 lines`, where all hosts have the same diff.
pub fn summary(change: &ChangeGroup) -> Line {
    match change.text_groups().as_slice() {
        [(difference, _)] => {
            let mut line = Line::plain("  ");
            line.extend(counts(difference));
            line
        }
        _ => Line::new(),
    }
}

/// Tells each different diff of a file once, with its hosts where there are several.
pub fn text_groups(page: &mut Page, change: &ChangeGroup, names: Names<'_>, indent: usize) {
    let groups = change.text_groups();
    let most = if names.in_full || groups.len() <= MOST_DIFFERENCES + 1 {
        groups.len()
    } else {
        MOST_DIFFERENCES
    };
    for (difference, hosts) in &groups[..most] {
        if groups.len() > 1 {
            let mut line = Line::of(Role::Faint, &format!("on {}: ", names.folded(hosts)));
            line.extend(counts(difference));
            page.wrapped(indent, 2, &line);
        }
        difference_lines(page, difference, names.in_full, indent);
    }
    if most < groups.len() {
        let rest = groups[most..]
            .iter()
            .flat_map(|(_, hosts)| hosts.iter().copied());
        let text = format!(
            "and {} on {} (-v shows them)",
            count(groups.len() - most, "other difference"),
            names.folded(&rest.collect())
        );
        page.wrapped(indent, 2, &Line::of(Role::Faint, &text));
    }
}

/// `+3 -1 lines`
fn counts(difference: &TextDifference) -> Line {
    let (added, removed) = difference.counts();
    let mut line = Line::new();
    if added > 0 {
        line.push(Role::Added, &format!("+{added} "));
    }
    if removed > 0 {
        line.push(Role::Removed, &format!("-{removed} "));
    }
    match added + removed {
        0 => Line::of(Role::Faint, "an empty file"),
        1 => line.and(Role::Faint, "line"),
        _ => line.and(Role::Faint, "lines"),
    }
}

fn difference_lines(page: &mut Page, difference: &TextDifference, in_full: bool, indent: usize) {
    let lines = &difference.lines;
    let most = if in_full || lines.len() <= MOST_LINES + 1 {
        lines.len()
    } else {
        MOST_LINES
    };
    for (sign, text) in &lines[..most] {
        let (prefix, role) = match sign {
            Sign::Same => (" ", Role::Faint),
            Sign::Added => ("+", Role::Added),
            Sign::Removed => ("-", Role::Removed),
            Sign::Place => ("", Role::Unknown),
            Sign::NoNewline => ("\\ no newline at the end", Role::Faint),
        };
        let mut line = Line::plain(&" ".repeat(indent)).and(role, prefix);
        match text.char_indices().nth(LONGEST_LINE) {
            None => line.push(role, text),
            Some((end, _)) => {
                line.push(role, &text[..end]);
                let rest = text[end..].chars().count();
                line.push(
                    Role::Faint,
                    &format!(" and {}", count(rest, "more character")),
                );
            }
        }
        page.push(line);
    }
    if most < lines.len() {
        let text = format!(
            "and {} (-v shows them)",
            count(lines.len() - most, "more line")
        );
        page.wrapped(indent, 2, &Line::of(Role::Faint, &text));
    }
}
