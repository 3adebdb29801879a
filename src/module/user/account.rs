//! New accounts.

use super::Task;
use super::password::{Password, fingerprint_of};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo, file_becomes};
use crate::model::probe::{
    FileInfo, FileKind, FileState, GroupState, Observation, Probe, UNKNOWN_ID, UserState,
};
use crate::module::shared::paths;
use crate::module::shared::program::run;
use crate::module::{Look, Stop};

/// The group that `useradd` gives an account that may not have one of its own name: `users` on Debian and Red Hat.
const USERS: (&str, u32) = ("users", 100);

pub(super) fn create(task: &Task, look: &Look<'_>) -> Result<(Vec<Change>, UserState), Stop> {
    let home = task
        .home
        .clone()
        .unwrap_or_else(|| format!("/home/{}", task.name));
    let at_home = if task.create_home {
        Some(look.file(&home)?)
    } else {
        None
    };
    let makes_home = matches!(at_home, Some(FileState::Absent { .. }));
    let own_group = task.group.is_none() && look.group(&task.name)?.is_none();
    let lock = task.lock == Some(true);
    let user = new_account(task, &home, own_group);

    let mut steps = Vec::new();
    if matches!(
        at_home,
        Some(FileState::Absent {
            parent_exists: false
        })
    ) {
        // useradd makes no directories above.
        steps.push(run(["mkdir", "-p", "--", paths::parent(&home)]));
    }
    steps.push(run(arguments(task, own_group)));
    if let Some(password) = &task.password {
        steps.push(password.step(&task.name, lock));
    }
    let mut undo = vec!["userdel"];
    if makes_home {
        undo.push("-r");
    }
    undo.extend(["--", &task.name]);
    let change = Change {
        kind: ChangeKind::Create,
        resource: format!("user {}", task.name),
        difference: Difference::Fields(fields(task, &user)),
        notes: Vec::new(),
        steps,
        undo: Undo::Steps(vec![run(undo)]),
        effects: effects(&user, own_group, makes_home),
    };
    Ok((vec![change], user))
}

fn arguments(task: &Task, own_group: bool) -> Vec<String> {
    let mut argv = vec!["useradd".to_owned()];
    let mut option = |name: &str, value: Option<&str>| {
        argv.push(name.to_owned());
        argv.extend(value.map(str::to_owned));
    };
    if let Some(uid) = task.uid {
        option("-u", Some(&uid.to_string()));
        if !task.unique {
            option("-o", None);
        }
    }
    match &task.group {
        Some(group) => option("-g", Some(&group.name)),
        None if !own_group => option("-N", None),
        None => {}
    }
    if let Some(groups) = task.groups.as_ref().filter(|groups| !groups.is_empty()) {
        option("-G", Some(&groups.join(",")));
    }
    if let Some(comment) = &task.comment {
        option("-c", Some(comment));
    }
    if let Some(home) = &task.home {
        option("-d", Some(home));
    }
    if let Some(shell) = &task.shell {
        option("-s", Some(shell));
    }
    if task.create_home {
        option("-m", None);
        if let Some(skeleton) = &task.skeleton {
            option("-k", Some(skeleton));
        }
    } else {
        option("-M", None);
    }
    if task.system {
        option("-r", None);
    }
    option("--", Some(&task.name));
    argv
}

/// The account as far as it is known before the host makes it.
fn new_account(task: &Task, home: &str, own_group: bool) -> UserState {
    let (group, gid) = match &task.group {
        Some(group) => (group.name.clone(), group.gid),
        None if own_group => (task.name.clone(), UNKNOWN_ID),
        None => (USERS.0.to_owned(), USERS.1),
    };
    let mut groups: Vec<String> = task.groups.clone().unwrap_or_default();
    groups.retain(|name| *name != group);
    groups.sort();
    groups.dedup();
    let mut user = UserState {
        name: task.name.clone(),
        uid: task.uid.unwrap_or(UNKNOWN_ID),
        gid,
        group,
        groups,
        comment: task.comment.clone().unwrap_or_default(),
        home: home.to_owned(),
        shell: task.shell.clone().unwrap_or_default(),
        locked: Some(true),
        password_fingerprint: Some(fingerprint_of("!")),
    };
    if let Some(password) = &task.password {
        password.set(&mut user, task.lock == Some(true));
    }
    user
}

fn fields(task: &Task, user: &UserState) -> Vec<Field> {
    let mut fields = vec![Field::new("state", Some("absent"), Some("present"))];
    let mut add = |name: &str, value: Option<String>| {
        if value.is_some() {
            fields.push(Field::new(name, None::<String>, value));
        }
    };
    add("uid", task.uid.map(|uid| uid.to_string()));
    add("group", task.group.as_ref().map(|group| group.name.clone()));
    add(
        "groups",
        task.groups.as_ref().map(|groups| groups.join(", ")),
    );
    add("comment", task.comment.clone());
    add("home", task.home.clone());
    add("shell", task.shell.clone());
    if task.password.is_some() {
        fields.push(Password::difference(None, user));
    }
    fields
}

fn effects(user: &UserState, own_group: bool, makes_home: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut becomes = |probe: Probe, observation: Observation| {
        effects.push(Effect::Becomes(probe.clone(), observation));
        // Numbers and what was left to the host's defaults are known only there.
        effects.push(Effect::AskAgain(probe));
    };
    becomes(
        Probe::User(user.name.clone()),
        Observation::User(Some(user.clone())),
    );
    if user.uid != UNKNOWN_ID {
        becomes(
            Probe::User(user.uid.to_string()),
            Observation::User(Some(user.clone())),
        );
    }
    if own_group {
        let group = GroupState {
            name: user.group.clone(),
            gid: user.gid,
            members: Vec::new(),
        };
        becomes(
            Probe::Group(user.group.clone()),
            Observation::Group(Some(group)),
        );
    }
    // Their members.
    let groups = user.groups.iter().cloned().map(Probe::Group);
    effects.extend(groups.map(Effect::AskAgain));
    if makes_home {
        effects.extend(home_becomes(user));
    }
    effects
}

/// A home directory has been made; its mode is the host's choice.
pub(super) fn home_becomes(user: &UserState) -> Vec<Effect> {
    let info = FileInfo {
        kind: FileKind::Directory,
        mode: 0o755,
        owner: user.name.clone(),
        group: user.group.clone(),
        uid: user.uid,
        gid: user.gid,
        size: 0,
        modified: 0,
        sha256: None,
        content: None,
    };
    let mut effects = file_becomes(&user.home, FileState::Present(Box::new(info)));
    effects.extend([
        Effect::AskAgain(Probe::File(user.home.clone())),
        Effect::AskAgain(Probe::Content(user.home.clone())),
        Effect::AskAgain(Probe::Tree(user.home.clone())),
    ]);
    effects
}
