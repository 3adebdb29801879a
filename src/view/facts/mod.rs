//! What hosts are: hosts with the same figures share a sheet, and what is measured is a table.

mod machine;
mod measured;
mod replication;
mod servers;
mod sheet;
mod sizing;

use indexmap::IndexMap;

use super::gather::{Causes, HostSet, Hosts, Place, size};
use super::page::{Line, Page, Role};
use super::tell::{Names, causes, count};
use crate::model::event::ShownFailure;
use crate::model::facts::Facts;
use crate::model::value::Map;
use measured::Measured;
use sheet::{Key, Sheet};

/// What came of asking a host.
pub enum Answer<'a> {
    /// Its facts, and what playbooks see of them.
    Known(&'a Facts, &'a Map),
    Unreachable(ShownFailure),
    Failed(ShownFailure),
    Interrupted,
}

impl Answer<'_> {
    /// One line of JSON; `docs/events.md` describes it.
    pub fn to_json(&self, host: &str) -> String {
        let version = crate::model::event::VERSION;
        let value = match self {
            Self::Known(facts, variables) => serde_json::json!({
                "version": version, "host": host, "status": "known", "facts": facts, "variables": variables,
            }),
            Self::Unreachable(failure) => serde_json::json!({
                "version": version, "host": host, "status": "unreachable", "failure": failure,
            }),
            Self::Failed(failure) => serde_json::json!({
                "version": version, "host": host, "status": "failed", "failure": failure,
            }),
            Self::Interrupted => serde_json::json!({
                "version": version, "host": host, "status": "interrupted",
            }),
        };
        value.to_string()
    }
}

/// All answers, gathered as they come in.
#[derive(Debug, Default)]
pub struct Survey {
    hosts: Hosts,
    all: HostSet,
    sheets: IndexMap<Key, Sheet>,
    unreachable: Causes,
    failed: Causes,
    interrupted: HostSet,
}

impl Survey {
    /// For these hosts, in this order.
    pub fn of(names: &[String]) -> Self {
        let mut hosts = Hosts::default();
        let all = hosts.numbers(names);
        Self {
            hosts,
            all,
            ..Self::default()
        }
    }

    pub fn add(&mut self, name: &str, answer: &Answer<'_>) {
        let host = self.hosts.number(name);
        self.all.insert(host);
        match answer {
            Answer::Known(facts, variables) => {
                let (key, rows) = sheet::read(facts, variables);
                let sheet = self.sheets.entry(key).or_default();
                sheet.add(host, rows);
                sheet.measured.extend(Measured::of(host, facts));
            }
            Answer::Unreachable(failure) => {
                self.unreachable.add(failure, Place::default(), host, name);
            }
            Answer::Failed(failure) => self.failed.add(failure, Place::default(), host, name),
            Answer::Interrupted => {
                self.interrupted.insert(host);
            }
        }
    }

    /// Everything that was answered, the largest group of hosts first.
    pub fn page(&self, width: usize, detail: u8) -> Page {
        let mut page = Page::new(width);
        let names = Names {
            hosts: &self.hosts,
            all: &self.all,
            in_full: detail > 0,
            width: page.width(),
        };
        let mut sheets: Vec<&Sheet> = self.sheets.values().collect();
        sheets.sort_by_key(|sheet| size(&sheet.hosts));
        for sheet in sheets {
            sheet.write(&mut page, names);
            page.blank();
        }
        causes(&mut page, "Failed", Role::Failure, &self.failed, names);
        causes(
            &mut page,
            "Unreachable",
            Role::Failure,
            &self.unreachable,
            names,
        );
        self.sum(&mut page);
        page
    }

    /// `38 of 40 hosts answered, 2 unreachable.`
    fn sum(&self, page: &mut Page) {
        let answered: usize = self.sheets.values().map(|sheet| sheet.hosts.len()).sum();
        if answered == self.all.len() {
            return;
        }
        let mut text = format!("{answered} of {} answered", count(self.all.len(), "host"));
        for (number, word) in [
            (self.failed.hosts().len(), "failed"),
            (self.unreachable.hosts().len(), "unreachable"),
            (self.interrupted.len(), "not asked to the end"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {number} {word}"));
            }
        }
        page.blank();
        page.wrapped(0, 2, &Line::of(Role::Warning, &format!("{text}.")));
    }
}
