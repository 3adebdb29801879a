//! One play.

use std::path::Path;
use std::sync::Arc;

use super::Loader;
use super::inherit::CONNECTIONS;
use super::keywords::PLAY;
use super::role::Exported;
use super::tasks::Surroundings;
use crate::load::{files, variables};
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Entry, Node};
use crate::model::playbook::{Item, Keywords, Origin, Play, Section, SectionKind};
use crate::model::template::scan::is_template;
use crate::model::value::Map;

/// What a play may know of its hosts as a whole.
const TOPOLOGIES: &[&str] = &["redis"];

impl Loader<'_> {
    pub(super) fn play(&mut self, node: &Node, index: usize, outer: &Keywords) -> Option<Play> {
        let Some(entries) = node.as_map() else {
            self.report(
                Diagnostic::error(format!("a play is a mapping, and this is {}", node.kind()))
                    .at(&node.at)
                    .help("begin it with `- hosts: ...`"),
            );
            return None;
        };
        self.check_keys(entries, PLAY, "a play");
        let Some(hosts) = node.get("hosts") else {
            self.report(
                Diagnostic::error("this play does not say on which hosts it runs")
                    .at(&entries
                        .first()
                        .map_or(&node.at, |entry| &entry.key_at)
                        .clone())
                    .help("add `hosts:` with a group, a host or a pattern; `all` means every host"),
            );
            return None;
        };
        let pattern = self.words_as_pattern(hosts);
        let name = node
            .get("name")
            .and_then(|name| self.literal("name", name))
            .unwrap_or_else(|| pattern.clone());
        let play_vars = node
            .get("vars")
            .map(|vars| self.variables("vars", vars))
            .unwrap_or_default();
        let vars_at = node
            .get("vars")
            .and_then(Node::as_map)
            .unwrap_or_default()
            .iter()
            .map(|entry| (entry.key.clone(), entry.key_at.clone()))
            .collect();
        let vars_files = self.vars_files(node.get("vars_files"));
        // A play's own variables have a level of precedence of their own.
        let handed_down: Vec<Entry> = entries
            .iter()
            .filter(|entry| entry.key != "vars")
            .cloned()
            .collect();
        let keywords = self.keywords(&handed_down, outer);
        self.roles.clear();
        self.exported = Exported::default();
        let origin = Arc::new(Origin {
            search: vec![self.folder.clone()],
            ..Origin::default()
        });
        let mut sections = Vec::new();
        let surroundings = Surroundings {
            origin: &origin,
            keywords: &keywords,
            handlers: false,
        };
        for kind in [
            SectionKind::PreTasks,
            SectionKind::Tasks,
            SectionKind::PostTasks,
            SectionKind::PostChecks,
        ] {
            let mut items = Vec::new();
            if kind == SectionKind::Tasks
                && let Some(roles) = node.get("roles")
            {
                items.extend(self.roles(roles, &keywords));
            }
            if let Some(tasks) = node.get(kind.key()) {
                items.extend(self.items(tasks, &surroundings));
            }
            if !items.is_empty() {
                sections.push(Section { kind, items });
            }
        }
        let mut handlers: Vec<Item> = self
            .roles
            .iter()
            .flat_map(|role| role.handlers.clone())
            .collect();
        if let Some(own) = node.get("handlers") {
            handlers.extend(self.items(
                own,
                &Surroundings {
                    handlers: true,
                    ..surroundings
                },
            ));
        }
        let exported = std::mem::take(&mut self.exported);
        let play = Play {
            role_defaults: Arc::new(exported.defaults),
            role_vars: Arc::new(exported.vars),
            key: format!(
                "{}#{index} {name}",
                self.reading
                    .last()
                    .and_then(|path| path.file_name())
                    .unwrap_or_default()
                    .display()
            ),
            name,
            at: entries
                .first()
                .map_or(&node.at, |entry| &entry.key_at)
                .clone(),
            folder: files::absolute(&self.folder),
            hosts: hosts.clone(),
            pattern,
            gather_facts: node
                .get("gather_facts")
                .and_then(|value| self.boolean("gather_facts", value))
                .unwrap_or(true),
            connection: node
                .get("connection")
                .and_then(|value| self.word("connection", value, CONNECTIONS)),
            topology: node
                .get("topology")
                .is_some_and(|value| self.word("topology", value, TOPOLOGIES).is_some()),
            vars: Arc::new(play_vars),
            vars_at,
            vars_files: Arc::new(vars_files),
            rolling: self.rolling(node, &surroundings),
            sections,
            handlers,
            keywords: keywords.clone(),
            role_names: self.roles.iter().map(|role| role.name.clone()).collect(),
        };
        if play.topology && !play.gather_facts {
            self.report(
                Diagnostic::error(
                    "`topology` needs the facts of all hosts, and this play does not gather any",
                )
                .at(&play.at)
                .help("remove `gather_facts: false`"),
            );
        }
        self.check_play(&play);
        Some(play)
    }

    /// `hosts` may be one pattern or a list of them.
    fn words_as_pattern(&mut self, node: &Node) -> String {
        let mut parts = Vec::new();
        let list = Self::list(node);
        for item in &list {
            match item.as_str() {
                Some(text) if is_template(text) => self.report(
                    Diagnostic::error("`hosts` cannot hold a template")
                        .at(&item.at)
                        .help("write a group or `all`, and choose among its hosts with `--limit`"),
                ),
                Some(text) if !text.trim().is_empty() => parts.push(text.trim().to_owned()),
                _ => self.wrong("hosts", "a pattern or a list of patterns", item),
            }
        }
        if list.is_empty() {
            self.report(
                Diagnostic::error("`hosts` is empty")
                    .at(&node.at)
                    .help("name a group, a host or a pattern; `all` means every host"),
            );
        }
        parts.join(":")
    }

    fn vars_files(&mut self, node: Option<&Node>) -> Map {
        let mut merged = Map::new();
        for item in node.map(Self::list).unwrap_or_default() {
            let Some(name) = item.as_str() else {
                self.wrong("vars_files", "a file's name or a list of them", &item);
                continue;
            };
            if is_template(name) {
                self.report(
                    Diagnostic::error("`vars_files` cannot hold a template")
                        .at(&item.at)
                        .help("put what depends on the host into `group_vars/` or `host_vars/`"),
                );
                continue;
            }
            let path = files::find([self.folder.join(name), self.folder.join("vars").join(name)])
                .unwrap_or_else(|| self.folder.join(name));
            merged.extend(self.variables_file(&path, Some(&item)));
        }
        merged
    }

    /// The variables in a YAML file.
    pub(super) fn variables_file(&mut self, path: &Path, asked: Option<&Node>) -> Map {
        let document = files::read_source(path, asked.map(|node| &node.at))
            .and_then(|source| variables::document(&source));
        match document {
            Ok(node) => self.variables(&files::display(path), &node),
            Err(error) => {
                self.diagnostics.extend(error.diagnostics);
                Map::new()
            }
        }
    }
}
