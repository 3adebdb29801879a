//! `lint`: what is wrong with a configuration file, for a version, without any host.

use std::path::Path;

use serde_json::{Value, json};

use super::Exit;
use super::args::{DefragArgument, LintArguments};
use crate::error::{Error, Result};
use crate::load::redis_conf;
use crate::model::diagnostic::{Diagnostic, Severity};
use crate::model::event::VERSION;
use crate::model::source::At;
use crate::redis::capability::Defragmentation;
use crate::redis::lint::{Found, Included, Reading, Target, distinct, lint, server_of};
use crate::view::Console;

pub(super) fn run(arguments: &LintArguments, console: &mut Console) -> Result<Exit> {
    let targets = targets(arguments)?;
    let mut found = Vec::new();
    for file in &arguments.files {
        found.extend(look_at(file, &targets)?);
    }
    let is_wrong = |found: &Found| arguments.strict || found.finding.severity == Severity::Error;
    let exit = if found.iter().any(is_wrong) {
        Exit::Failed
    } else {
        Exit::Done
    };
    let diagnostics: Vec<Diagnostic> = found.iter().map(Found::to_diagnostic).collect();
    let mut lines: Vec<Value> = found.iter().map(line).collect();
    lines.push(summary(&found, arguments.files.len()));
    console.findings(&diagnostics, &lines);
    Ok(exit)
}

fn targets(arguments: &LintArguments) -> Result<Vec<Target>> {
    let defragmentation = match arguments.defrag {
        DefragArgument::Yes => Defragmentation::Supported,
        DefragArgument::No => Defragmentation::Unsupported,
        DefragArgument::Unknown => Defragmentation::Unknown,
    };
    let servers = arguments
        .server
        .iter()
        .map(|text| {
            server_of(text).map_err(|message| {
                Error::input(
                    Diagnostic::error(message)
                        .help("write `redis 8.0`, `redis 7.0.15` or `valkey 8.1`"),
                )
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut servers: Vec<_> = distinct(servers).into_iter().map(Some).collect();
    if servers.is_empty() {
        servers.push(None);
    }
    Ok(servers
        .into_iter()
        .map(|server| Target {
            server,
            defragmentation,
        })
        .collect())
}

fn look_at(file: &Path, targets: &[Target]) -> Result<Vec<Found>> {
    let name = crate::load::files::display(file);
    let content = redis_conf::read(file)?;
    if content
        .windows(2)
        .any(|pair| pair == b"{{" || pair == b"{%")
    {
        return Err(Error::input(
            Diagnostic::error(format!("`{name}` is a template, not a configuration")).help(
                "`cachesmith plan` looks at what it renders to, with each host's own version",
            ),
        ));
    }
    let beside = file.parent().unwrap_or(Path::new(""));
    let reading = Reading::of(
        &name,
        &content,
        &mut |path| match redis_conf::included(path, beside) {
            Ok(files) => Included::Files(files),
            Err(why) => Included::Unreadable(why),
        },
    );
    Ok(lint(&reading, targets))
}

/// One finding as JSON; `docs/lint.md` describes it.
fn line(found: &Found) -> Value {
    let place = |at: &At| {
        json!({
            "file": at.source.name, "line": at.line, "column": at.column, "length": at.length,
        })
    };
    let severity = match found.finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let servers: Vec<String> = found.servers.iter().map(ToString::to_string).collect();
    let mut value = json!({
        "version": VERSION, "severity": severity, "reason": found.finding.reason,
        "place": place(&found.at), "directive": found.finding.directive,
        "message": found.finding.message, "advice": found.finding.advice, "servers": servers,
    });
    if let (Some(beside), Some(map)) = (&found.beside, value.as_object_mut()) {
        map.insert("beside".to_owned(), place(beside));
    }
    value
}

/// The last line: how much was found.
fn summary(found: &[Found], files: usize) -> Value {
    let errors = found
        .iter()
        .filter(|found| found.finding.severity == Severity::Error)
        .count();
    json!({
        "version": VERSION, "files": files, "errors": errors, "warnings": found.len() - errors,
    })
}
