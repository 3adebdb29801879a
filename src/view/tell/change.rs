//! What changes, below a task's name.

use super::names::Names;
use super::text::{summary, text_groups};
use crate::model::change::{ChangeKind, Field};
use crate::view::gather::{ChangeGroup, Changes, Groups, HostSet};
use crate::view::page::{Line, Page, Role, Table};

/// Values of one field that are told where not everything is asked for.
const MOST_VALUES: usize = 10;

/// Changes of one task that are told where not everything is asked for.
const MOST_CHANGES: usize = 40;

/// The sign of a kind of change, and what it means.
pub fn sign(kind: ChangeKind) -> (&'static str, Role) {
    match kind {
        ChangeKind::Create => ("+", Role::Added),
        ChangeKind::Update => ("~", Role::Changed),
        ChangeKind::Remove => ("-", Role::Removed),
        ChangeKind::Run => ("!", Role::Ran),
        ChangeKind::Wait => (".", Role::Faint),
    }
}

/// Tells all changes of a task. `told`: the hosts that its name was told with.
pub fn changes(
    page: &mut Page,
    changes: &Changes,
    names: Names<'_>,
    told: &HostSet,
    indent: usize,
) {
    let mut table = Table::new();
    let changes = changes.in_order();
    let all = changes.len();
    let most = if names.in_full || all <= MOST_CHANGES + 1 {
        all
    } else {
        MOST_CHANGES
    };
    for change in &changes[..most] {
        if let Some(row) = short(change, names, told) {
            table.row(row);
            if !change.notes.is_empty() {
                std::mem::take(&mut table).write(page, indent);
                notes(page, change, names, indent);
            }
        } else {
            std::mem::take(&mut table).write(page, indent);
            long(page, change, names, told, indent);
        }
    }
    table.write(page, indent);
    if most < all {
        let text = format!("and {} other changes (-v)", all - most);
        page.wrapped(indent, 2, &faint(&text));
    }
}

fn resource(change: &ChangeGroup) -> Line {
    let (sign, role) = sign(change.kind);
    Line::of(role, sign)
        .and(Role::Plain, " ")
        .and(Role::Plain, change.resource())
}

/// One line where that is enough: the resource and its only value.
fn short(change: &ChangeGroup, names: Names<'_>, told: &HostSet) -> Option<[Line; 4]> {
    if !change.texts.is_empty() || change.fields.len() > 1 {
        return None;
    }
    let hosts = faint(&names.beside(&change.hosts, told));
    let Some((name, values)) = change.fields.first() else {
        return Some([resource(change), Line::new(), Line::new(), hosts]);
    };
    let (field, of) = values.0.first()?;
    if values.0.len() > 1 || *of != change.hosts {
        return None;
    }
    let mut line = Line::new();
    if !change.resource().ends_with(name.as_str()) {
        line.push(Role::Faint, &format!("{name} "));
    }
    line.extend(value(change.kind, field));
    Some([resource(change), line, note(field), hosts])
}

/// Several lines: the resource, its texts, its values.
fn long(page: &mut Page, change: &ChangeGroup, names: Names<'_>, told: &HostSet, indent: usize) {
    let mut line = resource(change);
    line.extend(summary(change));
    let hosts = names.beside(&change.hosts, told);
    if !hosts.is_empty() {
        line.push(Role::Faint, &format!("  {hosts}"));
    }
    page.wrapped(indent, 4, &line);
    let indent = indent + 4;
    text_groups(page, change, names, indent);
    // First what is the same on all hosts, then what differs.
    let mut table = Table::new();
    let mut differing = Vec::new();
    for (name, values) in &change.fields {
        match values.0.first() {
            Some((field, hosts)) if values.0.len() == 1 && *hosts == change.hosts => {
                table.row([Line::plain(name), value(change.kind, field), note(field)]);
            }
            _ => differing.push((name, values)),
        }
    }
    table.write(page, indent);
    for (name, values) in differing {
        // A resource with one value of its own name says it all.
        let is_itself = change.fields.len() == 1 && change.resource().ends_with(name.as_str());
        if !is_itself {
            page.wrapped(indent, 2, &Line::plain(name));
        }
        let further = if is_itself { 0 } else { 4 };
        values_by_host(page, change.kind, values, names, indent + further);
    }
    notes(page, change, names, indent - 4);
}

fn notes(page: &mut Page, change: &ChangeGroup, names: Names<'_>, indent: usize) {
    for (note, hosts) in &change.notes.0 {
        let mut line = Line::of(Role::Faint, "note: ").and(Role::Plain, note);
        let hosts = names.beside(hosts, &change.hosts);
        if !hosts.is_empty() {
            line.push(Role::Faint, &format!(" ({hosts})"));
        }
        page.wrapped(indent + 4, 6, &line);
    }
}

/// A row for each value that a field has on different hosts.
fn values_by_host(
    page: &mut Page,
    kind: ChangeKind,
    values: &Groups<Field>,
    names: Names<'_>,
    indent: usize,
) {
    let groups = values.by_size();
    // One more than can be told would take as much room as saying so.
    let most = if names.in_full || groups.len() <= MOST_VALUES + 1 {
        groups.len()
    } else {
        MOST_VALUES
    };
    let mut table = Table::new();
    for (field, hosts) in &groups[..most] {
        table.row([value(kind, field), note(field), faint(&names.narrow(hosts))]);
    }
    if most < groups.len() {
        let rest = groups[most..]
            .iter()
            .flat_map(|(_, hosts)| hosts.iter().copied());
        table.row([
            faint(&format!("and {} other values (-v)", groups.len() - most)),
            Line::new(),
            faint(&names.narrow(&rest.collect())),
        ]);
    }
    table.write(page, indent);
}

/// `0 -> 1`; only what comes of what is new, only what goes of what is removed.
fn value(kind: ChangeKind, field: &Field) -> Line {
    let shown = |value: &Option<String>| match value.as_deref() {
        None => "(none)".to_owned(),
        Some("") => "\"\"".to_owned(),
        Some(value) => value.to_owned(),
    };
    let line = match (kind, &field.before, &field.after) {
        (ChangeKind::Create, None, after) => Line::of(Role::Added, &shown(after)),
        // What is only there before is why it runs.
        (ChangeKind::Run, Some(why), None) => Line::plain(why),
        (ChangeKind::Remove, before, None) => Line::of(Role::Removed, &shown(before)),
        (_, before, after) => Line::of(Role::Removed, &shown(before))
            .and(Role::Faint, " -> ")
            .and(Role::Added, &shown(after)),
    };
    if field.secret {
        line.and(Role::Faint, " (secret)")
    } else {
        line
    }
}

fn note(field: &Field) -> Line {
    faint(field.note.as_deref().unwrap_or_default())
}

fn faint(text: &str) -> Line {
    Line::of(Role::Faint, text)
}
