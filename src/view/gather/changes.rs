//! One resource's change on many hosts.

use std::hash::{Hash, Hasher};

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::difference::TextDifference;
use super::hosts::{Groups, Host, HostSet, size};
use super::own_name::without_own_name;
use crate::model::change::{ChangeKind, Difference, Field};
use crate::model::event::ShownChange;

/// The same resource, changed in the same way, on several hosts; their values may differ.
#[derive(Debug)]
pub struct ChangeGroup {
    pub kind: ChangeKind,
    /// The resource as the first host has it, and as all have it.
    first: String,
    common: String,
    /// Its place among the changes of the task.
    place: usize,
    pub hosts: HostSet,
    /// By the name of the field: what it is and becomes, and where.
    pub fields: IndexMap<String, Groups<Field>>,
    pub texts: IndexMap<[u8; 32], TextGroup>,
    pub notes: Groups<String>,
}

/// Hosts with the same difference of texts.
#[derive(Debug)]
pub struct TextGroup {
    pub difference: TextDifference,
    pub hosts: HostSet,
}

/// All changes of a task.
#[derive(Debug, Default)]
pub struct Changes(IndexMap<(ChangeKind, String), ChangeGroup>);

impl Changes {
    /// `place` counts the changes of a task; `name` is the host's own, and resources that differ in it only are the
    /// same.
    pub fn add(&mut self, place: usize, change: &ShownChange, host: Host, name: &str) {
        let resource = without_own_name(&change.resource, name);
        let key = (change.kind, resource.into_owned());
        let common = key.1.clone();
        let group = self.0.entry(key).or_insert_with(|| ChangeGroup {
            kind: change.kind,
            first: change.resource.clone(),
            common,
            place,
            hosts: HostSet::new(),
            fields: IndexMap::new(),
            texts: IndexMap::new(),
            notes: Groups::default(),
        });
        group.place = group.place.min(place);
        group.hosts.insert(host);
        for note in &change.notes {
            group.notes.add(note.clone(), host);
        }
        match &change.difference {
            Difference::None => {}
            Difference::Fields(fields) => group.add_fields(fields, host),
            Difference::Text {
                before,
                after,
                fields,
            } => {
                group.add_text(before.as_deref(), after.as_deref(), host);
                group.add_fields(fields, host);
            }
        }
    }

    /// In the order in which they are made; in another order of hosts nothing else comes out.
    pub fn in_order(&self) -> Vec<&ChangeGroup> {
        let mut groups: Vec<&ChangeGroup> = self.0.values().collect();
        groups.sort_by_key(|group| (group.place, group.hosts.first().copied()));
        groups
    }
}

impl ChangeGroup {
    /// What it is about.
    pub fn resource(&self) -> &str {
        if self.hosts.len() > 1 {
            &self.common
        } else {
            &self.first
        }
    }

    fn add_fields(&mut self, fields: &[Field], host: Host) {
        for field in fields {
            self.fields
                .entry(field.name.clone())
                .or_default()
                .add(field.clone(), host);
        }
    }

    /// Texts of many hosts are mostly the same: each pair is compared once, and only the difference is kept.
    fn add_text(&mut self, before: Option<&str>, after: Option<&str>, host: Host) {
        self.texts
            .entry(digest(before, after))
            .or_insert_with(|| TextGroup {
                difference: TextDifference::of(before, after),
                hosts: HostSet::new(),
            })
            .hosts
            .insert(host);
    }

    /// Groups of texts with the same difference, though the rest of the texts may not be the same; largest first.
    pub fn text_groups(&self) -> Vec<(&TextDifference, HostSet)> {
        let mut groups: IndexMap<&TextDifference, HostSet> = IndexMap::new();
        for text in self.texts.values() {
            groups
                .entry(&text.difference)
                .or_default()
                .extend(&text.hosts);
        }
        let mut groups: Vec<(&TextDifference, HostSet)> = groups.into_iter().collect();
        groups.sort_by_key(|(_, hosts)| size(hosts));
        groups
    }

    /// Stands for what changes, without where: the same for two waves with the same change.
    pub fn fingerprint(&self, state: &mut impl Hasher) {
        self.kind.hash(state);
        self.common.hash(state);
        for rows in self.fields.values() {
            let mut rows: Vec<&Field> = rows.0.keys().collect();
            rows.sort_by_key(|field| (&field.before, &field.after));
            rows.hash(state);
        }
        let mut texts: Vec<&[u8; 32]> = self.texts.keys().collect();
        texts.sort();
        texts.hash(state);
    }
}

fn digest(before: Option<&str>, after: Option<&str>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for text in [before, after] {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        digest.update(length.to_le_bytes());
        digest.update(text.unwrap_or_default());
    }
    digest.finalize().into()
}
