//! A last look at a whole play: templates compile, files are there, handlers can be found.

use std::collections::HashSet;
use std::sync::Arc;

use super::Loader;
use crate::load::library;
use crate::model::diagnostic::Diagnostic;
use crate::model::fact_parts::FactParts;
use crate::model::node::{Content, Node};
use crate::model::playbook::{Item, Keywords, Loop, Play, Task};
use crate::model::template::scan::is_template;
use crate::model::value::Value;
use crate::module::{Kind, registry};

impl Loader<'_> {
    pub(super) fn check_play(&mut self, play: &Play) {
        let mut names = HashSet::new();
        let mut open = false;
        collect_names(&play.handlers, &mut names, &mut open);
        for section in &play.sections {
            self.check_items(&section.items, &names, open);
        }
        self.check_items(&play.handlers, &names, open);
        // What gates ask is of no section.
        let gates = play.rolling.gates.iter();
        let asked: Vec<Item> = gates.filter_map(|gate| gate.redis.clone()).collect();
        self.check_items(&asked, &names, open);
    }

    fn check_items(&mut self, items: &[Item], handlers: &HashSet<String>, open: bool) {
        for item in items {
            match item {
                Item::Task(task) => self.check_task(task, handlers, open),
                Item::Block(block) => {
                    for part in [&block.items, &block.rescue, &block.always] {
                        self.check_items(part, handlers, open);
                    }
                }
                Item::Include(include) => {
                    self.check_keywords(&include.keywords);
                    self.check_template(&include.file);
                    if let Some(repeat) = &include.repeat {
                        self.check_loop(repeat);
                    }
                    if let Some(items) = &include.items {
                        self.check_items(items, handlers, open);
                    }
                }
                Item::Meta(meta) => self.check_keywords(&meta.keywords),
            }
        }
    }

    fn check_task(&mut self, task: &Arc<Task>, handlers: &HashSet<String>, open: bool) {
        let arguments = task.arguments.iter();
        let values: Vec<_> = arguments
            .map(|argument| argument.value.to_value())
            .collect();
        self.templates
            .need_facts(FactParts::of_task(task.module, &values));
        self.check_keywords(&task.keywords);
        if let Some(repeat) = &task.repeat {
            self.check_loop(repeat);
        }
        for node in [&task.name, &task.retries, &task.delay]
            .into_iter()
            .flatten()
        {
            self.check_template(node);
        }
        let spec = registry::find(task.module).map(crate::module::Module::spec);
        for argument in &task.arguments {
            let kind = spec
                .and_then(|spec| spec.parameter(&argument.key))
                .map(|parameter| parameter.kind);
            match kind {
                Some(Kind::Conditions) => {
                    self.conditions(&argument.key, &argument.value);
                }
                Some(Kind::Expression) => self.check_expression(&argument.value),
                Some(Kind::Template | Kind::LocalFile) => {
                    self.check_file(task, kind == Some(Kind::Template), &argument.value);
                }
                _ => self.check_template(&argument.value),
            }
        }
        for node in &task.keywords.notify {
            let Some(name) = self
                .text_node("notify", node)
                .and_then(|node| node.as_str().map(str::to_owned))
            else {
                continue;
            };
            if is_template(&name) {
                self.check_template(node);
            } else if !open && !handlers.contains(&name) {
                self.report(
                    Diagnostic::error(format!(
                        "no handler is named `{name}`, and none listens to it"
                    ))
                    .at(&node.at)
                    .nearest(&name, handlers.iter().map(String::as_str))
                    .help("add it to the play's `handlers:`"),
                );
            }
        }
    }

    fn check_keywords(&mut self, keywords: &Keywords) {
        let nodes = [
            &keywords.become_,
            &keywords.become_user,
            &keywords.delegate_to,
            &keywords.run_once,
            &keywords.no_log,
            &keywords.ignore_errors,
            &keywords.become_method,
            &keywords.check_mode,
            &keywords.timeout,
        ];
        for node in nodes.into_iter().flatten() {
            self.check_template(node);
        }
        for node in &keywords.environment {
            self.check_template(node);
        }
    }

    fn check_loop(&mut self, repeat: &Loop) {
        self.check_template(&repeat.over);
        if let Some(label) = &repeat.label {
            self.check_template(label);
        }
    }

    /// Compiles every text with template blocks in a tree.
    pub(super) fn check_template(&mut self, node: &Node) {
        match &node.content {
            Content::Scalar(Value::String(text)) if is_template(text) => {
                if let Err(error) = self.templates.text(text) {
                    self.diagnostics.extend(error.all_in_scalar(&node.at));
                }
            }
            Content::Scalar(_) => {}
            Content::List(list) => list.iter().for_each(|item| self.check_template(item)),
            Content::Map(entries) => entries
                .iter()
                .for_each(|entry| self.check_template(&entry.value)),
        }
    }

    fn check_expression(&mut self, node: &Node) {
        if let Some(text) = node.as_str()
            && !is_template(text)
            && let Err(error) = self.templates.expression(text)
        {
            self.report(error.in_scalar(&node.at));
        }
    }

    /// A template or file whose name is known now must be there, and a template must compile.
    fn check_file(&mut self, task: &Task, is_a_template: bool, node: &Node) {
        let Some(name) = node.as_str().filter(|name| !is_template(name)) else {
            return self.check_template(node);
        };
        if !is_a_template
            && task
                .arguments
                .iter()
                .any(|argument| argument.key == "remote_src")
        {
            return;
        }
        let found = if is_a_template {
            library::read_template(name, &task.origin.search)
                .map_err(|diagnostic| vec![diagnostic])
                .and_then(|(source, includes)| {
                    let compiled = self.templates.file(&source.text, &includes);
                    compiled
                        .map(|_| ())
                        .map_err(|error| error.all_in_file(&source))
                })
        } else {
            library::find_file(name, &task.origin.search)
                .map(|_| ())
                .map_err(|diagnostic| vec![diagnostic])
        };
        for diagnostic in found.err().into_iter().flatten() {
            let diagnostic = match &diagnostic.at {
                // Whoever ignores errors expects that it may not be there.
                None if task.keywords.ignore_errors.is_some() => continue,
                None => diagnostic.at(&node.at),
                Some(_) => diagnostic.related(&node.at, "used here"),
            };
            self.report(diagnostic);
        }
    }
}

/// All names under which handlers can be notified; `open` when some are known only while the play runs.
fn collect_names(items: &[Item], names: &mut HashSet<String>, open: &mut bool) {
    for item in items {
        match item {
            Item::Task(task) => {
                names.extend(task.listen.iter().cloned());
                match task.name.as_ref().and_then(Node::as_str) {
                    Some(name) if is_template(name) => *open = true,
                    Some(name) => {
                        names.insert(name.to_owned());
                        if let Some(role) = &task.origin.role {
                            names.insert(format!("{role} : {name}"));
                        }
                    }
                    None => {}
                }
            }
            Item::Block(block) => collect_names(&block.items, names, open),
            Item::Include(include) => {
                names.extend(
                    include
                        .name
                        .as_ref()
                        .and_then(Node::as_str)
                        .map(str::to_owned),
                );
                match &include.items {
                    Some(items) => collect_names(items, names, open),
                    None => *open = true,
                }
            }
            Item::Meta(_) => {}
        }
    }
}
