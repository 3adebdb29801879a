//! Accounts that exist.

use super::password::{fingerprint_of, known};
use super::{Task, home};
use crate::model::change::{Change, ChangeKind, Difference, Effect, Field, Undo};
use crate::model::probe::{Observation, Probe, UserState};
use crate::module::shared::program::run;
use crate::module::{Failure, Look, Stop};

/// What `usermod` has to change, forth and back.
#[derive(Default)]
struct Options {
    forth: Vec<String>,
    back: Vec<String>,
    fields: Vec<Field>,
}

impl Options {
    /// An option with a value.
    fn set(&mut self, name: &str, option: &str, before: &str, after: &str) {
        self.forth.extend([option.to_owned(), after.to_owned()]);
        self.back.extend([option.to_owned(), before.to_owned()]);
        self.fields
            .push(Field::new(name, Some(before), Some(after)));
    }

    /// An option that others need, both ways.
    fn with(&mut self, option: &str) {
        self.forth.push(option.to_owned());
        self.back.push(option.to_owned());
    }
}

pub(super) fn changes(
    task: &Task,
    look: &Look<'_>,
    found: &UserState,
) -> Result<(Vec<Change>, UserState), Stop> {
    let mut after = found.clone();
    let mut options = Options::default();
    numbers_and_texts(task, found, &mut after, &mut options);
    groups(task, found, &mut after, &mut options);
    let password = match task.password.as_ref().filter(|_| !task.only_new_password) {
        Some(password) => password.change(found, task.lock)?,
        None => None,
    };
    // A new password is locked or not as it is set.
    if password.is_none() {
        lock(task, found, &mut after, &mut options)?;
    }
    let mut changes = Vec::new();
    if !options.forth.is_empty() {
        let mut change = change(found, &after, options);
        if task.move_home && found.home != after.home {
            change.effects.extend(home_moves(&found.home, &after.home));
        }
        changes.push(change);
    }
    if let Some(mut password) = password {
        if let Some(Effect::Becomes(_, Observation::User(Some(user)))) =
            password.effects.first_mut()
        {
            after.locked = user.locked;
            after
                .password_fingerprint
                .clone_from(&user.password_fingerprint);
            *user = after.clone();
        }
        changes.push(password);
    }
    changes.extend(home::change(task, look, &after, &found.home)?);
    Ok((changes, after))
}

fn numbers_and_texts(task: &Task, found: &UserState, after: &mut UserState, options: &mut Options) {
    if let Some(uid) = task.uid.filter(|uid| *uid != found.uid) {
        options.set("uid", "-u", &found.uid.to_string(), &uid.to_string());
        if !task.unique {
            options.with("-o");
        }
        after.uid = uid;
    }
    if let Some(group) = task.group.as_ref().filter(|group| group.gid != found.gid) {
        options.set("group", "-g", &found.group, &group.name);
        after.group.clone_from(&group.name);
        after.gid = group.gid;
    }
    let texts = [
        ("comment", "-c", &task.comment, &mut after.comment),
        ("home", "-d", &task.home, &mut after.home),
        ("shell", "-s", &task.shell, &mut after.shell),
    ];
    for (name, option, wanted, current) in texts {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| *wanted != current) {
            options.set(name, option, current, wanted);
            if name == "home" && task.move_home {
                options.with("-m");
            }
            current.clone_from(wanted);
        }
    }
}

fn groups(task: &Task, found: &UserState, after: &mut UserState, options: &mut Options) {
    let Some(wanted) = &task.groups else {
        return;
    };
    let mut groups = wanted.clone();
    if task.append {
        groups.extend(found.groups.iter().cloned());
    }
    groups.retain(|group| *group != after.group);
    groups.sort();
    groups.dedup();
    if groups != found.groups {
        let [before, wanted] = [&found.groups, &groups].map(|groups| groups.join(","));
        options.set("groups", "-G", &before, &wanted);
        after.groups = groups;
    }
}

fn lock(
    task: &Task,
    found: &UserState,
    after: &mut UserState,
    options: &mut Options,
) -> Result<(), Stop> {
    let Some(lock) = task.lock else {
        return Ok(());
    };
    let fingerprint = known(found)?;
    // `*` is no password and no lock.
    if found.locked == Some(lock) || fingerprint == fingerprint_of("*") {
        return Ok(());
    }
    if !lock
        && ["!", "!!"]
            .iter()
            .any(|field| fingerprint == fingerprint_of(field))
    {
        return Err(Failure::new(format!(
            "`{}` has no password that could be unlocked",
            found.name
        ))
        .help("give it a `password`, or leave `password_lock` out")
        .into());
    }
    let (forth, back) = if lock { ("-L", "-U") } else { ("-U", "-L") };
    options.forth.push(forth.to_owned());
    options.back.push(back.to_owned());
    let word = |lock: bool| Some(if lock { "locked" } else { "open" });
    options
        .fields
        .push(Field::new("password", word(!lock), word(lock)));
    after.locked = Some(lock);
    // It stands for another text now, which only the host knows.
    after.password_fingerprint = None;
    Ok(())
}

/// What is in both places after a move depends on what was there.
fn home_moves(before: &str, after: &str) -> Vec<Effect> {
    [before, after]
        .into_iter()
        .flat_map(|path| {
            [
                Probe::File(path.to_owned()),
                Probe::Content(path.to_owned()),
                Probe::Tree(path.to_owned()),
            ]
        })
        .map(Effect::AskAgain)
        .collect()
}

fn change(found: &UserState, after: &UserState, options: Options) -> Change {
    let usermod = |options: Vec<String>| {
        let mut argv = vec!["usermod".to_owned()];
        argv.extend(options);
        argv.extend(["--".to_owned(), found.name.clone()]);
        run(argv)
    };
    let becomes = |name: String, user: Option<&UserState>| {
        Effect::Becomes(Probe::User(name), Observation::User(user.cloned()))
    };
    let mut effects = vec![becomes(found.name.clone(), Some(after))];
    if after.password_fingerprint.is_none() && found.password_fingerprint.is_some() {
        effects.push(Effect::AskAgain(Probe::User(found.name.clone())));
    }
    if after.uid != found.uid {
        effects.push(becomes(found.uid.to_string(), None));
        effects.push(becomes(after.uid.to_string(), Some(after)));
    }
    if after.groups != found.groups {
        let all = found.groups.iter().chain(&after.groups);
        effects.extend(all.cloned().map(Probe::Group).map(Effect::AskAgain));
    }
    let mut notes = Vec::new();
    if after.uid != found.uid {
        notes.push(format!(
            "files outside the home directory keep the number {}",
            found.uid
        ));
    }
    Change {
        kind: ChangeKind::Update,
        resource: format!("user {}", found.name),
        difference: Difference::Fields(options.fields),
        notes,
        steps: vec![usermod(options.forth)],
        undo: Undo::Steps(vec![usermod(options.back)]),
        effects,
    }
}
