//! `--limit`: a pattern, whose parts may be `@file` with one pattern a line.

use std::path::Path;

use crate::error::Result;
use crate::load::files;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::pattern::{Operation, Patterns};
use crate::model::source::{At, Source};

/// Reads a limit and the files that it names. Empty lines and lines that begin with `#` are passed over.
///
/// # Errors
/// A file that cannot be read or holds no pattern, or a pattern that cannot be read.
pub fn read_limit(text: &str) -> Result<Patterns> {
    let source = Source::new("--limit", text);
    let patterns = Patterns::parse_at(text, &At::new(&source, 1, 1, text.chars().count()))?;
    let mut all = Vec::new();
    for part in patterns.into_parts() {
        match part.text.strip_prefix('@') {
            Some(file) if part.operation == Operation::Add => {
                all.extend(read_file(file, part.at.as_ref())?);
            }
            _ => all.push(part.into()),
        }
    }
    Patterns::join(all)
}

fn read_file(file: &str, at: Option<&At>) -> Result<Vec<Patterns>> {
    let source = files::read_source(Path::new(file), at)?;
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let column = line
            .chars()
            .take_while(|letter| letter.is_whitespace())
            .count()
            + 1;
        let at = At::new(&source, index + 1, column, text.chars().count());
        found.push(Patterns::single(text, &at)?);
    }
    if found.is_empty() {
        return Err(Diagnostic::error(format!("{} names no host", source.name))
            .at(&At::start(&source))
            .help("an empty limit would select every host; leave `--limit` out for that")
            .into());
    }
    Ok(found)
}
