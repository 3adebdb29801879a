//! Inventory programs: the JSON that they print for `--list` and `--host NAME`.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::program;
use crate::error::{Error, Result};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::group::GroupId;
use crate::model::inventory::host::HostId;
use crate::model::inventory::variables::Variable;
use crate::model::source::{At, Source};
use crate::model::value::{Map, Value};

/// Programs running at once where each host must be asked for.
const ASKED_AT_ONCE: usize = 8;

/// Asks a program for its inventory. `false` means that the file is not a program.
///
/// # Errors
/// A program that fails, or prints something else than the protocol has.
pub(super) fn read(builder: &mut Builder, path: &Path, limit: Duration) -> Result<bool> {
    let Some(output) = program::run(path, &["--list"], limit)? else {
        return Ok(false);
    };
    let name = program::shown(path, &["--list"]).replace('`', "");
    let answer = Answer::new(&name, output.text);
    if !output.complaints.is_empty() {
        builder.warn(complaint(&answer, &output.complaints));
    }
    let list = answer.parse(&output.complaints)?;
    let mut hosts: Vec<(String, HostId)> = Vec::new();
    let mut hostvars: Option<&Map> = None;
    for (name, data) in &list {
        if name == "_meta" {
            hostvars = Some(answer.mapping(
                "_meta.hostvars",
                data.get("hostvars").unwrap_or(&Value::Null),
            )?);
        } else {
            group(builder, &answer, name, data, &mut hosts)?;
        }
    }
    let asked;
    let hostvars = match hostvars {
        Some(hostvars) => hostvars,
        None => {
            asked = ask_each(builder, path, &hosts, limit)?;
            &asked
        }
    };
    hosts.sort_unstable_by_key(|(_, host)| *host);
    hosts.dedup();
    for (name, host) in hosts {
        let Some(data) = hostvars.get(&name) else {
            continue;
        };
        let variables = answer.mapping(&format!("the variables of host {name}"), data)?;
        for (name, value) in variables {
            builder.set_host(host, name, answer.variable(value));
        }
    }
    Ok(true)
}

/// What a program printed, for messages to point at.
struct Answer {
    at: At,
}

impl Answer {
    fn new(name: &str, text: String) -> Self {
        Self {
            at: At::start(&Source::new(name, text)),
        }
    }

    fn source(&self) -> &Arc<Source> {
        &self.at.source
    }

    fn parse(&self, complaints: &str) -> Result<Map> {
        let text = &self.source().text;
        let problem = match serde_json::from_str::<Value>(text) {
            Ok(Value::Map(map)) => return Ok(map),
            Ok(other) => Diagnostic::error(format!(
                "an inventory program prints a JSON mapping, and this is {}",
                other.kind()
            ))
            .at(&self.at),
            Err(error) => {
                let at = At::new(self.source(), error.line(), error.column(), 1);
                let reason = error.to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default();
                Diagnostic::error(format!(
                    "an inventory program printed invalid JSON: {reason}"
                ))
                .at(&at)
            }
        };
        Err(if complaints.is_empty() {
            problem
        } else {
            problem.help(format!("it wrote on standard error: {complaints}"))
        }
        .into())
    }

    fn variable(&self, value: &Value) -> Variable {
        Variable {
            value: value.clone(),
            at: self.at.clone(),
        }
    }

    fn mapping<'a>(&self, what: &str, value: &'a Value) -> Result<&'a Map> {
        value
            .as_map()
            .ok_or_else(|| self.wrong(what, "a mapping", value))
    }

    fn names<'a>(&self, what: &str, value: &'a Value) -> Result<Vec<&'a str>> {
        value
            .as_list()
            .and_then(|list| list.iter().map(Value::as_str).collect())
            .ok_or_else(|| self.wrong(what, "a list of names", value))
    }

    fn wrong(&self, what: &str, expected: &str, value: &Value) -> Error {
        Diagnostic::error(format!(
            "{what} must be {expected}, and is {}",
            value.kind()
        ))
        .at(&self.at)
        .into()
    }
}

fn complaint(answer: &Answer, text: &str) -> Diagnostic {
    Diagnostic::warning(format!(
        "`{}` wrote on standard error: {text}",
        answer.source().name
    ))
}

/// One group: a mapping with `hosts`, `vars` and `children`, or in older forms a list of hosts, or a mapping that is
/// the variables of one host with the group's name.
fn group(
    builder: &mut Builder,
    answer: &Answer,
    name: &str,
    data: &Value,
    hosts: &mut Vec<(String, HostId)>,
) -> Result<()> {
    let id = builder.group(name, &answer.at)?;
    let map = match data {
        Value::List(_) => {
            let names = answer.names(name, data)?;
            return add_hosts(builder, answer, id, &names, hosts);
        }
        other => answer.mapping(&format!("group {name}"), other)?,
    };
    let known = ["hosts", "vars", "children"];
    if !known.iter().any(|key| map.contains_key(*key)) {
        add_hosts(builder, answer, id, &[name], hosts)?;
        return set_variables(builder, answer, id, map);
    }
    if let Some(data) = map.get("hosts") {
        let names = answer.names(&format!("{name}.hosts"), data)?;
        add_hosts(builder, answer, id, &names, hosts)?;
    }
    if let Some(data) = map.get("vars") {
        let variables = answer.mapping(&format!("{name}.vars"), data)?;
        set_variables(builder, answer, id, variables)?;
    }
    if let Some(data) = map.get("children") {
        for child in answer.names(&format!("{name}.children"), data)? {
            let child = builder.group(child, &answer.at)?;
            builder.child(id, child, &answer.at)?;
        }
    }
    Ok(())
}

fn add_hosts(
    builder: &mut Builder,
    answer: &Answer,
    group: GroupId,
    names: &[&str],
    hosts: &mut Vec<(String, HostId)>,
) -> Result<()> {
    for name in names {
        let host = builder.host(name, group, None, &answer.at)?;
        hosts.push(((*name).to_owned(), host));
    }
    Ok(())
}

fn set_variables(builder: &mut Builder, answer: &Answer, group: GroupId, map: &Map) -> Result<()> {
    for (name, value) in map {
        builder.set_group(group, name, answer.variable(value))?;
    }
    Ok(())
}

/// Asks for the variables of each host, where `--list` did not bring them.
fn ask_each(
    builder: &mut Builder,
    path: &Path,
    hosts: &[(String, HostId)],
    limit: Duration,
) -> Result<Map> {
    let mut names: Vec<&String> = hosts.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let mut all = Map::new();
    for some in names.chunks(ASKED_AT_ONCE) {
        let answers: Vec<Result<(Map, Option<Diagnostic>)>> = thread::scope(|scope| {
            let running: Vec<_> = some
                .iter()
                .map(|name| scope.spawn(move || ask(path, name, limit)))
                .collect();
            running
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(Diagnostic::error("a thread ended early").into()))
                })
                .collect()
        });
        for (name, answer) in some.iter().zip(answers) {
            let (variables, warning) = answer?;
            all.insert((*name).clone(), Value::Map(variables));
            if let Some(warning) = warning {
                builder.warn(warning);
            }
        }
    }
    Ok(all)
}

fn ask(path: &Path, host: &str, limit: Duration) -> Result<(Map, Option<Diagnostic>)> {
    let arguments = ["--host", host];
    let Some(output) = program::run(path, &arguments, limit)? else {
        return Ok((Map::new(), None));
    };
    let answer = Answer::new(
        &program::shown(path, &arguments).replace('`', ""),
        output.text,
    );
    let warning = (!output.complaints.is_empty()).then(|| complaint(&answer, &output.complaints));
    if answer.source().text.trim().is_empty() {
        return Ok((Map::new(), warning));
    }
    Ok((answer.parse(&output.complaints)?, warning))
}
