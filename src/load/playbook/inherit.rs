//! How the keywords of plays, blocks, imports and roles come down to tasks.

use std::sync::Arc;

use super::Loader;
use super::keywords::{self, PLAY};
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::connection::is_setting;
use crate::model::node::{Content, Entry, Node};
use crate::model::playbook::Keywords;
use crate::model::source::At;
use crate::model::template::scan::is_template;
use crate::model::value::{Map, Value};
use crate::module::registry;

impl Loader<'_> {
    /// The keywords of a play, block, task or role on top of those from outside.
    pub(super) fn keywords(&mut self, entries: &[Entry], outer: &Keywords) -> Keywords {
        let mut keywords = outer.clone();
        for entry in entries {
            let (key, node) = (entry.key.as_str(), &entry.value);
            match key {
                "when" => keywords.when.extend(self.conditions("when", node)),
                "tags" => {
                    let words = self.words("tags", node);
                    keywords.tags.extend(words);
                }
                "vars" => {
                    let vars = self.variables("vars", node);
                    keywords.vars.push(Arc::new(vars));
                }
                "environment" => keywords.environment.extend(self.environment(node)),
                "become" => keywords.become_ = self.maybe_boolean(key, node),
                "become_user" => keywords.become_user = self.text_node(key, node),
                "become_method" => keywords.become_method = self.word(key, node, &["sudo"]),
                "ignore_errors" => keywords.ignore_errors = self.maybe_boolean(key, node),
                "no_log" => keywords.no_log = self.maybe_boolean(key, node),
                "delegate_to" => keywords.delegate_to = self.text_node(key, node),
                "run_once" => keywords.run_once = self.maybe_boolean(key, node),
                "check_mode" => keywords.check_mode = self.maybe_boolean(key, node),
                "timeout" => keywords.timeout = self.maybe_number(key, node),
                "throttle" => keywords.throttle = self.throttle(node),
                "notify" => keywords.notify = Self::list(node),
                _ => {}
            }
        }
        keywords
    }

    /// Variables, with names that templates can use.
    pub(super) fn variables(&mut self, key: &str, node: &Node) -> Map {
        let mut map = Map::new();
        for entry in self.entries(key, node).to_vec() {
            if is_setting(&entry.key) {
                self.report(
                    Diagnostic::error(format!(
                        "`{}` says how a host is reached, and a play's variables come too late for that",
                        entry.key
                    ))
                    .at(&entry.key_at)
                    .help("set it in the inventory, in `group_vars` or in `host_vars`"),
                );
            } else if self.name_of_variable(&entry.key, &entry.key_at) {
                self.check_template(&entry.value);
                map.insert(entry.key.clone(), entry.value.to_value());
            }
        }
        map
    }

    /// Whether a word can name a variable; tells when not.
    pub(super) fn name_of_variable(&mut self, name: &str, at: &At) -> bool {
        let good = is_name(name);
        if !good {
            self.report(
                Diagnostic::error(format!("`{name}` is not a name that a variable can have"))
                    .at(at)
                    .help(
                        "names consist of letters, digits and `_`, and do not begin with a digit",
                    ),
            );
        }
        good
    }

    /// A literal that names a variable.
    pub(super) fn variable_name(&mut self, key: &str, node: &Node) -> Option<String> {
        let name = self.literal(key, node)?;
        self.name_of_variable(&name, &node.at).then_some(name)
    }

    /// A text that is one of a few words, or a template that gives one.
    pub(super) fn word(&mut self, key: &str, node: &Node, words: &[&str]) -> Option<Node> {
        let text = self.text_node(key, node)?;
        match text.as_str() {
            Some(word) if !is_template(word) && !words.contains(&word) => {
                self.report(
                    Diagnostic::error(format!("`{key}` cannot be `{word}`"))
                        .at(&node.at)
                        .nearest(word, words.iter().copied()),
                );
                None
            }
            _ => Some(text),
        }
    }

    /// Variables for programs: mappings, or templates that give one.
    fn environment(&mut self, node: &Node) -> Vec<Node> {
        let list = Self::list(node);
        for item in &list {
            let is_good = match &item.content {
                Content::Map(_) | Content::Scalar(Value::Null) => true,
                Content::Scalar(Value::String(text)) => is_template(text),
                _ => false,
            };
            if !is_good {
                self.wrong("environment", "a mapping or a template of one", item);
            }
        }
        list
    }

    /// Conditions: one or a list of them, each a text or a boolean.
    pub(super) fn conditions(&mut self, key: &str, node: &Node) -> Vec<Node> {
        let list = Self::list(node);
        for item in &list {
            match &item.content {
                Content::Scalar(Value::String(text)) => {
                    let compiled = if is_template(text) {
                        self.templates.text(text)
                    } else {
                        self.templates.expression(text)
                    };
                    if let Err(error) = compiled {
                        let mut diagnostic = error.in_scalar(&item.at);
                        diagnostic.summary = format!("`{key}`: {}", diagnostic.summary);
                        self.report(diagnostic);
                    }
                }
                Content::Scalar(Value::Bool(_) | Value::Int(_)) => {}
                _ => self.wrong(key, "a condition or a list of conditions", item),
            }
        }
        list
    }

    /// Tells keywords that may not stand in a place, with the nearest that may.
    pub(super) fn check_keys(&mut self, entries: &[Entry], place: u8, what: &str) {
        for entry in entries {
            if keywords::is_allowed(&entry.key, place) {
                continue;
            }
            let mut diagnostic =
                Diagnostic::error(format!("{what} has no keyword `{}`", entry.key))
                    .at(&entry.key_at);
            diagnostic = match keywords::instead_of(&entry.key) {
                Some(help) => diagnostic.help(help),
                None => match keywords::belongs_to(&entry.key, place) {
                    Some(owner) => diagnostic.help(format!("this keyword belongs to {owner}")),
                    None if place == PLAY && registry::find(&entry.key).is_some() => {
                        diagnostic.help("put the task into the list below `tasks:`")
                    }
                    None => diagnostic.nearest_or_all(&entry.key, keywords::of(place)),
                },
            };
            self.report(diagnostic);
        }
    }
}

/// Ways to reach a host.
pub(super) const CONNECTIONS: &[&str] = &["ssh", "smart", "local"];

/// Whether a word can name a variable.
fn is_name(word: &str) -> bool {
    let mut characters = word.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '_')
}
