//! Desired directives put into an existing configuration: only their lines change.
//!
//! A directive is changed where it stands (the last time, for that is the one Redis obeys), its repeats go away, and
//! what is missing is added in one marked block at the end. A line that already means what is desired is left as it
//! is, whatever its spelling. Everything else stays byte for byte: comments, `replicaof` after a failover, `user`
//! lines, what a Sentinel or CONFIG REWRITE wrote. Merging twice changes nothing the second time.

use super::argument::SplitError;
use super::document::{Directive, Document, Line};
use super::effective::{Effective, Setting};
use super::identity::Identity;
use super::limits::{self, Group};
use crate::redis::catalogue;

/// The comment that opens the block of added directives.
pub const BLOCK_START: &str =
    "Managed by Cachesmith: what was not in this file. Of repeats the last one holds.";
/// The comment that closes it.
pub const BLOCK_END: &str = "End of what Cachesmith added.";

/// The result of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub document: Document,
    /// `include` lines after which a desired directive does not stand again: the included file may override it.
    pub overridable: Vec<Overridable>,
}

/// An `include` that may override desired directives, since it is read after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overridable {
    /// The line of the `include`, counted from 1.
    pub line: usize,
    /// The path or pattern as written.
    pub path: String,
    /// The desired directives that stand before it.
    pub names: Vec<String>,
}

/// Why a merge is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    #[error("line {line} of the desired configuration: {error}")]
    Broken { line: usize, error: SplitError },
    #[error("`{name}` is both set and to be absent")]
    SetAndAbsent { name: String },
}

/// Puts what `desired` sets into `existing`; takes out directives with a name in `absent` (older names count too).
///
/// # Errors
/// A line of `desired` that Redis could not take apart, or a directive both desired and absent.
pub fn merge(
    existing: &Document,
    desired: &Document,
    absent: &[&str],
) -> Result<Merge, MergeError> {
    if let Some((line, error)) = desired.broken().next() {
        return Err(MergeError::Broken {
            line,
            error: error.clone(),
        });
    }
    let wanted = Effective::of_document(desired);
    let absent: Vec<String> = absent
        .iter()
        .map(|name| catalogue::canonical(name))
        .collect();
    if let Some(setting) = wanted
        .settings()
        .find(|setting| absent.contains(&setting.identity.name))
    {
        return Err(MergeError::SetAndAbsent {
            name: setting.name.clone(),
        });
    }
    let present = Effective::of_document(existing);
    let mut work = Work {
        document: existing.clone(),
        removed: Vec::new(),
        added_after: Vec::new(),
    };
    let mut missing = Vec::new();
    for setting in wanted.settings() {
        let lines = directives_of(setting, desired);
        match present.get(&setting.identity) {
            None => missing.extend(lines),
            // Files that are included add up; each is read where it stands, as often as it stands there.
            Some(_) if setting.identity.name == "include" => {}
            Some(found) => match (setting.identity.name.as_str(), &setting.identity.part) {
                ("save", _) => work.points(found, setting, &lines),
                (limits::NAME, Some(class)) => work.limit(found, setting, class),
                _ => work.single(found, setting),
            },
        }
    }
    for (line, directive) in existing.directives() {
        if absent.contains(&catalogue::canonical(&directive.name)) {
            work.removed.push(line - 1);
        }
    }
    let mut document = work.finish();
    append(&mut document, &missing);
    let overridable = overridable(&document, &wanted);
    Ok(Merge {
        document,
        overridable,
    })
}

/// The lines that say a setting: those of the desired file for `save` (older servers take one point a line), else one.
fn directives_of(setting: &Setting, desired: &Document) -> Vec<Directive> {
    if setting.identity.name != "save" {
        return vec![setting.to_directive()];
    }
    desired
        .directives()
        .filter(|(line, _)| setting.lines.contains(line))
        .map(|(_, directive)| directive.clone())
        .collect()
}

/// A document under change. Line indexes count from 0 and stay those of the existing file until the end.
struct Work {
    document: Document,
    removed: Vec<usize>,
    added_after: Vec<(usize, Directive)>,
}

impl Work {
    /// A directive that exists once: changes its last line, drops the ones before.
    fn single(&mut self, found: &Setting, wanted: &Setting) {
        let Some((last, earlier)) = found.lines.split_last() else {
            return;
        };
        self.removed.extend(earlier.iter().map(|line| line - 1));
        if found.value != wanted.value {
            self.document.rewrite(last - 1, &wanted.to_directive());
        }
    }

    /// `save`: all lines stay if they come to the same points, else the desired ones take the place of the first.
    fn points(&mut self, found: &Setting, wanted: &Setting, lines: &[Directive]) {
        let (Some((first, others)), Some((head, tail))) =
            (found.lines.split_first(), lines.split_first())
        else {
            return;
        };
        if found.value == wanted.value {
            return;
        }
        self.removed.extend(others.iter().map(|line| line - 1));
        self.document.rewrite(first - 1, head);
        self.added_after
            .extend(tail.iter().map(|directive| (first - 1, directive.clone())));
    }

    /// One class of `client-output-buffer-limit`: changes the class in the last line that has it, takes it out of
    /// the ones before, and leaves the other classes of these lines alone.
    fn limit(&mut self, found: &Setting, wanted: &Setting, class: &str) {
        let Some((last, earlier)) = found.lines.split_last() else {
            return;
        };
        let words = wanted.arguments.clone();
        for line in earlier {
            self.edit_groups(line - 1, |groups| {
                groups.retain(|group| group.class != class);
            });
        }
        self.edit_groups(last - 1, |groups| {
            let keep = groups.iter().rposition(|group| group.class == class);
            let mut index = 0;
            groups.retain(|group| {
                index += 1;
                group.class != class || Some(index - 1) == keep
            });
            if let Some(group) = groups.iter_mut().find(|group| group.class == class)
                && found.value != wanted.value
                && let Ok(words) = words.try_into()
            {
                group.words = words;
            }
        });
    }

    fn edit_groups(&mut self, index: usize, edit: impl FnOnce(&mut Vec<Group>)) {
        let groups = self.document.lines[index]
            .directive()
            .and_then(|directive| limits::groups(&directive.arguments));
        let Some(before) = groups else { return };
        let mut after = before.clone();
        edit(&mut after);
        if after.is_empty() {
            self.removed.push(index);
        } else if after != before {
            self.document.rewrite(index, &limits::directive(&after));
        }
    }

    fn finish(self) -> Document {
        let ending = self.document.ending();
        let mut lines: Vec<Line> = Vec::new();
        for (index, line) in self.document.lines.into_iter().enumerate() {
            if !self.removed.contains(&index) {
                lines.push(line);
            }
            for (_, directive) in self.added_after.iter().filter(|(after, _)| *after == index) {
                close_last(&mut lines, ending);
                lines.push(Line::new(directive.to_line(), ending));
            }
        }
        Document { lines }
    }
}

fn close_last(lines: &mut [Line], ending: &'static str) {
    if let Some(last) = lines.last_mut() {
        last.close(ending);
    }
}

/// Adds directives to the marked block, which is opened at the end of the file if it is not there.
fn append(document: &mut Document, missing: &[Directive]) {
    if missing.is_empty() {
        return;
    }
    let ending = document.ending();
    close_last(&mut document.lines, ending);
    let at = block_end(document).unwrap_or_else(|| {
        if document
            .lines
            .last()
            .is_some_and(|line| line.kind != super::Kind::Blank)
        {
            document.lines.push(Line::new("", ending));
        }
        document
            .lines
            .push(Line::new(format!("# {BLOCK_START}"), ending));
        document
            .lines
            .push(Line::new(format!("# {BLOCK_END}"), ending));
        document.lines.len() - 1
    });
    let lines = missing
        .iter()
        .map(|directive| Line::new(directive.to_line(), ending));
    document.lines.splice(at..at, lines);
}

/// Where the last block closes; nothing where there is none.
fn block_end(document: &Document) -> Option<usize> {
    let start = document
        .lines
        .iter()
        .rposition(|line| line.is_comment(BLOCK_START))?;
    let length = document.lines[start..]
        .iter()
        .position(|line| line.is_comment(BLOCK_END))?;
    Some(start + length)
}

fn overridable(document: &Document, wanted: &Effective) -> Vec<Overridable> {
    let merged = Effective::of_document(document);
    let last_line = |identity: &Identity| {
        merged
            .get(identity)
            .and_then(|setting| setting.lines.last().copied())
    };
    let adds_up = |name: &str| matches!(name, "include" | "loadmodule");
    document
        .directives()
        .filter(|(_, directive)| directive.name == "include")
        .filter_map(|(line, directive)| {
            let before = wanted.settings().filter(|setting| !adds_up(&setting.name));
            let before = before
                .filter(|setting| last_line(&setting.identity).is_some_and(|last| last < line));
            let names: Vec<String> = before.map(|setting| setting.identity.to_string()).collect();
            (!names.is_empty()).then(|| Overridable {
                line,
                path: directive.arguments_text(),
                names,
            })
        })
        .collect()
}
