//! INI inventories: `[group]`, `[group:vars]`, `[group:children]`, hosts with `name=value` words.

use std::sync::Arc;

use indexmap::IndexMap;

use super::hosts;
use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::group::{GroupId, UNGROUPED};
use crate::model::inventory::literal;
use crate::model::inventory::variables::Variable;
use crate::model::inventory::words::{self, Word};
use crate::model::source::{At, Source};

/// Reads a text into an inventory.
///
/// # Errors
/// The first line that means nothing, with its place.
pub(super) fn read(builder: &mut Builder, source: &Arc<Source>) -> Result<()> {
    let mut reader = Reader {
        builder,
        group: UNGROUPED,
        kind: Kind::Hosts,
        pending: IndexMap::new(),
    };
    for (index, text) in source.text.lines().enumerate() {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let indent = text.len() - text.trim_start().len();
        let line = Line {
            source,
            number: index + 1,
            column: text[..indent].chars().count() + 1,
            text: trimmed,
        };
        reader.line(&line)?;
    }
    reader.check_pending()
}

/// A line without the spaces around it.
struct Line<'a> {
    source: &'a Arc<Source>,
    number: usize,
    column: usize,
    text: &'a str,
}

impl Line<'_> {
    /// The place of some characters of the line.
    fn at(&self, offset: usize, length: usize) -> At {
        At::new(self.source, self.number, self.column + offset, length)
    }

    fn whole(&self) -> At {
        self.at(0, self.text.chars().count())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Hosts,
    Variables,
    Children,
}

/// A group that was used before it was declared.
enum Pending {
    /// By `[name:vars]`.
    Variables(At),
    /// Inside other groups.
    Child(Vec<(GroupId, At)>),
}

const KINDS: [(&str, Kind); 3] = [
    ("hosts", Kind::Hosts),
    ("vars", Kind::Variables),
    ("children", Kind::Children),
];

struct Reader<'b> {
    builder: &'b mut Builder,
    group: GroupId,
    kind: Kind,
    pending: IndexMap<String, Pending>,
}

impl Reader<'_> {
    fn line(&mut self, line: &Line<'_>) -> Result<()> {
        // Something like `[2001:db8::1]:22` is a host.
        if line.text.starts_with('[') {
            let inner = uncommented(line.text)
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            if let Some(inner) = inner {
                return self.section(inner, line);
            }
        }
        match self.kind {
            Kind::Hosts => self.host(line),
            Kind::Variables => self.variable(line),
            Kind::Children => self.child(line),
        }
    }

    fn section(&mut self, inner: &str, line: &Line<'_>) -> Result<()> {
        let (name, kind) = match inner.split_once(':') {
            Some((name, kind)) => (name, kind),
            None => (inner, "hosts"),
        };
        let forbidden = |letter: char| letter.is_whitespace() || letter == ']';
        if name.is_empty() || inner.contains(forbidden) {
            return Err(Diagnostic::error(format!("`[{inner}]` is not the name of a group"))
                .at(&line.whole())
                .help("a section is `[group]`, `[group:vars]` or `[group:children]`, without spaces")
                .into());
        }
        let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == kind) else {
            let offset = name.chars().count() + 2;
            return Err(
                Diagnostic::error(format!("a section cannot be of the kind `{kind}`"))
                    .at(&line.at(offset, kind.chars().count()))
                    .nearest(kind, KINDS.iter().map(|(word, _)| *word))
                    .into(),
            );
        };
        let at = line.at(1, name.chars().count());
        let declares = *kind != Kind::Variables;
        if !declares && self.builder.find_group(name).is_none() {
            self.pending
                .entry(name.to_owned())
                .or_insert_with(|| Pending::Variables(at.clone()));
        }
        self.group = self.builder.group(name, &at)?;
        self.kind = *kind;
        if declares && let Some(Pending::Child(parents)) = self.pending.shift_remove(name) {
            for (parent, at) in parents {
                self.builder.child(parent, self.group, &at)?;
            }
        }
        Ok(())
    }

    fn host(&mut self, line: &Line<'_>) -> Result<()> {
        let words = words::split(line.text, true).map_err(|error| {
            Diagnostic::error(error.message)
                .at(&line.at(error.offset, 1))
                .help("a value with spaces is written `name='two words'`")
        })?;
        let Some((first, settings)) = words.split_first() else {
            return Ok(());
        };
        let at = line.at(first.offset, first.length);
        self.check_host(first, &at)?;
        let (names, port) = hosts::expand(&first.text, &at)?;
        let mut variables = Vec::new();
        for (index, word) in settings.iter().enumerate() {
            let Some((name, value)) = word
                .text
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
            else {
                return Err(not_a_setting(settings, index, line).into());
            };
            let value = literal::value(value);
            let at = line.at(word.offset, name.chars().count());
            variables.push((name, Variable { value, at }));
        }
        for name in names {
            let host = self.builder.host(&name, self.group, port, &at)?;
            for (name, variable) in &variables {
                self.builder.set_host(host, name, variable.clone());
            }
        }
        Ok(())
    }

    fn check_host(&self, word: &Word, at: &At) -> Result<()> {
        let group = self.builder.group_name(self.group);
        if let Some((name, _)) = word.text.split_once('=') {
            let section = if self.group == UNGROUPED {
                "all"
            } else {
                group
            };
            return Err(Diagnostic::error(format!(
                "`{}` stands where a host is expected",
                word.text
            ))
            .at(at)
            .help(format!(
                "to set `{name}` for a whole group, write it below `[{section}:vars]`"
            ))
            .into());
        }
        if word.text == "---" {
            return Err(Diagnostic::error(
                "`---` begins a YAML document, and this file is read as INI",
            )
            .at(at)
            .help("name the file with the ending .yml")
            .into());
        }
        Ok(())
    }

    fn variable(&mut self, line: &Line<'_>) -> Result<()> {
        let cut = line
            .text
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) = cut.filter(|(name, _)| !name.is_empty()) else {
            let mut diagnostic =
                Diagnostic::error(format!("`{}` is not `name=value`", line.text)).at(&line.whole());
            if let Some((name, value)) = line.text.split_once(':') {
                diagnostic = diagnostic.help(format!("write `{}={}`", name.trim(), value.trim()));
            }
            return Err(diagnostic.into());
        };
        let variable = Variable {
            value: literal::value(value),
            at: line.at(0, name.chars().count()),
        };
        self.builder.set_group(self.group, name, variable)
    }

    fn child(&mut self, line: &Line<'_>) -> Result<()> {
        let name = uncommented(line.text);
        let at = line.at(0, name.chars().count());
        if name.contains(|letter: char| letter.is_whitespace() || letter == ':' || letter == ']') {
            return Err(Diagnostic::error(format!("`{name}` is not the name of a group"))
                .at(&at)
                .help("below `[group:children]` stands one group a line, without anything after it")
                .into());
        }
        match self.builder.find_group(name) {
            // A group that only `[name:vars]` mentioned so far counts as known, as long as it is declared somewhere.
            Some(child) => self.builder.child(self.group, child, &at),
            None => {
                let pending = self
                    .pending
                    .entry(name.to_owned())
                    .or_insert_with(|| Pending::Child(Vec::new()));
                if let Pending::Child(parents) = pending {
                    parents.push((self.group, at));
                }
                Ok(())
            }
        }
    }

    /// Every group that was used must have been declared.
    fn check_pending(self) -> Result<()> {
        let Some((name, pending)) = self.pending.first() else {
            return Ok(());
        };
        let at = match pending {
            Pending::Variables(at) => Some(at),
            Pending::Child(parents) => parents.last().map(|(_, at)| at),
        };
        let mut diagnostic = Diagnostic::error(format!("there is no group `{name}`"));
        diagnostic.at = at.cloned();
        let known = self
            .builder
            .group_names()
            .filter(|known| known != name && !self.pending.contains_key(*known));
        Err(diagnostic
            .nearest(name, known)
            .help(format!(
                "declare it with a section `[{name}]`, which may be empty"
            ))
            .into())
    }
}

/// A line without the comment behind a section or group.
fn uncommented(text: &str) -> &str {
    text.split('#').next().unwrap_or(text).trim_end()
}

fn not_a_setting(words: &[Word], index: usize, line: &Line<'_>) -> Diagnostic {
    let word = &words[index];
    let diagnostic = Diagnostic::error(format!("`{}` is not `name=value`", word.text))
        .at(&line.at(word.offset, word.length));
    let text = |index: usize| words.get(index).map(|word| word.text.as_str());
    match (text(index + 1), text(index + 2)) {
        (Some("="), Some(value)) => diagnostic.help(format!(
            "write `{}={value}`, without spaces around `=`",
            word.text
        )),
        _ => diagnostic.help(
            "a line is one host and its variables; a value with spaces is written `name='two words'`",
        ),
    }
}
