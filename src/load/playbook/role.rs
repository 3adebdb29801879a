//! Roles: folders laid out as Ansible's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Loader;
use super::keywords::{self, ROLE};
use super::tasks::Surroundings;
use crate::load::files;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Entry, Node};
use crate::model::playbook::{Item, Keywords, Origin};
use crate::model::source::At;
use crate::model::value::Map;

/// A role that a play has read.
pub(super) struct LoadedRole {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) handlers: Vec<Item>,
    /// Everything with which it was named: its parameters and what else makes it another role.
    named_with: Vec<Map>,
    /// Its defaults, with those of the roles that it depends on below them.
    defaults: Arc<Map>,
    /// Its variables, with those of the roles that it depends on below them.
    vars: Arc<Map>,
}

/// What a role gives to the roles that it depends on.
pub(super) struct Dependent {
    defaults: Map,
    vars: Map,
    parameters: Arc<Map>,
}

/// Variables of the roles in `roles` and `import_role`, which all tasks of the play see; later ones win.
#[derive(Default)]
pub(super) struct Exported {
    pub(super) defaults: Map,
    pub(super) vars: Map,
}

impl Loader<'_> {
    /// The `roles` of a play, in order, each with what it depends on before it.
    pub(super) fn roles(&mut self, node: &Node, keywords: &Keywords) -> Vec<Item> {
        let mut items = Vec::new();
        for item in Self::list(node) {
            items.extend(self.named_role(&item, keywords));
            let name = ["role", "name"].iter().find_map(|key| item.get(key));
            let name = name.unwrap_or(&item);
            if let Some(text) = name.as_str() {
                self.export_role(text, &name.at);
            }
        }
        items
    }

    /// All tasks of the play see the variables of a role that it names.
    pub(super) fn export_role(&mut self, name: &str, at: &At) {
        let known = self.diagnostics.len();
        let path = self.role_path(name, at);
        // Where there is no such role, that has been told.
        self.diagnostics.truncate(known);
        if let Some(role) = self
            .roles
            .iter()
            .find(|role| Some(&role.path) == path.as_ref())
        {
            self.exported.defaults.extend((*role.defaults).clone());
            self.exported.vars.extend((*role.vars).clone());
        }
    }

    /// A role by its name, or a mapping with `role` and parameters.
    fn named_role(&mut self, node: &Node, keywords: &Keywords) -> Vec<Item> {
        let Some(entries) = node.as_map() else {
            return match self.literal("roles", node) {
                Some(name) if self.ran_before(&name, &node.at, &Map::new()) => Vec::new(),
                Some(name) => {
                    let items = self.role_items(&name, &node.at, keywords, &Arc::default());
                    self.remember_naming(&name, &node.at, Map::new());
                    items
                }
                None => Vec::new(),
            };
        };
        let Some(name_entry) = entries
            .iter()
            .find(|entry| matches!(entry.key.as_str(), "role" | "name"))
        else {
            self.report(
                Diagnostic::error("this role has no name")
                    .at(&node.at)
                    .help("add `role:` with the folder's name"),
            );
            return Vec::new();
        };
        let Some(name) = self.literal("role", &name_entry.value) else {
            return Vec::new();
        };
        // What is no keyword is a parameter of the role, as in Ansible.
        let (known, parameters): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .filter(|entry| entry.key != name_entry.key)
            .partition(|entry| keywords::is_allowed(&entry.key, ROLE));
        let known: Vec<Entry> = known.into_iter().cloned().collect();
        let keywords = self.keywords(&known, keywords);
        let mut map = Map::new();
        for entry in parameters {
            if keywords::is_keyword(&entry.key) || keywords::instead_of(&entry.key).is_some() {
                self.check_keys(std::slice::from_ref(entry), ROLE, "a role");
            }
            map.insert(entry.key.clone(), entry.value.to_value());
        }
        // As in Ansible, these make it another role, too.
        let mut named_with = map.clone();
        for entry in &known {
            if matches!(entry.key.as_str(), "vars" | "when" | "tags") {
                named_with.insert(entry.key.clone(), entry.value.to_value());
            }
        }
        let at = &name_entry.value.at;
        if self.ran_before(&name, at, &named_with) {
            return Vec::new();
        }
        let items = self.role_items(&name, at, &keywords, &Arc::new(map));
        self.remember_naming(&name, at, named_with);
        items
    }

    /// Notes with what a role was named in a play's `roles`.
    fn remember_naming(&mut self, name: &str, at: &At, named_with: Map) {
        if let Some(role) = self.loaded(name, at) {
            role.named_with.push(named_with);
        }
    }

    fn loaded(&mut self, name: &str, at: &At) -> Option<&mut LoadedRole> {
        let path = self.role_path(name, at)?;
        self.roles.iter_mut().find(|role| role.path == path)
    }

    /// As in Ansible, a role that is named again with the same words runs once in a play, unless it allows
    /// duplicates.
    fn ran_before(&mut self, name: &str, at: &At, named_with: &Map) -> bool {
        let Some(path) = self.role_path(name, at) else {
            return false;
        };
        let known = self
            .roles
            .iter()
            .any(|role| role.path == path && role.named_with.contains(named_with));
        known && !self.allows_duplicates(&path)
    }

    fn allows_duplicates(&mut self, path: &Path) -> bool {
        let Some(node) = main_file(path, "meta").and_then(|file| self.read(&file, None)) else {
            return false;
        };
        self.reading.pop();
        node.get("allow_duplicates")
            .is_some_and(|value| value.to_value().truth() == Some(true))
    }

    /// The tasks of a role, after those of the roles that it depends on.
    pub(super) fn role_items(
        &mut self,
        name: &str,
        at: &At,
        keywords: &Keywords,
        parameters: &Arc<Map>,
    ) -> Vec<Item> {
        let Some(path) = self.role_path(name, at) else {
            return Vec::new();
        };
        if self.reading.contains(&path) {
            let chain = self
                .reading
                .iter()
                .filter(|path| path.extension().is_none())
                .chain([&path])
                .map(|path| files::display(path))
                .collect::<Vec<_>>()
                .join(" -> ");
            self.report(
                Diagnostic::error(format!("roles depend on each other in a circle: {chain}"))
                    .at(at)
                    .help("take one of them out: a dependency in `meta/main.yml`, or an `include_role` or `import_role` in its tasks"),
            );
            return Vec::new();
        }
        self.reading.push(path.clone());
        let mut part =
            |folder: &str| main_file(&path, folder).map(|file| self.variables_file(&file, None));
        let own_defaults = part("defaults").unwrap_or_default();
        let own_vars = part("vars").unwrap_or_default();
        self.dependents.push(Dependent {
            defaults: own_defaults.clone(),
            vars: own_vars.clone(),
            parameters: Arc::clone(parameters),
        });
        let (mut items, below) = self.dependencies(&path, keywords);
        self.dependents.pop();
        // By Ansible's order: what it depends on lends a role its variables, and so does what depends on it, where
        // defaults of the latter and variables of the former win.
        let mut lent = Exported::default();
        for role in self.roles.iter().filter(|role| below.contains(&role.path)) {
            lent.defaults.extend((*role.defaults).clone());
            lent.vars.extend((*role.vars).clone());
        }
        let own = Exported {
            defaults: joined([&lent.defaults, &own_defaults]),
            vars: joined([&lent.vars, &own_vars]),
        };
        let dependents = &self.dependents;
        let of_dependents = |part: fn(&Dependent) -> &Map| joined(dependents.iter().map(part));
        let above_defaults = of_dependents(|role| &role.defaults);
        let above_vars = of_dependents(|role| &role.vars);
        let above_parameters = of_dependents(|role| &role.parameters);
        let origin = Arc::new(Origin {
            role: Some(name.to_owned()),
            role_path: Some(path.clone()),
            search: vec![path.clone(), self.folder.clone()],
            role_defaults: Arc::new(joined([&lent.defaults, &above_defaults, &own_defaults])),
            role_vars: Arc::new(joined([&above_vars, &lent.vars, &own_vars])),
            role_parameters: Arc::new(joined([&above_parameters, &**parameters])),
        });
        if !self.roles.iter().any(|role| role.path == path) {
            let mut handlers = Vec::new();
            if let Some(file) = main_file(&path, "handlers")
                && let Some(node) = self.read(&file, None)
            {
                handlers = self.items(
                    &node,
                    &Surroundings {
                        origin: &origin,
                        keywords,
                        handlers: true,
                    },
                );
                self.reading.pop();
            }
            self.roles.push(LoadedRole {
                name: name.to_owned(),
                path: path.clone(),
                handlers,
                named_with: Vec::new(),
                defaults: Arc::new(own.defaults),
                vars: Arc::new(own.vars),
            });
        }
        if let Some(file) = main_file(&path, "tasks") {
            items.extend(self.task_file(
                &file,
                None,
                &Surroundings {
                    origin: &origin,
                    keywords,
                    handlers: false,
                },
            ));
        }
        self.reading.pop();
        items
    }

    /// The tasks of the roles that a role depends on, and where those roles are.
    fn dependencies(&mut self, path: &Path, keywords: &Keywords) -> (Vec<Item>, Vec<PathBuf>) {
        let mut items = Vec::new();
        let mut paths = Vec::new();
        let Some(node) = main_file(path, "meta").and_then(|file| self.read(&file, None)) else {
            return (items, paths);
        };
        self.reading.pop();
        for entry in self.entries("meta/main.yml", &node).to_vec() {
            if entry.key == "dependencies" {
                for dependency in Self::list(&entry.value) {
                    items.extend(self.named_role(&dependency, keywords));
                    let name = ["role", "name"].iter().find_map(|key| dependency.get(key));
                    let name = name.unwrap_or(&dependency);
                    let path = name
                        .as_str()
                        .and_then(|text| self.role_path(text, &name.at));
                    paths.extend(path);
                }
            } else if !matches!(
                entry.key.as_str(),
                "galaxy_info" | "allow_duplicates" | "argument_specs" | "collections"
            ) {
                self.report(
                    Diagnostic::error(format!(
                        "a role's `meta/main.yml` has no key `{}`",
                        entry.key
                    ))
                    .at(&entry.key_at)
                    .nearest(
                        &entry.key,
                        ["dependencies", "galaxy_info", "allow_duplicates"],
                    ),
                );
            }
        }
        (items, paths)
    }

    fn role_path(&mut self, name: &str, at: &At) -> Option<PathBuf> {
        let folders = [
            self.folder.join("roles"),
            self.folder.join("../roles"),
            PathBuf::from("roles"),
            self.folder.clone(),
        ];
        let found = folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_dir());
        if found.is_none() {
            let known: Vec<String> = folders
                .iter()
                .take(3)
                .filter_map(|folder| std::fs::read_dir(folder).ok())
                .flat_map(|entries| {
                    entries
                        .flatten()
                        .filter_map(|entry| entry.file_name().into_string().ok())
                })
                .collect();
            self.report(
                Diagnostic::error(format!("there is no role `{name}`"))
                    .at(at)
                    .nearest(name, known.iter().map(String::as_str))
                    .help(match files::display(&files::tidy(&folders[0])).as_str() {
                        "roles" => "looked in `roles`".to_owned(),
                        beside => format!("looked in `{beside}` and `roles`"),
                    }),
            );
        }
        found
    }
}

/// Several maps in one; later ones win.
fn joined<'m>(maps: impl IntoIterator<Item = &'m Map>) -> Map {
    let mut all = Map::new();
    for map in maps {
        all.extend(map.clone());
    }
    all
}

/// `tasks/main.yml` and its kin, if it is there.
fn main_file(role: &Path, folder: &str) -> Option<PathBuf> {
    files::find(
        ["main.yml", "main.yaml", "main"]
            .iter()
            .map(|name| role.join(folder).join(name)),
    )
}
