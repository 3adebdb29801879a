//! Files of the host that are too large to be read: the host copies them itself.

use crate::model::change::{Change, ChangeKind, Difference, Field, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileKind, FileState, Program};
use crate::model::step::{Action, Guard, Step};
use crate::module::Stop;
use crate::module::shared::attributes::all_of;
use crate::module::shared::describe::summary;
use crate::module::shared::file_change::{FileOutcome, FileWish, backup_path, file_change};
use crate::module::shared::mode::show;
use crate::module::shared::restore::{still, undo_replacement};
use crate::module::shared::target::Target;

/// Copies beside the target, sets owner and mode, lets a program judge it, and renames.
const COPY: &str = "\
set -eu
from=$1 new=$2 to=$3 mode=$4 owner=$5 group=$6 kept=$7
shift 7
trap 'rm -f -- \"$new\"' EXIT
cp -- \"$from\" \"$new\"
chown -- \"$owner:$group\" \"$new\"
chmod -- \"$mode\" \"$new\"
[ $# -eq 0 ] || \"$@\"
[ -z \"$kept\" ] || cp -p -- \"$to\" \"$kept\"
sync -- \"$new\" 2>/dev/null || sync
mv -f -- \"$new\" \"$to\"
";

/// What has to be done so that the target is a copy of another file of the host.
pub(super) fn change(
    from: &str,
    sha256: &str,
    size: u64,
    target: &Target,
    wish: &FileWish<'_>,
) -> Result<FileOutcome, Stop> {
    let validate = wish.validate.clone().unwrap_or_default();
    // Everything but the content is as for any other file.
    let mut outcome = file_change(target, wish.clone())?;
    let info = FileInfo {
        kind: FileKind::File,
        size,
        sha256: Some(sha256.to_owned()),
        content: None,
        ..outcome.info.clone()
    };
    let path = &target.path;
    let found = target.info();
    let backup = found
        .filter(|found| wish.backup && found.sha256.is_some())
        .map(|found| backup_path(path, found));
    let new = format!("{path}.cachesmith-new");
    let attributes = all_of(&info);
    let mut argv = vec![
        "/bin/sh".to_owned(),
        "-c".to_owned(),
        COPY.to_owned(),
        "copy".to_owned(),
        from.to_owned(),
        new.clone(),
        path.clone(),
        show(info.mode),
        attributes.owner.unwrap_or_default(),
        attributes.group.unwrap_or_default(),
        backup.clone().unwrap_or_default(),
    ];
    argv.extend(validate.iter().map(|word| word.replace("%s", &new)));
    let guard = match found {
        None => Guard::Absent { path: path.clone() },
        Some(found) => still(path, found),
    };
    let is_copy = Guard::Sha256 {
        path: path.clone(),
        sha256: sha256.to_owned(),
    };
    let undo = match found {
        None => Undo::Steps(vec![
            Step::new(Action::Remove { path: path.clone() }).guarded(is_copy),
        ]),
        Some(found) => undo_replacement(path, found, is_copy),
    };
    let before =
        found.map(|found| summary(found.size, found.sha256.as_deref().unwrap_or_default()));
    let mut fields = vec![Field::new("content", before, Some(summary(size, sha256)))];
    fields.extend(
        match outcome.change.take().map(|change| change.difference) {
            Some(Difference::Fields(fields) | Difference::Text { fields, .. }) => fields,
            _ => Vec::new(),
        },
    );
    let mut effects = file_becomes(path, FileState::Present(Box::new(info.clone())));
    if let (Some(backup), Some(_)) = (&backup, found) {
        effects.extend(file_becomes(backup, target.state.clone()));
    }
    outcome.change = Some(Change {
        kind: match found {
            None => ChangeKind::Create,
            Some(_) => ChangeKind::Update,
        },
        resource: path.clone(),
        difference: Difference::Fields(fields),
        notes: vec![format!("a copy of `{from}`")],
        steps: vec![
            Step::new(Action::Program {
                program: Box::new(Program::new(argv)),
                accepted: vec![0],
            })
            .guarded(guard),
        ],
        undo,
        effects,
    });
    outcome.info = info;
    outcome.backup = backup;
    Ok(outcome)
}
