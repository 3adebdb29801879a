//! Mode, owner and group as a task asks for them, resolved against what the host knows.

use super::mode::{Mode, new_mode, show};
use crate::model::change::Field;
use crate::model::probe::{FileInfo, FileKind, GroupState, Probe, UserState};
use crate::model::step::Attributes;
use crate::model::value::Value;
use crate::module::{Failure, Kind, Look, Parameter, Parameters, Stop};

/// The parameter that a [`Wanted`] reads its mode from.
pub const MODE: Parameter = Parameter::new(
    "mode",
    Kind::Mode,
    "Permissions as octal digits in quotes (`\"0644\"`) or as symbols (`u=rw,g=r,o=`).",
)
.default("as it is; 0644 for a new file, 0755 for a new directory");

/// The parameter that a [`Wanted`] reads its owner from.
pub const OWNER: Parameter = Parameter::new(
    "owner",
    Kind::String,
    "The user that owns it, by name or number.",
)
.default("as it is; whoever runs the task for something new");

/// The parameter that a [`Wanted`] reads its group from.
pub const GROUP: Parameter = Parameter::new(
    "group",
    Kind::String,
    "The group that owns it, by name or number.",
)
.default("as it is; the group of whoever runs the task for something new");

/// Mode, owner and group as parameters say; `None`: as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub mode: Option<Mode>,
    pub owner: Option<String>,
    pub group: Option<String>,
}

/// The same with the numbers that the host gives to owner and group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    pub mode: Option<Mode>,
    pub owner: Option<Account>,
    pub group: Option<Account>,
    /// Who owns what is made without being told.
    pub creator: Creator,
}

/// A user or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub id: u32,
}

/// The user and group of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creator {
    pub user: Account,
    pub group: Account,
}

impl Default for Creator {
    fn default() -> Self {
        Self {
            user: Account::root(),
            group: Account::root(),
        }
    }
}

/// The account and the group that every host has, so that none is asked for them.
const ROOT: &str = "root";

impl Account {
    fn root() -> Self {
        Self {
            name: ROOT.to_owned(),
            id: 0,
        }
    }
}

impl Wanted {
    /// Reads `mode`, `owner` and `group`.
    ///
    /// # Errors
    /// When one of them is no such thing.
    pub fn of(parameters: &Parameters) -> Result<Self, Stop> {
        let name = |name| -> Result<Option<String>, Stop> {
            Ok(parameters.string(name)?.filter(|text| !text.is_empty()))
        };
        Ok(Self {
            mode: Mode::of(parameters, "mode")?,
            owner: name("owner")?,
            group: name("group")?,
        })
    }

    /// The questions that [`Wanted::resolve`] needs answered; ask them together with others.
    pub fn probes(&self) -> Vec<Probe> {
        let asked = |name: &&String| *name != ROOT;
        let owner = self.owner.iter().filter(asked).cloned().map(Probe::User);
        let group = self.group.iter().filter(asked).cloned().map(Probe::Group);
        owner.chain(group).collect()
    }

    /// Looks owner and group up on the host.
    ///
    /// # Errors
    /// When there is no such user or group, beside what [`Look::observe`] says.
    pub fn resolve(&self, look: &Look<'_>) -> Result<Resolved, Stop> {
        look.ask(&self.probes())?;
        let owner = match &self.owner {
            None => None,
            Some(name) if name == ROOT => Some(Account::root()),
            Some(name) => Some(user(name, look.user(name)?.as_ref())?),
        };
        let group = match &self.group {
            None => None,
            Some(name) if name == ROOT => Some(Account::root()),
            Some(name) => Some(group(name, look.group(name)?.as_ref())?),
        };
        Ok(Resolved {
            mode: self.mode.clone(),
            owner,
            group,
            creator: creator(look)?,
        })
    }
}

/// A number needs no account: files may belong to anybody.
fn user(wanted: &str, found: Option<&UserState>) -> Result<Account, Stop> {
    match (found, wanted.parse()) {
        (Some(user), _) => Ok(Account {
            name: user.name.clone(),
            id: user.uid,
        }),
        (None, Ok(id)) => Ok(Account {
            name: wanted.to_owned(),
            id,
        }),
        (None, Err(_)) => Err(Failure::new(format!("there is no user `{wanted}`"))
            .help("create it with a `user` task before, or install the package that brings it")
            .into()),
    }
}

fn group(wanted: &str, found: Option<&GroupState>) -> Result<Account, Stop> {
    match (found, wanted.parse()) {
        (Some(group), _) => Ok(Account {
            name: group.name.clone(),
            id: group.gid,
        }),
        (None, Ok(id)) => Ok(Account {
            name: wanted.to_owned(),
            id,
        }),
        (None, Err(_)) => Err(Failure::new(format!("there is no group `{wanted}`"))
            .help("create it with a `group` task before, or install the package that brings it")
            .into()),
    }
}

/// Who the session is, as the facts say; root where they do not.
fn creator(look: &Look<'_>) -> Result<Creator, Stop> {
    let text = |name: &str| -> Result<Option<String>, Stop> {
        Ok(look.fact(&[name])?.and_then(Value::scalar_text))
    };
    let number = |name: &str| -> Result<u32, Stop> {
        Ok(text(name)?.and_then(|text| text.parse().ok()).unwrap_or(0))
    };
    let Some(name) = text("ansible_user_id")?.filter(|name| name != "root") else {
        return Ok(Creator::default());
    };
    Ok(Creator {
        group: Account {
            // Most systems give every user a group of the same name; only its number is known.
            name: name.clone(),
            id: number("ansible_user_gid")?,
        },
        user: Account {
            name,
            id: number("ansible_user_uid")?,
        },
    })
}

impl Resolved {
    /// What has to be set of something that is there, and how that is shown.
    pub fn difference(&self, found: &FileInfo) -> (Attributes, Vec<Field>) {
        let mut set = Attributes::default();
        let mut fields = Vec::new();
        let directory = found.kind == FileKind::Directory;
        if let Some(mode) = self
            .mode
            .as_ref()
            .map(|mode| mode.resolve(found.mode, directory))
            .filter(|mode| *mode != found.mode)
        {
            set.mode = Some(mode);
            fields.push(Field::new("mode", Some(show(found.mode)), Some(show(mode))));
        }
        if let Some(owner) = self.owner.as_ref().filter(|owner| owner.id != found.uid) {
            set.owner = Some(owner.name.clone());
            fields.push(Field::new("owner", Some(&found.owner), Some(&owner.name)));
        }
        if let Some(group) = self.group.as_ref().filter(|group| group.id != found.gid) {
            set.group = Some(group.name.clone());
            fields.push(Field::new("group", Some(&found.group), Some(&group.name)));
        }
        (set, fields)
    }

    /// What is asked for something new; a symbolic mode is worked out.
    pub fn for_new(&self, directory: bool) -> Attributes {
        Attributes {
            mode: self.mode.as_ref().map(|mode| mode.resolve_new(directory)),
            owner: self.owner.as_ref().map(|owner| owner.name.clone()),
            group: self.group.as_ref().map(|group| group.name.clone()),
        }
    }

    /// Whether a new file has to become another than it is when nothing is said about it.
    pub fn differ_from_new(&self) -> bool {
        let plain = Self {
            mode: None,
            owner: None,
            group: None,
            creator: self.creator.clone(),
        };
        !self
            .difference(&plain.new_info(FileKind::File))
            .1
            .is_empty()
    }

    /// What something new gets, as fields of a difference: only what is asked for.
    pub fn fields_for_new(&self, directory: bool) -> Vec<Field> {
        let asked = self.for_new(directory);
        [
            ("mode", asked.mode.map(show)),
            ("owner", asked.owner),
            ("group", asked.group),
        ]
        .into_iter()
        .filter_map(|(name, value)| {
            value.map(|value| Field::new(name, None::<String>, Some(value)))
        })
        .collect()
    }

    /// Something new as it will be observed, without size, time and content.
    pub fn new_info(&self, kind: FileKind) -> FileInfo {
        let directory = kind == FileKind::Directory;
        let mode = match &kind {
            FileKind::Link { .. } => 0o777,
            _ => self
                .mode
                .as_ref()
                .map_or(new_mode(directory), |mode| mode.resolve_new(directory)),
        };
        let user = self.owner.as_ref().unwrap_or(&self.creator.user);
        let group = self.group.as_ref().unwrap_or(&self.creator.group);
        FileInfo {
            kind,
            mode,
            owner: user.name.clone(),
            group: group.name.clone(),
            uid: user.id,
            gid: group.id,
            size: 0,
            modified: 0,
            sha256: None,
            content: None,
        }
    }

    /// Something that is there, with what is asked for set.
    pub fn applied(&self, found: &FileInfo) -> FileInfo {
        let mut info = found.clone();
        if let Some(mode) = &self.mode {
            info.mode = mode.resolve(found.mode, found.kind == FileKind::Directory);
        }
        if let Some(owner) = &self.owner {
            info.owner.clone_from(&owner.name);
            info.uid = owner.id;
        }
        if let Some(group) = &self.group {
            info.group.clone_from(&group.name);
            info.gid = group.id;
        }
        info
    }
}

/// All attributes of something that is there, to restore it.
pub fn all_of(found: &FileInfo) -> Attributes {
    let name = |name: &str, id: u32| match name {
        "" => id.to_string(),
        name => name.to_owned(),
    };
    Attributes {
        mode: Some(found.mode),
        owner: Some(name(&found.owner, found.uid)),
        group: Some(name(&found.group, found.gid)),
    }
}

/// Of the attributes of something that is there, those that `set` changes.
pub fn restoring(set: &Attributes, found: &FileInfo) -> Attributes {
    let all = all_of(found);
    Attributes {
        mode: set.mode.and(all.mode),
        owner: set.owner.as_ref().and(all.owner),
        group: set.group.as_ref().and(all.group),
    }
}
