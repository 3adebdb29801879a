//! A sheet: figures with where they come from.

use indexmap::IndexMap;

use super::measured::{self, Measured};
use super::{machine, servers, sizing};
use crate::model::facts::Facts;
use crate::model::value::{Map, Value};
use crate::view::gather::{Groups, HostSet};
use crate::view::page::{Line, Page, Role, Table};
use crate::view::tell::{Names, count};

/// Different values of one figure that are told where not everything is asked for.
const MOST_VALUES: usize = 8;

/// What must be the same for hosts to share a sheet: what sizing is made from, and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(Vec<String>);

/// One figure of one host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub part: Part,
    pub name: String,
    pub value: String,
    /// The file or program that it comes from.
    pub source: String,
}

/// The parts of a sheet, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Memory,
    Machine,
    Kernel,
    Server,
    Sizing,
    Missing,
}

impl Part {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Memory, "Memory"),
        (Self::Machine, "Machine"),
        (Self::Kernel, "Kernel settings, from /proc/sys"),
        (Self::Server, "Server"),
        (Self::Sizing, "What a server may use, step by step"),
        (Self::Missing, "Could not be had"),
    ];
}

impl Row {
    pub fn new(part: Part, name: &str, value: impl Into<String>, source: &str) -> Self {
        Self {
            part,
            name: name.to_owned(),
            value: value.into(),
            source: source.to_owned(),
        }
    }
}

/// The figures of hosts that are alike.
#[derive(Debug, Default)]
pub struct Sheet {
    pub hosts: HostSet,
    /// Value and source by part and name; values of no weight may differ by host.
    rows: IndexMap<(Part, String), Groups<(String, String)>>,
    pub measured: Vec<Measured>,
}

/// All figures of one host.
pub fn read(facts: &Facts, variables: &Map) -> (Key, Vec<Row>) {
    let redis = variables.get("redis").and_then(Value::as_map);
    let mut rows = machine::rows(facts);
    let empty = Map::new();
    rows.extend(servers::rows(facts, redis.unwrap_or(&empty)));
    rows.extend(sizing::rows(redis.unwrap_or(&empty)));
    for (name, reason) in &facts.missing {
        rows.push(Row::new(Part::Missing, name, reason.clone(), ""));
    }
    let weighs = |row: &&Row| {
        matches!(row.part, Part::Memory | Part::Sizing)
            || matches!(
                row.name.as_str(),
                "distribution" | "defragmentation" | "program"
            )
    };
    let key = rows.iter().filter(weighs);
    let key = key
        .map(|row| format!("{}={}", row.name, row.value))
        .collect();
    (Key(key), rows)
}

impl Sheet {
    pub fn add(&mut self, host: u32, rows: Vec<Row>) {
        self.hosts.insert(host);
        for row in rows {
            self.rows
                .entry((row.part, row.name))
                .or_default()
                .add((row.value, row.source), host);
        }
    }

    pub fn write(&self, page: &mut Page, names: Names<'_>) {
        let mut title = Line::of(Role::Heading, &names.folded(&self.hosts));
        if self.hosts.len() > 1 {
            title.push(
                Role::Faint,
                &format!("  {}", count(self.hosts.len(), "host")),
            );
        }
        page.wrapped(0, 4, &title);
        for (part, name) in Part::ALL {
            let rows: Vec<_> = self
                .rows
                .iter()
                .filter(|((of, _), _)| *of == part)
                .collect();
            if rows.is_empty() {
                continue;
            }
            page.wrapped(2, 2, &Line::of(Role::Heading, name));
            if part == Part::Sizing {
                for ((_, _), values) in rows {
                    steps(page, values);
                }
                continue;
            }
            let mut table = Table::new();
            for ((_, name), values) in &rows {
                self.row(&mut table, name, values, names, true);
            }
            if !table.fits(page, 4) {
                table = Table::new();
                for ((_, name), values) in &rows {
                    self.row(&mut table, name, values, names, false);
                }
            }
            table.write(page, 4);
        }
        measured::write(page, &self.measured, names);
    }

    /// A figure; one that differs has a line for each value, with the hosts. Sources have a column of their own where
    /// there is room.
    fn row(
        &self,
        table: &mut Table,
        name: &str,
        values: &Groups<(String, String)>,
        names: Names<'_>,
        in_columns: bool,
    ) {
        let groups = values.by_size();
        let most = if names.in_full || groups.len() <= MOST_VALUES + 1 {
            groups.len()
        } else {
            MOST_VALUES
        };
        for (number, ((value, source), hosts)) in groups[..most].iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            let mut value = Line::plain(value);
            if **hosts != self.hosts {
                value.push(Role::Plain, &format!(" on {}", names.narrow(hosts)));
            }
            if in_columns || source.is_empty() {
                table.row([Line::plain(name), value, Line::of(Role::Faint, source)]);
            } else {
                value.push(Role::Faint, &format!(" [{source}]"));
                table.row([Line::plain(name), value]);
            }
        }
        if most < groups.len() {
            let text = format!("and {} other values (-v)", groups.len() - most);
            table.row([Line::new(), Line::of(Role::Faint, &text)]);
        }
    }
}

/// A step of a derivation is a sentence.
fn steps(page: &mut Page, values: &Groups<(String, String)>) {
    for (value, source) in values.0.keys() {
        let role = match source.as_str() {
            "refused" => Role::Failure,
            "warning" => Role::Warning,
            "last step" => Role::Heading,
            "assumption" => Role::Faint,
            _ => Role::Plain,
        };
        page.wrapped(4, 2, &Line::of(role, value));
    }
}
