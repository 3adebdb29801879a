//! Puts an inventory together from what sources say, in the order in which they say it.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::Folder;
use super::group::{ALL, Group, GroupId, UNGROUPED};
use super::host::{Host, HostId, Provenance};
use super::names;
use super::variables::{Variable, Variables};
use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::source::At;
use crate::model::value::Value;

/// The variable that ranks groups of one depth.
pub const GROUP_PRIORITY: &str = "ansible_group_priority";

/// An inventory in the making. `all` and `ungrouped` exist from the start.
#[derive(Debug)]
pub struct Builder {
    pub(super) groups: IndexMap<String, Group>,
    pub(super) hosts: IndexMap<String, Host>,
    pub(super) folders: Vec<Folder>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) odd_groups: IndexSet<GroupId>,
    provenance: Arc<Provenance>,
    warned_names: HashSet<String>,
}

impl Default for Builder {
    fn default() -> Self {
        let mut groups = IndexMap::new();
        for name in ["all", "ungrouped"] {
            groups.insert(name.to_owned(), Group::new(name, None));
        }
        let mut builder = Self {
            groups,
            hosts: IndexMap::new(),
            folders: Vec::new(),
            warnings: Vec::new(),
            odd_groups: IndexSet::new(),
            provenance: Arc::default(),
            warned_names: HashSet::new(),
        };
        builder.link(ALL, UNGROUPED, None);
        builder
    }
}

impl Builder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Says which source speaks from now on; a host remembers the one that named it first.
    pub fn begin_source(&mut self, provenance: Provenance) {
        self.provenance = Arc::new(provenance);
    }

    /// Adds something that is doubtful.
    pub fn warn(&mut self, warning: Diagnostic) {
        self.warnings.push(warning);
    }

    pub fn find_group(&self, name: &str) -> Option<GroupId> {
        self.groups.get_index_of(name).map(GroupId)
    }

    /// The name of a group.
    pub fn group_name(&self, group: GroupId) -> &str {
        &self.groups[group.0].name
    }

    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    pub fn has_host(&self, name: &str) -> bool {
        self.hosts.contains_key(name)
    }

    /// Adds a group unless it is there.
    ///
    /// # Errors
    /// An empty name.
    pub fn group(&mut self, name: &str, at: &At) -> Result<GroupId> {
        if let Some(id) = self.find_group(name) {
            return Ok(id);
        }
        if name.is_empty() {
            return Err(Diagnostic::error("a group has no name").at(at).into());
        }
        let (index, _) = self
            .groups
            .insert_full(name.to_owned(), Group::new(name, Some(at)));
        if !names::is_plain_group_name(name) {
            self.odd_groups.insert(GroupId(index));
        }
        Ok(GroupId(index))
    }

    /// Adds a host unless it is there, and puts it into a group. The port counts where the host is named first.
    ///
    /// # Errors
    /// A name that no host can have.
    pub fn host(
        &mut self,
        name: &str,
        group: GroupId,
        port: Option<u16>,
        at: &At,
    ) -> Result<HostId> {
        let id = match self.hosts.get_index_of(name) {
            Some(index) => {
                if port.is_some() {
                    self.warn_unused_port(name, index, at);
                }
                HostId(index)
            }
            None => self.new_host(name, port, at)?,
        };
        if self.groups[group.0].hosts.insert(id) {
            self.hosts[id.0].groups.push(group);
        }
        Ok(id)
    }

    fn new_host(&mut self, name: &str, port: Option<u16>, at: &At) -> Result<HostId> {
        if let Some(problem) = names::host_name_problem(name) {
            return Err(
                Diagnostic::error(format!("`{name}` cannot name a host: {problem}"))
                    .at(at)
                    .into(),
            );
        }
        let mut host = Host::new(name, Some(at), &self.provenance);
        if let Some(port) = port {
            let value = Value::Int(port.into());
            host.variables.set(
                "ansible_port",
                Variable {
                    value,
                    at: at.clone(),
                },
            );
        }
        Ok(HostId(self.hosts.insert_full(name.to_owned(), host).0))
    }

    fn warn_unused_port(&mut self, name: &str, index: usize, at: &At) {
        let mut warning = Diagnostic::warning(format!(
            "the port after `{name}` is not used, because the host was named before"
        ))
        .at(at);
        if let Some(first) = self.hosts[index].at.clone() {
            warning = warning.related(&first, "named here first");
        }
        self.warn(warning.help("set `ansible_port` as a variable of the host"));
    }

    /// Sets a variable of a group.
    ///
    /// # Errors
    /// `ansible_group_priority` that is not a number.
    pub fn set_group(&mut self, group: GroupId, name: &str, variable: Variable) -> Result<()> {
        if name == GROUP_PRIORITY {
            self.groups[group.0].priority = priority(&variable)?;
            return Ok(());
        }
        self.check_name(name, &variable.at);
        self.groups[group.0].variables.set(name, variable);
        Ok(())
    }

    /// Sets a variable of a host.
    pub fn set_host(&mut self, host: HostId, name: &str, variable: Variable) {
        self.check_name(name, &variable.at);
        self.hosts[host.0].variables.set(name, variable);
    }

    /// Adds `group_vars` and `host_vars`; folders are added weakest first, those beside playbooks last.
    pub fn folder(&mut self, folder: Folder) {
        let all = folder.groups.values().chain(folder.hosts.values());
        let mut found: Vec<(String, At)> = Vec::new();
        for variables in all {
            found.extend(
                variables
                    .iter()
                    .filter(|(name, _)| {
                        *name == GROUP_PRIORITY || names::variable_problem(name).is_some()
                    })
                    .map(|(name, variable)| (name.to_owned(), variable.at.clone())),
            );
        }
        found.sort_by(|a, b| place_order(&a.1).cmp(&place_order(&b.1)));
        for (name, at) in found {
            if name == GROUP_PRIORITY {
                self.warn(
                    Diagnostic::warning(format!(
                        "`{GROUP_PRIORITY}` has no effect in a variables file"
                    ))
                    .at(&at)
                    .help("set it in the inventory itself, under the `vars` of the group"),
                );
            } else {
                self.check_name(&name, &at);
            }
        }
        self.folders.push(folder);
    }

    /// Warns once for each variable name that cannot be used or would never be seen.
    fn check_name(&mut self, name: &str, at: &At) {
        if let Some(problem) = names::variable_problem(name)
            && self.warned_names.insert(name.to_owned())
        {
            self.warn(Diagnostic::warning(problem).at(at));
        }
    }
}

fn place_order(at: &At) -> (&str, usize, usize) {
    (&at.source.name, at.line, at.column)
}

fn priority(variable: &Variable) -> Result<i64> {
    let number = match &variable.value {
        Value::Int(number) => Some(*number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| {
        Diagnostic::error(format!(
            "`{GROUP_PRIORITY}` must be a whole number, and this is {}",
            variable.value.kind()
        ))
        .at(&variable.at)
        .into()
    })
}

/// The variables of one host or group in a folder; an empty set where there are none.
pub(super) fn in_folder<'a>(
    map: &'a std::collections::HashMap<String, Variables>,
    name: &str,
) -> Option<&'a Variables> {
    map.get(name).filter(|variables| !variables.is_empty())
}
