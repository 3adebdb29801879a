//! Where the hosts of a recorded run stand, and what can be done about it.

use crate::journal::{Fate, RunDetail, Standing};
use crate::model::change::{ChangeKind, Undo};
use crate::view::gather::{HostSet, Hosts};
use crate::view::page::{Line, Page, Role};
use crate::view::tell::Names;

/// How each standing is told, in the order in which they are.
const WORDS: &[(Standing, Role, &str)] = &[
    (Standing::Done, Role::Good, "done"),
    (Standing::Failed, Role::Failure, "failed"),
    (Standing::Unreachable, Role::Failure, "not reachable"),
    (Standing::Interrupted, Role::Warning, "interrupted"),
    (Standing::CutOff, Role::Warning, "cut off"),
    (Standing::NotReached, Role::Warning, "never reached"),
    (Standing::RolledBack, Role::Warning, "rolled back"),
];

/// Tells which hosts are done and which are not, and the commands that go on or back.
pub fn standing(run: &RunDetail, width: usize, detail: u8) -> Page {
    let mut page = Page::new(width);
    let progress = run.progress();
    if progress.hosts.is_empty() {
        return page;
    }
    let mut hosts = Hosts::default();
    let all: HostSet = progress
        .hosts
        .iter()
        .map(|(host, _)| hosts.number(host))
        .collect();
    page.push(Line::new());
    page.push(Line::of(Role::Heading, "Where the hosts stand"));
    for (standing, role, word) in WORDS {
        let those: HostSet = progress
            .hosts
            .iter()
            .filter(|(_, other)| other == standing)
            .map(|(host, _)| hosts.number(host))
            .collect();
        if those.is_empty() {
            continue;
        }
        let names = Names {
            hosts: &hosts,
            all: &all,
            in_full: detail > 0,
            width: page.width(),
        };
        let line = Line::of(*role, word).and(Role::Plain, &format!("  {}", names.folded(&those)));
        page.wrapped(2, 4, &line);
    }
    let is_rollback = run
        .arguments
        .as_ref()
        .is_some_and(|arguments| arguments.undoes.is_some());
    if !is_rollback && !progress.left().is_empty() {
        command(
            &mut page,
            "To go on with it: ",
            &format!("cachesmith resume {}", run.name),
        );
    }
    if can_go_back(run) {
        command(
            &mut page,
            "What would be taken back: ",
            &format!("cachesmith rollback {} --plan", run.name),
        );
    }
    page
}

/// Whether anything is left that a rollback could take back.
fn can_go_back(run: &RunDetail) -> bool {
    run.recorded.iter().any(|recorded| {
        let changes = recorded.intention.changes.iter().zip(&recorded.fates);
        changes.into_iter().any(|(change, fate)| {
            matches!(fate, Fate::Done | Fate::Unknown)
                && change.kind != ChangeKind::Wait
                && matches!(&change.undo, Undo::Steps(steps) if !steps.is_empty())
        })
    })
}

fn command(page: &mut Page, words: &str, command: &str) {
    page.wrapped(2, 4, &Line::plain(words).and(Role::Hint, command));
}
