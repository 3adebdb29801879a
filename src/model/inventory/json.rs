//! The inventory as JSON, in the shape that `ansible-inventory --list` and inventory programs use.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::Inventory;
use super::builder::GROUP_PRIORITY;
use super::group::{ALL, Group};
use super::host::Host;
use super::pattern::Patterns;
use crate::error::Result;
use crate::model::value::{Map, Value};

/// The format that `_meta.profile` names: plain JSON without tags for trust or encryption.
const PROFILE: &str = "inventory_legacy";

/// Names that never show, because Ansible sets them itself.
const INTERNAL: [&str; 33] = [
    "ansible_async_path",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
];

impl Inventory {
    /// All groups with their hosts and inner groups, and the merged variables of all hosts that the limit allows
    /// under `_meta.hostvars`. Values are as written: secrets in clear, templates not rendered.
    ///
    /// # Errors
    /// A limit that matches nothing.
    pub fn list_json(&self, limit: Option<&Patterns>) -> Result<Value> {
        let all = self.hosts_of(self.group_at(ALL));
        let hosts = match limit {
            None => all,
            Some(limit) => {
                let allowed: HashSet<&str> =
                    self.select(limit)?.into_iter().map(Host::name).collect();
                let kept = all.into_iter().filter(|host| allowed.contains(host.name()));
                kept.collect()
            }
        };
        let names: HashSet<&str> = hosts.iter().map(|host| host.name()).collect();
        let mut list = Map::new();
        for group in self.groups() {
            let shown = self.group_json(group, &names);
            if !shown.is_empty() {
                list.insert(group.name().to_owned(), Value::Map(shown));
            }
        }
        let hostvars: Value = hosts
            .into_iter()
            .map(|host| (host.name().to_owned(), self.shown_variables(host)))
            .filter(|(_, variables)| !variables.is_empty())
            .map(|(name, variables)| (name, Value::Map(variables)))
            .collect();
        let meta = [
            ("hostvars".to_owned(), hostvars),
            ("profile".to_owned(), PROFILE.into()),
        ];
        list.insert("_meta".to_owned(), meta.into_iter().collect());
        Ok(Value::Map(list))
    }

    /// The merged variables of one host, as written.
    pub fn host_json(&self, host: &Host) -> Value {
        Value::Map(self.shown_variables(host))
    }

    fn group_json(&self, group: &Group, names: &HashSet<&str>) -> Map {
        let mut shown = Map::new();
        let list = |names: Vec<&str>| Value::List(names.into_iter().map(Into::into).collect());
        let hosts: Vec<&str> = group
            .hosts
            .iter()
            .map(|id| self.host_at(*id).name())
            .filter(|name| names.contains(name))
            .collect();
        if !hosts.is_empty() && group.name() != "all" {
            shown.insert("hosts".to_owned(), list(hosts));
        }
        let children: Vec<&str> = group
            .children
            .keys()
            .map(|id| self.group_at(*id).name())
            .collect();
        if !children.is_empty() {
            shown.insert("children".to_owned(), list(children));
        }
        shown
    }

    /// The merged variables of a host, without names that are Ansible's own.
    pub(super) fn shown_variables(&self, host: &Host) -> Map {
        without_internal(Arc::unwrap_or_clone(self.variables(host)))
    }

    /// The variables that a group itself gives, those of its folders included.
    pub(super) fn shown_group_variables(&self, group: &Group) -> Map {
        let mut merged = group.variables.to_map();
        for folder in &self.folders {
            if let Some(variables) = folder.groups.get(group.name()) {
                variables.write_into(&mut merged);
            }
        }
        if group.priority != 1 {
            merged.insert(GROUP_PRIORITY.to_owned(), group.priority.into());
        }
        without_internal(merged)
    }
}

fn without_internal(mut map: Map) -> Map {
    if map.keys().any(|name| INTERNAL.contains(&name.as_str())) {
        map.retain(|name, _| !INTERNAL.contains(&name.as_str()));
    }
    map
}

/// JSON text as `ansible-inventory` prints it: keys sorted, indented by four spaces, no newline at the end.
pub fn text(value: &Value) -> String {
    let mut out = Vec::new();
    let mut serializer =
        Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"    "));
    // Writing to memory does not fail, and every value has a JSON form.
    let _ = Sorted(value).serialize(&mut serializer);
    String::from_utf8_lossy(&out).into_owned()
}

/// A value whose mappings are written in alphabetical order.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::List(list) => serializer.collect_seq(list.iter().map(Sorted)),
            Value::Map(map) => {
                let mut entries: Vec<(&String, &Value)> = map.iter().collect();
                entries.sort_unstable_by_key(|(name, _)| *name);
                serializer.collect_map(
                    entries
                        .into_iter()
                        .map(|(name, value)| (name, Sorted(value))),
                )
            }
            scalar => scalar.serialize(serializer),
        }
    }
}
