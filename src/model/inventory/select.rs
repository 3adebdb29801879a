//! Which hosts a pattern means.
//!
//! Parts that add come first, then those that keep (`&`), then those that remove (`!`), whatever their order. A
//! part that is exactly a host's name means that host. Other parts are matched against groups, then, where no group
//! matched or the part is a glob or a regular expression, against hosts. A number in brackets takes one of the
//! result, counted from 0 or, below zero, from the end; two numbers take a slice with both its ends.
//!
//! Unlike Ansible, a part that matches nothing is an error: a typing mistake must not pass as success.

use std::collections::HashSet;

use super::Inventory;
use super::glob::Matcher;
use super::host::Host;
use super::pattern::{Operation, Part, Patterns};
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;

impl Inventory {
    /// The hosts that a pattern selects, each once, in the order of the inventory's groups.
    ///
    /// # Errors
    /// A part that matches no host and no group, an index beyond the hosts, an invalid regular expression.
    pub fn select(&self, patterns: &Patterns) -> Result<Vec<&Host>> {
        let mut parts: Vec<&Part> = patterns.parts().iter().collect();
        parts.sort_by_key(|part| part.operation);
        let mut hosts: Vec<&Host> = Vec::new();
        if parts.iter().all(|part| part.operation != Operation::Add) {
            hosts.extend(self.hosts_of(self.group_at(super::group::ALL)));
        }
        for part in parts {
            let matched = self.match_part(part)?;
            let names: HashSet<&str> = matched.iter().map(|host| host.name()).collect();
            match part.operation {
                Operation::Add => hosts.extend(matched),
                Operation::Keep => hosts.retain(|host| names.contains(host.name())),
                Operation::Remove => hosts.retain(|host| !names.contains(host.name())),
            }
        }
        Ok(once_each(hosts))
    }

    /// The hosts that a pattern selects and a limit allows, in the order of the pattern.
    ///
    /// # Errors
    /// As [`Inventory::select`], for either of them.
    pub fn select_limited(
        &self,
        patterns: &Patterns,
        limit: Option<&Patterns>,
    ) -> Result<Vec<&Host>> {
        let mut hosts = self.select(patterns)?;
        if let Some(limit) = limit {
            let allowed: HashSet<&str> = self.select(limit)?.into_iter().map(Host::name).collect();
            hosts.retain(|host| allowed.contains(host.name()));
        }
        Ok(hosts)
    }

    fn match_part(&self, part: &Part) -> Result<Vec<&Host>> {
        if part.operation == Operation::Add
            && let Some(host) = self.hosts.get(&part.text)
        {
            return Ok(vec![host]);
        }
        let (name, subscript) = split_subscript(&part.text);
        if let Some(Subscript::Dash(first, last)) = subscript {
            return Err(wrong(
                part,
                format!("`{}` is not a slice", part.text),
                format!("write `{name}[{first}:{last}]`"),
            ));
        }
        let hosts = self.enumerate(part, name)?;
        match subscript {
            Some(subscript) if !hosts.is_empty() => apply(part, &hosts, &subscript),
            _ => Ok(hosts),
        }
    }

    /// The hosts of the groups that match, then the hosts that match; a host may come several times, and a
    /// subscript counts it as often, as it does for Ansible.
    fn enumerate(&self, part: &Part, name: &str) -> Result<Vec<&Host>> {
        let matcher = match name.strip_prefix('~') {
            Some(regex) => Matcher::regex(regex),
            None => Matcher::glob(name),
        }
        .map_err(|problem| {
            let help = if part.text.contains('{') {
                "a comma separates patterns, so `{1,2}` cannot be part of one"
            } else {
                "a pattern that begins with `~` is a regular expression"
            };
            wrong(
                part,
                format!("`{}` is not a valid pattern: {problem}", part.text),
                help.to_owned(),
            )
        })?;
        let mut hosts: Vec<&Host> = Vec::new();
        let mut any_group = false;
        for group in self.groups().filter(|group| matcher.is_match(group.name())) {
            any_group = true;
            hosts.extend(self.hosts_of(group));
        }
        if !any_group || name.starts_with('~') || name.contains(['.', '?', '*', '[']) {
            match &matcher {
                Matcher::Exact(exact) => hosts.extend(self.hosts.get(exact)),
                Matcher::Regex(_) => {
                    hosts.extend(self.hosts().filter(|host| matcher.is_match(host.name())));
                }
            }
        }
        if hosts.is_empty() {
            hosts.extend(self.this_machine(name));
        }
        if hosts.is_empty() && !any_group {
            return Err(self.unmatched(part, name));
        }
        Ok(hosts)
    }

    fn unmatched(&self, part: &Part, name: &str) -> Error {
        let mut diagnostic = Diagnostic::error(format!("no host and no group matches `{name}`"));
        diagnostic.at.clone_from(&part.at);
        let bare = name.trim_start_matches('~').trim_end_matches('*');
        if let Some((host, port)) = name.rsplit_once(':')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && self.host(host).is_some()
        {
            return diagnostic
                .help(format!("write `{host}`, without a port"))
                .into();
        }
        let names = self
            .groups()
            .map(super::group::Group::name)
            .chain(self.hosts().map(Host::name));
        diagnostic.nearest(bare, names).into()
    }
}

fn wrong(part: &Part, summary: String, help: String) -> Error {
    let mut diagnostic = Diagnostic::error(summary).help(help);
    diagnostic.at.clone_from(&part.at);
    diagnostic.into()
}

/// Each host once, at its first place; this machine once, whatever it was called.
fn once_each(hosts: Vec<&Host>) -> Vec<&Host> {
    let mut seen = HashSet::new();
    hosts
        .into_iter()
        .filter(|host| {
            let key = if host.is_implicit() { "" } else { host.name() };
            seen.insert(key)
        })
        .collect()
}

/// The number or slice after a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subscript<'a> {
    Index(i64),
    /// Both ends belong to it; no end means the last one.
    Slice(usize, Option<usize>),
    /// `[1-3]`, which once was a slice.
    Dash(&'a str, &'a str),
}

/// A name and its subscript. Brackets that hold anything else belong to a glob, those of `~...` to the expression.
fn split_subscript(text: &str) -> (&str, Option<Subscript<'_>>) {
    let whole = (text, None);
    if text.starts_with('~') {
        return whole;
    }
    let Some((name, inner)) = text
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['))
    else {
        return whole;
    };
    let subscript = if is_number(inner.strip_prefix('-').unwrap_or(inner)) {
        inner.parse().ok().map(Subscript::Index)
    } else if let Some((first, last)) = inner.split_once(':') {
        slice(first, last)
    } else if let Some((first, last)) = inner.split_once('-') {
        slice(first, last).map(|_| Subscript::Dash(first, last))
    } else {
        None
    };
    match subscript {
        Some(subscript) if !name.is_empty() => (name, Some(subscript)),
        _ => whole,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn slice<'a>(first: &str, last: &str) -> Option<Subscript<'a>> {
    if !is_number(first) || !(last.is_empty() || is_number(last)) {
        return None;
    }
    let first = first.parse().ok()?;
    if last.is_empty() {
        return Some(Subscript::Slice(first, None));
    }
    Some(Subscript::Slice(first, Some(last.parse().ok()?)))
}

fn apply<'a>(part: &Part, hosts: &[&'a Host], subscript: &Subscript<'_>) -> Result<Vec<&'a Host>> {
    let count = hosts.len();
    let chosen: Vec<&Host> = match *subscript {
        Subscript::Index(index) => {
            let from_start = usize::try_from(index).ok().or_else(|| {
                let back = usize::try_from(index.unsigned_abs()).ok()?;
                count.checked_sub(back)
            });
            from_start
                .and_then(|index| hosts.get(index).copied())
                .into_iter()
                .collect()
        }
        Subscript::Slice(first, last) => {
            let last = last.unwrap_or(count).min(count - 1);
            hosts.get(first..=last).unwrap_or_default().to_vec()
        }
        Subscript::Dash(..) => Vec::new(),
    };
    if chosen.is_empty() {
        let plural = if count == 1 { "host" } else { "hosts" };
        return Err(wrong(
            part,
            format!(
                "`{}` selects nothing: there are {count} {plural}",
                part.text
            ),
            "numbers count from 0; the last host is `[-1]`".to_owned(),
        ));
    }
    Ok(chosen)
}
