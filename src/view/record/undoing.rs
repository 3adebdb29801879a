//! How each change of a run would be taken back.

use indexmap::IndexMap;

use super::steps::describe;
use crate::journal::{Fate, Recorded};
use crate::model::change::{Change, ChangeKind, Undo};
use crate::view::gather::{Groups, HostSet, Hosts};
use crate::view::page::{Line, Page, Role};
use crate::view::tell::{Names, sign};

/// A change's way back, in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Way {
    /// What would be done, in order.
    Steps(Vec<String>),
    /// What would be done once more, when everything else has been undone.
    Again(Vec<String>),
    /// Why there is none.
    None(String),
}

/// All ways back, by task and resource; a task that was tried again is told once.
type Ways = IndexMap<String, IndexMap<(ChangeKind, String), Groups<Way>>>;

/// Tells how all that was recorded would be undone, the last first.
pub fn undoing(recorded: &[Recorded], width: usize, detail: u8) -> Page {
    let mut page = Page::new(width);
    let mut hosts = Hosts::default();
    let mut all = HostSet::new();
    let mut ways = Ways::new();
    for Recorded {
        intention, fates, ..
    } in recorded
    {
        let host = hosts.number(&intention.host);
        all.insert(host);
        let task = ways.entry(intention.task.clone()).or_default();
        let changes = intention.shown();
        for (change, fate) in changes.iter().zip(fates) {
            if !is_told(change) || *fate == Fate::NotRun {
                continue;
            }
            task.entry((change.kind, change.resource.clone()))
                .or_default()
                .add(
                    if intention.hidden {
                        Way::Steps(vec!["how is hidden by `no_log`".to_owned()])
                    } else {
                        way(change)
                    },
                    host,
                );
        }
    }
    ways.retain(|_, changes| !changes.is_empty());
    if ways.is_empty() {
        return page;
    }
    let names = Names {
        hosts: &hosts,
        all: &all,
        in_full: detail > 0,
        width: page.width(),
    };
    page.push(Line::new());
    page.push(Line::of(
        Role::Heading,
        "How each change would be undone, the last first",
    ));
    for (task, changes) in ways.iter().rev() {
        page.wrapped(2, 4, &Line::of(Role::Heading, task));
        for ((kind, resource), ways) in changes.iter().rev() {
            let (sign, role) = sign(*kind);
            let line = Line::of(role, sign).and(Role::Plain, &format!(" {resource}"));
            page.wrapped(6, 4, &line);
            for (way, hosts) in ways.by_size() {
                tell(&mut page, way, &names.some(hosts));
            }
        }
    }
    page
}

fn is_told(change: &Change) -> bool {
    change.kind != ChangeKind::Wait
}

fn way(change: &Change) -> Way {
    match &change.undo {
        Undo::Steps(steps) => Way::Steps(steps.iter().map(describe).collect()),
        Undo::Again { steps, .. } => Way::Again(steps.iter().map(describe).collect()),
        Undo::Impossible(reason) => Way::None(reason.clone()),
    }
}

fn tell(page: &mut Page, way: &Way, hosts: &str) {
    let on = match hosts {
        "" => String::new(),
        hosts => format!(" ({hosts})"),
    };
    let lines = match way {
        Way::Steps(steps) if steps.is_empty() => vec![(Role::Plain, "nothing has to be done")],
        Way::Steps(steps) => steps
            .iter()
            .map(|step| (Role::Plain, step.as_str()))
            .collect(),
        Way::Again(steps) => {
            let line = Line::plain("once all else is as it was, where that needs it: ")
                .and(Role::Plain, &steps.join(", then "))
                .and(Role::Faint, &on);
            page.wrapped(10, 2, &line);
            return;
        }
        Way::None(reason) => {
            let line = Line::of(Role::Warning, "it cannot be undone: ")
                .and(Role::Plain, reason)
                .and(Role::Faint, &on);
            page.wrapped(10, 2, &line);
            return;
        }
    };
    let last = lines.len() - 1;
    for (number, (role, text)) in lines.into_iter().enumerate() {
        let end = if number == last { on.as_str() } else { "" };
        page.wrapped(10, 2, &Line::of(role, text).and(Role::Faint, end));
    }
}
