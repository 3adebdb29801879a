//! Small readers: a key's value as the kind that it must have, with an error at its place otherwise.

use super::Loader;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::template::scan::is_template;
use crate::model::value::Value;

impl Loader<'_> {
    /// Notes something that is wrong.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Notes that a value is of the wrong kind.
    pub(super) fn wrong(&mut self, what: &str, expected: &str, node: &Node) {
        self.report(
            Diagnostic::error(format!(
                "`{what}` must be {expected}, and this is {}",
                node.kind()
            ))
            .at(&node.at),
        );
    }

    /// A list of nodes; one that is no list stands for a list of one, a null for none.
    pub(super) fn list(node: &Node) -> Vec<Node> {
        match &node.content {
            Content::List(list) => list.clone(),
            Content::Scalar(Value::Null) => Vec::new(),
            _ => vec![node.clone()],
        }
    }

    /// A list of texts; one text stands for several with commas between them.
    pub(super) fn words(&mut self, key: &str, node: &Node) -> Vec<String> {
        let mut words = Vec::new();
        for item in Self::list(node) {
            match &item.content {
                Content::Scalar(value) => words.extend(
                    value
                        .scalar_text()
                        .unwrap_or_default()
                        .split(',')
                        .map(|word| word.trim().to_owned())
                        .filter(|word| !word.is_empty()),
                ),
                _ => self.wrong(key, "a string or a list of strings", &item),
            }
        }
        words
    }

    /// A boolean that stands as it is, without a template.
    pub(super) fn boolean(&mut self, key: &str, node: &Node) -> Option<bool> {
        match &node.content {
            Content::Scalar(value) if !matches!(value, Value::String(text) if is_template(text)) => {
                let truth = value.truth();
                if truth.is_none() {
                    self.wrong(key, "yes or no", node);
                }
                truth
            }
            _ => {
                self.wrong(key, "yes or no (no template here)", node);
                None
            }
        }
    }

    /// A value that must be a boolean or a template that gives one; kept for later.
    pub(super) fn maybe_boolean(&mut self, key: &str, node: &Node) -> Option<Node> {
        match &node.content {
            Content::Scalar(Value::String(text)) if is_template(text) => {}
            Content::Scalar(value) if value.truth().is_some() => {}
            _ => {
                self.wrong(key, "yes or no", node);
                return None;
            }
        }
        Some(node.clone())
    }

    /// A value that must be a number or a template that gives one; kept for later.
    pub(super) fn maybe_number(&mut self, key: &str, node: &Node) -> Option<Node> {
        let good = match &node.content {
            Content::Scalar(Value::Int(_) | Value::Float(_)) => true,
            Content::Scalar(Value::String(text)) => {
                is_template(text) || text.trim().parse::<f64>().is_ok()
            }
            _ => false,
        };
        if !good {
            self.wrong(key, "a number", node);
            return None;
        }
        Some(node.clone())
    }

    /// A scalar that is a text, template or not; kept for later.
    pub(super) fn text_node(&mut self, key: &str, node: &Node) -> Option<Node> {
        match &node.content {
            Content::Scalar(Value::Null) | Content::List(_) | Content::Map(_) => {
                self.wrong(key, "a string", node);
                None
            }
            Content::Scalar(_) => Some(node.clone()),
        }
    }

    /// A literal text.
    pub(super) fn literal(&mut self, key: &str, node: &Node) -> Option<String> {
        match &node.content {
            Content::Scalar(Value::String(text)) if is_template(text) => {
                self.report(
                    Diagnostic::error(format!("`{key}` cannot hold a template"))
                        .at(&node.at)
                        .help("it is needed before any variable is known; write it out"),
                );
                None
            }
            Content::Scalar(value @ (Value::String(_) | Value::Int(_) | Value::Bool(_))) => {
                value.scalar_text()
            }
            _ => {
                self.wrong(key, "a string", node);
                None
            }
        }
    }

    /// The entries of a mapping; a null has none.
    pub(super) fn entries<'n>(&mut self, key: &str, node: &'n Node) -> &'n [Entry] {
        match &node.content {
            Content::Map(entries) => entries,
            Content::Scalar(Value::Null) => &[],
            _ => {
                self.wrong(key, "a mapping", node);
                &[]
            }
        }
    }
}
