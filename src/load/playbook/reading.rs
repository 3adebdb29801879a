//! Small readers: a key's value as the kind that it must have, with an error at its place otherwise.

use super::Loader;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::template::scan::is_template;
use crate::model::value::Value;

/// How a value of a kind is written, by the beginning of what is expected.
const FORMS: &[(&str, &str)] = &[
    (
        "yes or no (no template",
        "it is needed before any variable is known; write `true` or `false`",
    ),
    ("yes or no", "write `true` or `false`"),
    (
        "a number",
        "write a number such as `5`, or a template in quotes",
    ),
    ("an integer", "write a whole number such as `5`"),
    ("a string or a list", "write one text, or `[a, b]`"),
    (
        "a string",
        "write one text, in quotes where it holds special characters",
    ),
    (
        "a condition",
        "write an expression without braces, such as `name == \"value\"`, or a list of them",
    ),
    (
        "a pattern",
        "write a group, a host or a pattern, such as `cache` or `all:!web01`, or a list of them",
    ),
    (
        "a mapping or a template",
        "write `key: value`, one a line and indented, or a template in quotes",
    ),
    (
        "a mapping of arguments",
        "write its arguments as `name: value`, one a line and indented",
    ),
    ("a mapping", "write `name: value`, one a line and indented"),
    (
        "a list or a template",
        "write `[a, b]`, or `- item` on a line for each, or a template in quotes",
    ),
    ("a list", "write `[a, b]`, or `- item` on a line for each"),
    ("a file's name", "write one name, or `[a.yml, b.yml]`"),
];

impl Loader<'_> {
    /// Notes something that is wrong.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Notes that a value is of the wrong kind.
    pub(super) fn wrong(&mut self, what: &str, expected: &str, node: &Node) {
        let found = match &node.content {
            Content::Scalar(value @ (Value::String(_) | Value::Int(_) | Value::Float(_))) => {
                let text = value.scalar_text().unwrap_or_default();
                if text.contains('\n') || text.chars().count() > 40 {
                    node.kind().to_owned()
                } else {
                    format!("`{text}`")
                }
            }
            _ => node.kind().to_owned(),
        };
        let mut diagnostic =
            Diagnostic::error(format!("`{what}` must be {expected}, and this is {found}"))
                .at(&node.at);
        if let Some((_, help)) = FORMS.iter().find(|(form, _)| expected.starts_with(form)) {
            diagnostic = diagnostic.help(*help);
        }
        self.report(diagnostic);
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
