//! `state: hard`.

use super::{Task, decision};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileKind, FileState, Probe, Program};
use crate::model::step::{Action, Guard, Step};
use crate::module::shared::restore::{still, undo_replacement};
use crate::module::shared::target::{Links, Target};
use crate::module::shared::{paths, pending};
use crate::module::{Decision, Failure, Look, Stop};

pub(super) fn decide(look: &Look<'_>, task: &Task) -> Result<Decision, Stop> {
    let path = &task.path;
    let target = Target::find(look, path, Links::Replace)?;
    let Some(src) = &task.src else {
        // An existing file is meant as it is.
        return match target.info() {
            Some(_) => task.attributes_of(&target),
            None => Err(Stop::failed(
                "a new hard link needs `src`: the file that it shares",
            )),
        };
    };
    let src = if src.starts_with('/') {
        paths::tidy(src)
    } else {
        paths::join(paths::parent(path), src)
    };
    let source = Target::find(look, &src, Links::Follow)?;
    let Some(shared) = source.info() else {
        let failure = Failure::new(format!("nothing stands at `{src}`"))
            .help("the file that a hard link shares has to be there before");
        return Err(pending::missing(look, failure));
    };
    if shared.kind == FileKind::Directory {
        return Err(Stop::failed(format!(
            "`{src}` is a directory, and directories have no hard links"
        )));
    }
    let inodes = Program::new(["stat", "-c", "%d:%i", "--", &source.path, path]);
    let guard = match &target.state {
        FileState::Absent {
            parent_exists: false,
        } => return Err(paths::no_directory(path)),
        FileState::Absent { .. } => Guard::Absent { path: path.clone() },
        FileState::Present(found) => {
            if is_same(look, &inodes, found)? {
                let decision = task.attributes_of(&target)?;
                return Ok(decision.with("state", "hard"));
            }
            if found.kind == FileKind::Directory || !task.force {
                return Err(Failure::new(format!(
                    "`{path}` is there, and is not the same file as `{src}`"
                ))
                .help("`force: yes` lets a file give way to the link")
                .into());
            }
            still(path, found)
        }
    };
    let change = link(&source.path, shared, &target, guard, inodes);
    let linked = Target {
        path: path.clone(),
        state: FileState::Present(Box::new(shared.clone())),
        links: Vec::new(),
    };
    let rest = task.attributes_of(&linked)?;
    let mut decision = decision(path, shared, [vec![change], rest.changes].concat());
    decision.result.extend(rest.result);
    decision.result.insert("state".to_owned(), "hard".into());
    decision.result.insert("src".to_owned(), src.into());
    Ok(decision)
}

/// Whether both paths are names of one file.
fn is_same(look: &Look<'_>, inodes: &Program, found: &FileInfo) -> Result<bool, Stop> {
    if found.kind != FileKind::File {
        return Ok(false);
    }
    let said = look.program(inodes)?;
    let text = said.stdout.to_lossy();
    let mut lines = text.lines();
    let (one, other) = (lines.next(), lines.next());
    if said.code != 0 || other.is_none() {
        return Err(Stop::failed(format!(
            "`stat` failed: {}",
            said.stderr.to_lossy().trim()
        )));
    }
    Ok(one == other)
}

fn link(src: &str, shared: &FileInfo, target: &Target, guard: Guard, inodes: Program) -> Change {
    let path = &target.path;
    let is_shared = still(path, shared);
    let (kind, before, undo) = match target.info() {
        None => {
            let remove = Step::new(Action::Remove { path: path.clone() }).guarded(is_shared);
            (ChangeKind::Create, None, Undo::Steps(vec![remove]))
        }
        Some(found) => (
            ChangeKind::Update,
            Some("another file"),
            undo_replacement(path, found, is_shared),
        ),
    };
    let mut effects = file_becomes(path, FileState::Present(Box::new(shared.clone())));
    effects.push(Effect::Unknown {
        probe: Probe::Program(Box::new(inodes)),
        reason: format!("the change of {path}"),
    });
    Change {
        kind,
        resource: path.clone(),
        difference: Difference::Fields(vec![Field::new(
            "hard link",
            before,
            Some(format!("to {src}")),
        )]),
        notes: Vec::new(),
        steps: vec![
            Step::new(Action::Link {
                path: path.clone(),
                target: src.to_owned(),
                hard: true,
            })
            .guarded(guard),
        ],
        undo,
        effects,
    }
}
