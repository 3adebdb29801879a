//! What changes, below a task's name.

use super::names::Names;
use super::text::{summary, text_groups};
use crate::model::change::{ChangeKind, Field};
use crate::view::gather::{ChangeGroup, Changes, Groups, HostSet};
use crate::view::page::{Line, Page, Role, Table};

/// Values of one field that are told where not everything is asked for.
const MOST_VALUES: usize = 10;

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
    for change in changes.iter() {
        if change.texts.is_empty() && change.fields.len() <= 1 {
            short(&mut table, change, names, told);
            if !change.notes.is_empty() {
                flush(&mut table, page, indent);
                notes(page, change, names, indent);
            }
        } else {
            flush(&mut table, page, indent);
            long(page, change, names, told, indent);
        }
    }
    flush(&mut table, page, indent);
}

fn flush(table: &mut Table, page: &mut Page, indent: usize) {
    std::mem::take(table).write(page, indent);
}

fn resource(change: &ChangeGroup) -> Line {
    let (sign, role) = sign(change.kind);
    Line::of(role, sign)
        .and(Role::Plain, " ")
        .and(Role::Plain, &change.resource)
}

/// One line: the resource, and its only value where it has one.
fn short(table: &mut Table, change: &ChangeGroup, names: Names<'_>, told: &HostSet) {
    let Some((name, values)) = change.fields.first() else {
        let hosts = names.beside(&change.hosts, told);
        table.row([resource(change), Line::new(), Line::new(), faint(&hosts)]);
        return;
    };
    let label = if change.resource.ends_with(name.as_str()) {
        String::new()
    } else {
        format!("{name} ")
    };
    for (number, row) in rows(change.kind, values, names, told)
        .into_iter()
        .enumerate()
    {
        let [value, note, hosts] = row;
        let first = if number == 0 {
            resource(change)
        } else {
            Line::new()
        };
        let mut cell = Line::of(Role::Faint, &label);
        cell.extend(value);
        table.row([first, cell, note, hosts]);
    }
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
    text_groups(page, change, names, indent + 4);
    let mut table = Table::new();
    for (name, values) in &change.fields {
        let rows = rows(change.kind, values, names, &change.hosts);
        for (number, [value, note, hosts]) in rows.into_iter().enumerate() {
            let name = if number == 0 { name.as_str() } else { "" };
            table.row([Line::plain(name), value, note, hosts]);
        }
    }
    table.write(page, indent + 4);
    notes(page, change, names, indent);
}

fn notes(page: &mut Page, change: &ChangeGroup, names: Names<'_>, indent: usize) {
    for (note, hosts) in &change.notes.0 {
        let mut line = Line::of(Role::Faint, "note: ").and(Role::Plain, note);
        let hosts = names.beside(hosts, &change.hosts);
        if !hosts.is_empty() {
            line.push(Role::Faint, &format!("  {hosts}"));
        }
        page.wrapped(indent + 4, 6, &line);
    }
}

/// A row for each value that the field has on different hosts: value, note, hosts.
fn rows(
    kind: ChangeKind,
    values: &Groups<Field>,
    names: Names<'_>,
    told: &HostSet,
) -> Vec<[Line; 3]> {
    let groups = values.by_size();
    // One more than can be told would take as much room as saying so.
    let most = if names.in_full || groups.len() <= MOST_VALUES + 1 {
        groups.len()
    } else {
        MOST_VALUES
    };
    let mut rows: Vec<[Line; 3]> = groups[..most]
        .iter()
        .map(|(field, hosts)| {
            let note = field.note.as_deref().unwrap_or_default();
            [
                value(kind, field),
                faint(note),
                faint(&names.beside(hosts, told)),
            ]
        })
        .collect();
    if most < groups.len() {
        let rest: HostSet = groups[most..]
            .iter()
            .flat_map(|(_, hosts)| hosts.iter().copied())
            .collect();
        rows.push([
            faint(&format!("and {} other values (-v)", groups.len() - most)),
            Line::new(),
            faint(&names.folded(&rest)),
        ]);
    }
    rows
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

fn faint(text: &str) -> Line {
    Line::of(Role::Faint, text)
}
