//! With `-v` and `-vv`: what tasks came to beside their changes.

use super::task::{Telling, item_of, union};
use super::words::{duration, list};
use crate::view::gather::{Groups, TaskGroup, natural};
use crate::view::page::{Line, Page, Role, Table};

impl Telling<'_> {
    /// With more detail: where nothing was to be done, whom it told, and each host.
    pub(super) fn rest(
        &self,
        page: &mut Page,
        task: &TaskGroup,
        items: &[&TaskGroup],
        is_told: bool,
    ) {
        if !is_told {
            page.wrapped(2, 4, &self.headline("=", Role::Faint, task));
        }
        for (word, hosts) in [
            ("ok", union(items, |task| task.ok.iter())),
            ("skipped", union(items, |task| task.skipped.iter())),
            ("failed", union(items, |task| task.failed.iter())),
            ("failed, ignored", union(items, |task| task.ignored.iter())),
        ] {
            // With all detail each host has a row of its own.
            if hosts.is_empty() || self.detail > 1 {
                continue;
            }
            let mut line = Line::of(Role::Faint, word);
            let names = self.names.counted(&hosts);
            if !names.is_empty() {
                line.push(Role::Faint, &format!(" on {names}"));
            }
            page.wrapped(6, 4, &line);
        }
        let group = |groups: &Groups<String>| groups.0.keys().cloned().collect::<Vec<_>>();
        for (words, groups) in [("notifies", &task.notified), ("runs on", &task.delegated)] {
            if !groups.is_empty() {
                let text = format!("{words} {}", list(&group(groups)));
                page.wrapped(6, 4, &Line::of(Role::Faint, &text));
            }
        }
        if self.detail > 1 {
            self.each(page, items);
        }
    }

    /// A row for each host.
    fn each(&self, page: &mut Page, items: &[&TaskGroup]) {
        let mut table = Table::new();
        for task in items {
            let mut each: Vec<_> = task.each.iter().collect();
            each.sort_by(|left, right| {
                natural(
                    self.names.hosts.name(left.0),
                    self.names.hosts.name(right.0),
                )
            });
            for (host, word, milliseconds) in each {
                let time = match milliseconds {
                    0 => String::new(),
                    time => duration(std::time::Duration::from_millis(*time)),
                };
                table.row([
                    Line::of(Role::Faint, self.names.hosts.name(*host)),
                    Line::of(Role::Faint, word),
                    Line::of(Role::Faint, &time),
                    Line::of(Role::Faint, item_of(task, items).trim_start()),
                ]);
            }
        }
        table.write(page, 6);
    }
}
