//! One resource's before and after, with the steps that make it and the steps that undo it.

use serde::{Deserialize, Serialize};

use super::probe::{FileInfo, FileState, Observation, Probe};
use super::step::Step;

/// What would be, or was, done to one resource of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub kind: ChangeKind,
    /// What it is about: `/etc/redis/redis.conf`, `vm.swappiness`, `package redis-server`.
    pub resource: String,
    pub difference: Difference,
    /// Words that a person should read beside the difference, such as why something is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What makes it so, in order.
    pub steps: Vec<Step>,
    /// What takes it back.
    pub undo: Undo,
    /// What is observed differently afterwards.
    #[serde(skip)]
    pub effects: Vec<Effect>,
}

impl Change {
    /// Whether it is a program of which nobody knows what it changes. That its own conditions have to be asked anew
    /// (`creates` and its kin) says nothing of what else it does.
    pub fn is_arbitrary(&self) -> bool {
        self.kind == ChangeKind::Run
            && self
                .effects
                .iter()
                .all(|effect| matches!(effect, Effect::Unknown { .. }))
    }
}

/// What kind of change it is; the sign in a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// `+`
    Create,
    /// `~`
    Update,
    /// `-`
    Remove,
    /// `!` a program runs, a service restarts, a machine reboots.
    Run,
    /// Something is waited for: work, but no change.
    Wait,
}

/// How a change is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// Nothing to show beyond the resource's name.
    None,
    /// Named values.
    Fields(Vec<Field>),
    /// Two texts, shown as a unified diff. `None`: the file is not there.
    Text {
        before: Option<String>,
        after: Option<String>,
        /// Attributes that change beside the text.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Field>,
    },
}

/// One named value of a resource, before and after, as text for a person. `None`: not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Values are secrets: `before` and `after` hold fingerprints, never the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// A word on how it takes effect, such as `live` or `restart`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Field {
    pub fn new(
        name: impl Into<String>,
        before: Option<impl Into<String>>,
        after: Option<impl Into<String>>,
    ) -> Self {
        Self {
            name: name.into(),
            before: before.map(Into::into),
            after: after.map(Into::into),
            secret: false,
            note: None,
        }
    }
}

/// How a change is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// These steps restore what was observed before.
    Steps(Vec<Step>),
    /// It cannot be taken back, but done once more it puts to use what has been restored: a restart. These steps come
    /// after everything else, in the order in which the changes were made.
    Again {
        steps: Vec<Step>,
        /// The running server that it is for, as `host:port` or a socket's path, where that is known: what the server
        /// has then tells whether it is needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<String>,
    },
    /// It cannot be taken back; why, in words.
    Impossible(String),
}

/// What a change does to what is known of the host, so that later tasks of a plan see what earlier ones will do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The probe will be answered so.
    Becomes(Probe, Observation),
    /// Something that stands at a path gets another mode, owner or group; what else is known of it stays.
    Attributes { path: String, after: Ownership },
    /// What is not there yet below a directory may appear; `reason` completes "known after ...".
    MayAppear { below: String, reason: String },
    /// The probe is asked again once the change has been made, whatever was predicted of it.
    AskAgain(Probe),
    /// The probe's answer is not known until the change has been made; `reason` completes "known after ...".
    Unknown { probe: Probe, reason: String },
    /// Packages come or go: what is absent now (files below absent directories, units, accounts) may appear.
    PackagesChange { names: Vec<String>, reason: String },
    /// The index of packages is brought up to date or gets another source, so that other versions may be to be had;
    /// `reason` completes "known after ...".
    IndexChanges { reason: String },
    /// A service starts, stops or restarts: what servers and ports answer has to be asked again; `reason` completes
    /// "known after ...".
    ServersChange { reason: String },
    /// A server hands its role of a primary over to another one (`ADDRESS:PORT`), and follows it.
    HandsOver {
        port: u16,
        socket: String,
        to: String,
    },
    /// The machine restarts: what does not live on its disk has to be asked again, and in the end everything;
    /// `reason` completes "known after ...".
    MachineRestarts { reason: String },
    /// A part of the facts (`redis`, `host`) has to be asked again; `reason` completes "known after ...".
    FactsChange { part: String, reason: String },
}

/// The mode, owner and group that something gets; what is `None` stays. Names come with their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    pub mode: Option<u32>,
    pub owner: Option<(String, u32)>,
    pub group: Option<(String, u32)>,
}

impl Ownership {
    /// What is observed afterwards of something that was observed before.
    pub fn apply(&self, info: &mut FileInfo) {
        if let Some(mode) = self.mode {
            info.mode = mode;
        }
        if let Some((name, uid)) = &self.owner {
            info.owner.clone_from(name);
            info.uid = *uid;
        }
        if let Some((name, gid)) = &self.group {
            info.group.clone_from(name);
            info.gid = *gid;
        }
    }
}

/// The effects of a path becoming something else: with and without content, and the existence of what it holds.
pub fn file_becomes(path: &str, state: FileState) -> Vec<Effect> {
    vec![
        Effect::Becomes(
            Probe::File(path.to_owned()),
            Observation::File(state.clone()),
        ),
        Effect::Becomes(Probe::Content(path.to_owned()), Observation::File(state)),
    ]
}
