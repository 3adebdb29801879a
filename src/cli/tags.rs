//! Tags on the command line must be tags of the playbook: a typing mistake would choose nothing, or skip nothing.

use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Item, Playbook};
use crate::model::source::{At, Source};

/// Tags with a meaning of their own.
const SPECIAL: &[&str] = &["all", "tagged", "untagged", "always", "never"];

/// Tells the tags, given with an option, that no task has. None where tasks are brought in whose file is known only
/// while the playbook runs: their tags are not known either.
pub(super) fn unknown(option: &str, given: &[String], playbook: &Playbook) -> Vec<Diagnostic> {
    let mut known: Vec<&str> = Vec::new();
    let mut open = false;
    for play in &playbook.plays {
        known.extend(play.keywords.tags.iter().map(String::as_str));
        for section in &play.sections {
            collect(&section.items, &mut known, &mut open);
        }
        collect(&play.handlers, &mut known, &mut open);
    }
    if open {
        return Vec::new();
    }
    known.sort_unstable();
    known.dedup();
    given
        .iter()
        .filter(|tag| !known.contains(&tag.as_str()) && !SPECIAL.contains(&tag.as_str()))
        .map(|tag| {
            let source = Source::new(option, tag.as_str());
            let diagnostic = Diagnostic::error(format!("no task has the tag `{tag}`"))
                .at(&At::new(&source, 1, 1, tag.chars().count()));
            if known.is_empty() {
                diagnostic.help("this playbook has no tags")
            } else {
                diagnostic.nearest_or_all(tag, known.iter().copied())
            }
        })
        .collect()
}

fn collect<'a>(items: &'a [Item], known: &mut Vec<&'a str>, open: &mut bool) {
    for item in items {
        match item {
            Item::Task(task) => known.extend(task.keywords.tags.iter().map(String::as_str)),
            Item::Block(block) => {
                for part in [&block.items, &block.rescue, &block.always] {
                    collect(part, known, open);
                }
            }
            Item::Include(include) => {
                known.extend(include.keywords.tags.iter().map(String::as_str));
                match &include.items {
                    Some(items) => collect(items, known, open),
                    None => *open = true,
                }
            }
            Item::Meta(meta) => known.extend(meta.keywords.tags.iter().map(String::as_str)),
        }
    }
}
