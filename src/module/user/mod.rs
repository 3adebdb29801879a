//! `user`: an account.

mod account;
mod home;
mod modify;
mod password;
mod remove;

use self::password::Password;
use super::shared::describe::number;
use super::shared::paths;
use super::shared::pending::numbered;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::probe::{GroupState, Probe, UNKNOWN_ID, UserState};
use crate::model::value::{Map, Value};

/// See the [module](self).
#[derive(Debug)]
pub struct User;

static SPEC: Spec = Spec {
    name: "user",
    aliases: &[],
    summary: "Sees to it that an account exists as it is wanted, or does not exist.",
    parameters: &[
        Parameter::new("name", Kind::String, "The name of the account.")
            .required()
            .aliases(&["user"]),
        Parameter::new("state", Kind::String, "Whether it exists.")
            .choices(&["absent", "present"])
            .default("present"),
        Parameter::new("uid", Kind::Integer, "Its number.").default("the next that is free"),
        Parameter::new(
            "non_unique",
            Kind::Boolean,
            "Accept a `uid` that another account has.",
        )
        .default("no"),
        Parameter::new(
            "system",
            Kind::Boolean,
            "Take the number from those for systems. It matters for a new account only.",
        )
        .default("no"),
        Parameter::new(
            "group",
            Kind::String,
            "Its primary group, by name or number; the group exists.",
        )
        .default("one of its own name, made with it"),
        Parameter::new(
            "groups",
            Kind::Strings,
            "Its further groups. An empty list takes it out of all.",
        ),
        Parameter::new(
            "append",
            Kind::Boolean,
            "Add it to `groups`, and leave it in others that it is in.",
        )
        .default("no"),
        Parameter::new("comment", Kind::String, "The full name, or what it is for."),
        Parameter::new("home", Kind::Path, "Its home directory.").default("/home/ and its name"),
        Parameter::new(
            "create_home",
            Kind::Boolean,
            "Make the home directory where it is not there.",
        )
        .aliases(&["createhome"])
        .default("yes"),
        Parameter::new(
            "move_home",
            Kind::Boolean,
            "Where `home` changes, move what is in the old one.",
        )
        .default("no"),
        Parameter::new(
            "skeleton",
            Kind::Path,
            "The directory that a new home directory is a copy of.",
        )
        .default("/etc/skel"),
        Parameter::new("shell", Kind::Path, "The program it logs in to."),
        Parameter::new(
            "password",
            Kind::Secret,
            "The hash of its password as crypt(5) makes it; `!` or `*` for none. It is compared by a fingerprint and \
             never leaves the host.",
        ),
        Parameter::new(
            "update_password",
            Kind::String,
            "Set the password whenever it differs, or only of a new account.",
        )
        .choices(&["always", "on_create"])
        .default("always"),
        Parameter::new(
            "password_lock",
            Kind::Boolean,
            "Lock or unlock the password. Keys and other ways to log in are left alone.",
        ),
        Parameter::new(
            "remove",
            Kind::Boolean,
            "With `absent`: remove the home directory and the mail too.",
        )
        .default("no"),
        Parameter::new(
            "force",
            Kind::Boolean,
            "With `absent`: remove it even while it is logged in.",
        )
        .default("no"),
    ],
    free_form: None,
    one_of: &[],
};

/// What a task says of a present account.
struct Task {
    name: String,
    uid: Option<u32>,
    unique: bool,
    system: bool,
    /// The primary group; it exists.
    group: Option<GroupState>,
    /// Names of further groups; all exist.
    groups: Option<Vec<String>>,
    append: bool,
    comment: Option<String>,
    home: Option<String>,
    create_home: bool,
    move_home: bool,
    skeleton: Option<String>,
    shell: Option<String>,
    password: Option<Password>,
    /// The password of an account that exists is left alone.
    only_new_password: bool,
    lock: Option<bool>,
}

impl Module for User {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop> {
        let name = parameters.required("name")?;
        if parameters.string("state")?.as_deref() == Some("absent") {
            return remove::decide(parameters, look, &name);
        }
        let task = Task::of(parameters, look, name)?;
        let found = look.user(&task.name)?.as_ref();
        task.check_number(look)?;
        let (changes, user) = match found {
            None => account::create(&task, look)?,
            Some(user) => {
                if task.uid.is_some_and(|uid| uid != user.uid) {
                    numbered(user.uid, &user.name)?;
                }
                modify::changes(&task, look, user)?
            }
        };
        Ok(Decision {
            changes,
            result: task.result(&user),
            ..Decision::default()
        })
    }
}

impl Task {
    fn of(parameters: &Parameters, look: &Look<'_>, name: String) -> Result<Self, Stop> {
        let uid = match parameters.integer("uid")? {
            None => None,
            Some(uid) => Some(
                u32::try_from(uid)
                    .ok()
                    .filter(|uid| *uid != UNKNOWN_ID)
                    .ok_or_else(|| Stop::failed(format!("{uid} is no number for an account")))?,
            ),
        };
        let group = parameters
            .string("group")?
            .filter(|group| !group.is_empty());
        let groups = match parameters.get("groups") {
            None => None,
            Some(_) => Some(parameters.strings("groups")?),
        };
        let append = parameters.boolean("append", false)?;
        if append && groups.is_none() {
            return Err(Stop::failed(
                "`append` adds to `groups`, and there are none",
            ));
        }
        let mut probes = vec![Probe::User(name.clone())];
        probes.extend(uid.map(|uid| Probe::User(uid.to_string())));
        let named = group.iter().chain(groups.iter().flatten());
        probes.extend(named.cloned().map(Probe::Group));
        let password = Password::of(parameters)?;
        let asked = look.ask(&probes);
        if asked.is_err() && group.is_none() {
            // A new account may get a group of its own name: it goes with the same question.
            look.ask(&[Probe::Group(name.clone())])?;
        }
        asked?;
        let group = group.map(|group| existing(look, &group)).transpose()?;
        let groups = match groups {
            None => None,
            Some(groups) => Some(
                groups
                    .iter()
                    .map(|group| existing(look, group).map(|group| group.name))
                    .collect::<Result<Vec<_>, _>>()?,
            ),
        };
        let text = |name: &str| -> Result<Option<String>, Stop> { parameters.string(name) };
        Ok(Self {
            uid,
            unique: !parameters.boolean("non_unique", false)?,
            system: parameters.boolean("system", false)?,
            group,
            groups,
            append,
            comment: text("comment")?,
            home: paths::optional(parameters, look, "home")?
                .map(|home| paths::without_slash(&home).to_owned()),
            create_home: parameters.boolean("create_home", true)?,
            move_home: parameters.boolean("move_home", false)?,
            skeleton: paths::optional(parameters, look, "skeleton")?,
            shell: text("shell")?.filter(|shell| !shell.is_empty()),
            password,
            only_new_password: text("update_password")?.as_deref() == Some("on_create"),
            lock: match parameters.get("password_lock") {
                None => None,
                Some(_) => Some(parameters.boolean("password_lock", false)?),
            },
            name,
        })
    }

    /// Fails where another account has the number.
    fn check_number(&self, look: &Look<'_>) -> Result<(), Stop> {
        let Some(uid) = self.uid.filter(|_| self.unique) else {
            return Ok(());
        };
        match look.user(&uid.to_string())? {
            Some(other) if other.name != self.name => Err(Failure::new(format!(
                "the uid {uid} belongs to the account `{}`",
                other.name
            ))
            .help("choose another, or accept both with `non_unique: yes`")
            .into()),
            _ => Ok(()),
        }
    }

    fn result(&self, user: &UserState) -> Map {
        let mut result = Map::new();
        let mut put = |name: &str, value: Value| {
            result.insert(name.to_owned(), value);
        };
        put("name", self.name.as_str().into());
        put("state", "present".into());
        put("uid", number(user.uid, &user.name));
        put("group", number(user.gid, &user.name));
        put("comment", user.comment.as_str().into());
        put("home", user.home.as_str().into());
        put("shell", user.shell.as_str().into());
        put("append", self.append.into());
        put("move_home", self.move_home.into());
        put("create_home", self.create_home.into());
        put("system", self.system.into());
        if let Some(groups) = &self.groups {
            put("groups", groups.join(",").into());
        }
        if self.password.is_some() {
            put("password", "NOT_LOGGING_PASSWORD".into());
        }
        result
    }
}

/// A group that has to exist.
fn existing(look: &Look<'_>, name: &str) -> Result<GroupState, Stop> {
    look.group(name)?.clone().ok_or_else(|| {
        Failure::new(format!("there is no group `{name}`"))
            .help("create it with a `group` task before")
            .into()
    })
}
