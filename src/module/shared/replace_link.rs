//! A link that gives way to a file of its own.

use super::attributes::all_of;
use super::describe::content_difference;
use super::file_change::{FileOutcome, FileWish, backup_path, effects, is, with_content};
use super::restore::{still, undo_replacement};
use super::target::Target;
use crate::model::change::{Change, ChangeKind, Effect, Field};
use crate::model::probe::{FileInfo, FileKind, Probe, Program};
use crate::model::step::{Action, Step};

/// Writing goes through links, so the file is written beside the link and renamed over it.
pub(super) fn replace_link(target: &Target, link: &FileInfo, wish: FileWish<'_>) -> FileOutcome {
    let path = &target.path;
    let content = wish
        .content
        .or_else(|| link.content.clone())
        .unwrap_or_default();
    let info = with_content(wish.attributes.new_info(FileKind::File), &content);
    let leads_to = match &link.kind {
        FileKind::Link { target, .. } => target.as_str(),
        _ => "",
    };
    let before = Some(format!("to {leads_to}"));
    let mut fields = vec![Field::new("link", before, None::<String>)];
    fields.extend(wish.attributes.fields_for_new(false));
    // Where the link leads nowhere there is nothing to keep.
    let backup = (wish.backup && link.sha256.is_some()).then(|| backup_path(path, link));
    let new = format!("{path}.cachesmith-new");
    let mut steps = Vec::new();
    if let Some(backup) = &backup {
        steps.push(program(["cp", "-p", "--", path, backup]));
    }
    steps.push(Step::new(Action::WriteFile {
        path: new.clone(),
        content: content.clone(),
        attributes: all_of(&info),
        validate: wish.validate,
        backup: None,
    }));
    steps.push(program(["mv", "-f", "--", &new, path]));
    steps[0].guard = Some(still(path, link));
    let mut effects = effects(target, &info);
    let kept = backup
        .iter()
        .flat_map(|path| [Probe::File(path.clone()), Probe::Content(path.clone())]);
    effects.extend(kept.map(|probe| Effect::Unknown {
        probe,
        reason: format!("the change of {path}"),
    }));
    let change = Change {
        kind: ChangeKind::Update,
        resource: path.clone(),
        difference: content_difference(link.content.as_ref(), &content, fields, wish.secret),
        notes: vec![format!(
            "a file takes the place of the link; `{leads_to}` stays as it is"
        )],
        steps,
        undo: undo_replacement(path, link, is(path, &content)),
        effects,
    };
    FileOutcome {
        change: Some(change),
        path: path.clone(),
        info,
        backup,
    }
}

fn program<const N: usize>(argv: [&str; N]) -> Step {
    Step::new(Action::Program {
        program: Box::new(Program::new(argv)),
        accepted: vec![0],
    })
}
