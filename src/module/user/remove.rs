//! Accounts that are to go.

use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{FileState, Observation, Probe, UserState};
use crate::model::step::Step;
use crate::model::value::Map;
use crate::module::shared::pending::numbered;
use crate::module::shared::program::run;
use crate::module::{Decision, Look, Parameters, Stop};

pub(super) fn decide(
    parameters: &Parameters,
    look: &Look<'_>,
    name: &str,
) -> Result<Decision, Stop> {
    let remove = parameters.boolean("remove", false)?;
    let force = parameters.boolean("force", false)?;
    let found = look.user(name)?.as_ref();
    if let Some(user) = found {
        numbered(user.uid, name)?;
        numbered(user.gid, name)?;
    }
    let changes = found
        .map(|user| change(user, remove, force))
        .into_iter()
        .collect();
    let result = Map::from_iter([
        ("name".to_owned(), name.into()),
        ("state".to_owned(), "absent".into()),
        ("remove".to_owned(), remove.into()),
        ("force".to_owned(), force.into()),
    ]);
    Ok(Decision {
        changes,
        result,
        ..Decision::default()
    })
}

fn change(user: &UserState, remove: bool, force: bool) -> Change {
    let mut argv = vec!["userdel"];
    if remove {
        argv.push("-r");
    }
    if force {
        argv.push("-f");
    }
    argv.extend(["--", &user.name]);
    let gone = |probe| Effect::Becomes(probe, Observation::User(None));
    let mut effects = vec![
        gone(Probe::User(user.name.clone())),
        gone(Probe::User(user.uid.to_string())),
        // A group of its own goes with it where nobody else is in it.
        Effect::AskAgain(Probe::Group(user.name.clone())),
        Effect::AskAgain(Probe::Group(user.group.clone())),
    ];
    effects.extend(
        user.groups
            .iter()
            .cloned()
            .map(|group| Effect::AskAgain(Probe::Group(group))),
    );
    let mut notes = Vec::new();
    if remove {
        notes.push(format!("its home directory `{}` goes too", user.home));
        let state = FileState::Absent {
            parent_exists: true,
        };
        effects.extend(crate::model::change::file_becomes(&user.home, state));
        effects.extend([
            Effect::AskAgain(Probe::File(user.home.clone())),
            Effect::AskAgain(Probe::Content(user.home.clone())),
        ]);
    }
    Change {
        kind: ChangeKind::Remove,
        resource: format!("user {}", user.name),
        difference: Difference::Fields(vec![Field::new(
            "state",
            Some(format!("present, uid {}", user.uid)),
            Some("absent"),
        )]),
        notes,
        steps: vec![run(argv)],
        undo: undo(user, remove),
        effects,
    }
}

fn undo(user: &UserState, remove: bool) -> Undo {
    if remove {
        return Undo::Impossible(format!("what is in `{}` is not kept", user.home));
    }
    if user.locked != Some(true) {
        return Undo::Impossible(format!(
            "the password of `{}` never left the host",
            user.name
        ));
    }
    Undo::Steps(make_again(user))
}

/// Its group first, where that went with it. A locked account comes back locked.
fn make_again(user: &UserState) -> Vec<Step> {
    let gid = user.gid.to_string();
    let uid = user.uid.to_string();
    let groups = user.groups.join(",");
    let mut argv = vec![
        "useradd",
        "-M",
        "-N",
        "-o",
        "-u",
        &uid,
        "-g",
        &gid,
        "-c",
        &user.comment,
        "-d",
        &user.home,
    ];
    if !user.shell.is_empty() {
        argv.extend(["-s", &user.shell]);
    }
    if !groups.is_empty() {
        argv.extend(["-G", &groups]);
    }
    argv.extend(["--", &user.name]);
    vec![
        run(["groupadd", "-f", "-o", "-g", &gid, "--", &user.group]),
        run(argv),
    ]
}
