//! Accounts and groups, from wherever the host keeps them.

use std::collections::HashMap;

use crate::model::blob::Blob;
use crate::model::probe::{GroupState, Observation, UserState};
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::{Frame, words};
use crate::transport::script::library::Part;

pub(super) fn compile(users: &[&str], groups: &[&str], builder: &mut Builder) {
    builder.need(Part::Accounts);
    if !users.is_empty() {
        builder.call("c_users", users);
    }
    builder.call("c_groups", groups);
}

/// Everything said of accounts and groups.
#[derive(Default)]
pub(super) struct Answers {
    users: HashMap<String, UserState>,
    groups: Vec<GroupState>,
    ids: HashMap<String, Vec<u32>>,
    locked: HashMap<String, bool>,
    fingerprints: HashMap<String, String>,
}

impl Answers {
    pub(super) fn read(frames: &[Frame<'_>]) -> Self {
        let mut answers = Self::default();
        for frame in frames {
            let text = String::from_utf8_lossy(frame.body);
            match frame.label {
                "passwd" => {
                    for user in text.lines().filter_map(read_user) {
                        answers.users.entry(user.name.clone()).or_insert(user);
                    }
                }
                "group" => answers.groups = text.lines().filter_map(read_group).collect(),
                "ids" => {
                    let ids = text
                        .split_whitespace()
                        .filter_map(|number| number.parse().ok())
                        .collect();
                    answers.ids.insert(frame.words.join(" "), ids);
                }
                "shadow" => {
                    let name = frame.words.get(1..).unwrap_or_default().join(" ");
                    let locked = frame.words.first() == Some(&"locked");
                    answers.locked.insert(name.clone(), locked);
                    let said = words(frame.body);
                    if let Some(field) = said.strip_prefix("field") {
                        let hash = Blob::from(field.trim_start()).sha256();
                        answers.fingerprints.insert(name, hash);
                    } else if let Some(hash) = said.split_whitespace().next() {
                        answers.fingerprints.insert(name, hash.to_owned());
                    }
                }
                _ => {}
            }
        }
        answers
    }

    pub(super) fn user(&self, name: &str) -> Observation {
        let Some(user) = self.users.get(name) else {
            return Observation::User(None);
        };
        let mut user = user.clone();
        user.group = self.group_name(user.gid);
        if let Some(ids) = self.ids.get(name) {
            user.groups = ids
                .iter()
                .filter(|id| **id != user.gid)
                .map(|id| self.group_name(*id))
                .collect();
            user.groups.sort();
            user.groups.dedup();
        }
        user.locked = self.locked.get(name).copied();
        user.password_fingerprint = self.fingerprints.get(name).cloned();
        Observation::User(Some(user))
    }

    pub(super) fn group(&self, name: &str) -> Observation {
        Observation::Group(self.groups.iter().find(|group| group.name == name).cloned())
    }

    fn group_name(&self, gid: u32) -> String {
        self.groups
            .iter()
            .find(|group| group.gid == gid)
            .map_or_else(|| gid.to_string(), |group| group.name.clone())
    }
}

/// A line of `passwd(5)`.
fn read_user(line: &str) -> Option<UserState> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, comment, home, shell] = fields.as_slice() else {
        return None;
    };
    Some(UserState {
        name: (*name).to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        comment: (*comment).to_owned(),
        home: (*home).to_owned(),
        shell: (*shell).to_owned(),
        ..UserState::default()
    })
}

/// A line of `group(5)`.
fn read_group(line: &str) -> Option<GroupState> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = fields.as_slice() else {
        return None;
    };
    Some(GroupState {
        name: (*name).to_owned(),
        gid: gid.parse().ok()?,
        members: members
            .split(',')
            .filter(|member| !member.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}
