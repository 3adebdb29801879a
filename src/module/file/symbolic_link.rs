//! `state: link`.

use super::{Task, decision};
use crate::model::change::{Change, ChangeKind, Difference, Undo, file_becomes};
use crate::model::probe::{FileInfo, FileKind, FileState, Program};
use crate::model::step::{Action, Guard, Step};
use crate::module::shared::attributes::Resolved;
use crate::module::shared::link::link_change;
use crate::module::shared::{paths, pending};
use crate::module::{Decision, Failure, Look, Stop};

pub(super) fn decide(look: &Look<'_>, task: &Task, found: &FileState) -> Result<Decision, Stop> {
    let path = &task.path;
    let old = match found {
        FileState::Present(info) => Some(&**info),
        FileState::Absent { .. } => None,
    };
    let is = |kind| old.is_some_and(|info| info.kind == kind);
    let src = match (&task.src, old.map(|info| &info.kind)) {
        (Some(src), _) => src.clone(),
        // Without a source an existing link is meant as it is.
        (None, Some(FileKind::Link { target, .. })) => target.clone(),
        (None, _) => {
            return Err(Stop::failed("a new link needs `src`: what it leads to"));
        }
    };
    let from = if is(FileKind::Directory) {
        path
    } else {
        paths::parent(path)
    };
    let leads_to = paths::join(from, &src);
    let at_source = look.file(&leads_to)?;
    if task.src.is_some() && !task.force && !stands(at_source) {
        let failure = Failure::new(format!(
            "nothing stands at `{leads_to}`, where the link would lead"
        ))
        .help("`force: yes` makes the link all the same");
        return Err(pending::missing(look, failure));
    }
    if old.is_some_and(|info| !matches!(info.kind, FileKind::Link { .. })) && !task.force {
        return Err(Failure::new(format!("`{path}` is there, and is no link"))
            .help("`force: yes` lets a file or an empty directory give way to the link")
            .into());
    }
    if is(FileKind::Directory) && !look.tree(path)?.is_empty() {
        return Err(Failure::new(format!(
            "the directory `{path}` is not empty, and gives no way to a link"
        ))
        .help("remove it with `state: absent` before")
        .into());
    }
    if matches!(
        found,
        FileState::Absent {
            parent_exists: false
        }
    ) {
        return Err(paths::no_directory(path));
    }
    let change = link_change(path, &src, found, &task.attributes);
    let made = change.is_some();
    let mut changes: Vec<Change> = change.into_iter().collect();
    let kind = FileKind::Link {
        target: src.clone(),
        resolved: stands(at_source).then_some(leads_to.clone()),
    };
    let info = match old {
        Some(old) if !made => old.clone(),
        _ => task.attributes.new_info(kind),
    };
    if task.follow {
        changes.extend(of_what_it_leads_to(look, task, &leads_to, at_source)?);
    } else {
        changes.extend(of_the_link(task, &info, made)?);
    }
    let mut decision = decision(path, &info, changes);
    decision.result.insert("src".to_owned(), src.into());
    Ok(decision)
}

/// Whether something stands there, at the end of links too.
fn stands(state: &FileState) -> bool {
    match state {
        FileState::Absent { .. } => false,
        FileState::Present(info) => !matches!(&info.kind, FileKind::Link { resolved: None, .. }),
    }
}

/// Mode, owner, group and times of what the link leads to; nothing where nothing stands there.
fn of_what_it_leads_to(
    look: &Look<'_>,
    task: &Task,
    path: &str,
    state: &FileState,
) -> Result<Vec<Change>, Stop> {
    let (path, state) = match state {
        FileState::Present(info) => match &info.kind {
            FileKind::Link {
                resolved: Some(resolved),
                ..
            } => (resolved.as_str(), look.file(resolved)?),
            _ => (path, state),
        },
        FileState::Absent { .. } => return Ok(Vec::new()),
    };
    let FileState::Present(found) = state else {
        return Ok(Vec::new());
    };
    Ok(task.attributes_and_times(path, found))
}

/// Owner and group of the link itself.
fn of_the_link(task: &Task, link: &FileInfo, made: bool) -> Result<Option<Change>, Stop> {
    if task.attributes.mode.is_some() {
        return Err(Failure::new("a link has no mode of its own")
            .help("leave `mode` out, or `follow: no`")
            .into());
    }
    let found = if made {
        // Whoever makes a link owns it.
        let creator = &task.attributes.creator;
        FileInfo {
            owner: creator.user.name.clone(),
            uid: creator.user.id,
            group: creator.group.name.clone(),
            gid: creator.group.id,
            ..link.clone()
        }
    } else {
        link.clone()
    };
    Ok(owner_change(&task.path, &found, &task.attributes))
}

/// The change of a link's own owner and group; it has no mode.
pub(super) fn owner_change(path: &str, found: &FileInfo, wanted: &Resolved) -> Option<Change> {
    let wanted = Resolved {
        mode: None,
        ..wanted.clone()
    };
    let (set, fields) = wanted.difference(found);
    if set.is_empty() {
        return None;
    }
    let chown = |owner: &str, group: &str| {
        Step::new(Action::Program {
            program: Box::new(Program::new([
                "chown",
                "-h",
                "--",
                &format!("{owner}:{group}"),
                path,
            ])),
            accepted: vec![0],
        })
        .guarded(Guard::Exists {
            path: path.to_owned(),
        })
    };
    let info = wanted.applied(found);
    Some(Change {
        kind: ChangeKind::Update,
        resource: path.to_owned(),
        difference: Difference::Fields(fields),
        notes: vec!["of the link itself".to_owned()],
        steps: vec![chown(&info.owner, &info.group)],
        undo: Undo::Steps(vec![chown(&found.owner, &found.group)]),
        effects: file_becomes(path, FileState::Present(Box::new(info))),
    })
}
