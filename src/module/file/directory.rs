//! `state: directory`.

use super::symbolic_link::owner_change;
use super::{Task, decision};
use crate::model::change::Change;
use crate::model::probe::FileKind;
use crate::module::shared::directory::make_directory;
use crate::module::shared::file_change::attributes_change;
use crate::module::shared::paths;
use crate::module::{Decision, Failure, Look, Stop};

pub(super) fn decide(look: &Look<'_>, task: &Task, recurse: bool) -> Result<Decision, Stop> {
    let target = task.target(look)?;
    let Some(found) = target.info() else {
        let missing = paths::missing_directories(look, &target.path)?;
        let changes: Vec<Change> = missing
            .iter()
            .map(|directory| make_directory(directory, &task.attributes))
            .collect();
        let info = task.attributes.new_info(FileKind::Directory);
        return Ok(decision(&target.path, &info, changes));
    };
    if found.kind != FileKind::Directory {
        let what = match found.kind {
            FileKind::Link { .. } => "a link",
            FileKind::File => "a file",
            _ => "a device, a socket or a pipe",
        };
        return Err(Failure::new(format!(
            "`{}` is {what}, and a directory is wanted",
            target.path
        ))
        .help("remove it with `state: absent` before, or choose another path")
        .into());
    }
    let mut decision = task.attributes_of(&target)?;
    if recurse {
        for (name, info) in look.tree(&target.path)? {
            let path = paths::join(&target.path, name);
            decision.changes.extend(match info.kind {
                FileKind::Link { .. } => owner_change(&path, info, &task.attributes),
                _ => attributes_change(&path, info, &task.attributes),
            });
        }
    }
    Ok(decision)
}
