//! `state: absent`.

use crate::model::change::{Change, ChangeKind, Difference, Field, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileKind, FileState, Probe};
use crate::model::step::{Action, Step};
use crate::module::shared::paths;
use crate::module::shared::restore::{still, undo_removal};
use crate::module::{Decision, Look, Stop};

/// A directory with more below it than this is not read to be brought back.
const MOST_ENTRIES: usize = 100;

/// The same for the sum of all files below it. Bytes.
const MOST_BYTES: u64 = 256 * 1024;

pub(super) fn decide(look: &Look<'_>, path: &str, found: &FileState) -> Result<Decision, Stop> {
    let mut decision = Decision::unchanged()
        .with("path", path)
        .with("state", "absent");
    if let FileState::Present(info) = found {
        decision.changes.push(remove(look, path, info)?);
    }
    Ok(decision)
}

fn remove(look: &Look<'_>, path: &str, info: &FileInfo) -> Result<Change, Stop> {
    let mut notes = Vec::new();
    let undo = if info.kind == FileKind::Directory {
        let tree = look.tree(path)?;
        if !tree.is_empty() {
            notes.push(contents(tree));
        }
        undo_directory(look, path, info, tree)?
    } else {
        undo_removal(path, info)
    };
    let what = match &info.kind {
        FileKind::Directory => "directory".to_owned(),
        FileKind::File => "file".to_owned(),
        FileKind::Link { target, .. } => format!("link to {target}"),
        FileKind::Other => "device, socket or pipe".to_owned(),
    };
    let step = Step::new(Action::Remove {
        path: path.to_owned(),
    });
    let text = info
        .content
        .as_ref()
        .filter(|_| info.kind == FileKind::File)
        .and_then(|content| content.as_text());
    let fields = vec![Field::new("state", Some(what), Some("absent"))];
    Ok(Change {
        kind: ChangeKind::Remove,
        resource: path.to_owned(),
        difference: match text {
            Some(text) if !text.is_empty() => Difference::Text {
                before: Some(text.to_owned()),
                after: None,
                fields,
            },
            _ => Difference::Fields(fields),
        },
        notes,
        steps: vec![step.guarded(still(path, info))],
        undo,
        effects: file_becomes(
            path,
            FileState::Absent {
                parent_exists: true,
            },
        ),
    })
}

/// `3 files and 1 directory below it go too`.
fn contents(tree: &[(String, FileInfo)]) -> String {
    let directories = tree
        .iter()
        .filter(|(_, info)| info.kind == FileKind::Directory)
        .count();
    let count = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    };
    let files = count(tree.len() - directories, "file", "files");
    let directories = count(directories, "directory", "directories");
    format!("{files} and {directories} below it go too")
}

/// Small directories are read, so that they can come back whole.
fn undo_directory(
    look: &Look<'_>,
    path: &str,
    info: &FileInfo,
    tree: &[(String, FileInfo)],
) -> Result<Undo, Stop> {
    let bytes: u64 = tree
        .iter()
        .filter(|(_, info)| info.kind == FileKind::File)
        .map(|(_, info)| info.size)
        .sum();
    if tree.len() > MOST_ENTRIES || bytes > MOST_BYTES {
        return Ok(Undo::Impossible(format!(
            "what is below `{path}` is too much to be kept"
        )));
    }
    let full = |name: &str| paths::join(path, name);
    let files = tree
        .iter()
        .filter(|(_, info)| info.kind == FileKind::File)
        .map(|(name, _)| Probe::Content(full(name)));
    look.ask(&files.collect::<Vec<_>>())?;
    let Undo::Steps(mut steps) = undo_removal(path, info) else {
        return Ok(undo_removal(path, info));
    };
    for (name, info) in tree {
        let path = full(name);
        let with_content = match info.kind {
            FileKind::File => look.content(&path)?.clone(),
            _ => FileState::Present(Box::new(info.clone())),
        };
        let FileState::Present(info) = with_content else {
            continue;
        };
        match undo_removal(&path, &info) {
            Undo::Steps(more) => steps.extend(more),
            other => return Ok(other),
        }
    }
    Ok(Undo::Steps(steps))
}
