//! A module's arguments: names and literal values checked against its specification.

use super::Loader;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry, Node};
use crate::model::source::At;
use crate::model::template::scan::{self, is_template};
use crate::model::value::Value;
use crate::module::{Kind, Parameter, Spec};

impl Loader<'_> {
    /// Reads what stands after a module's name, and its `args`, into arguments by their principal names.
    pub(super) fn arguments(
        &mut self,
        spec: &'static Spec,
        entry: &Entry,
        extra: Option<&Node>,
    ) -> Vec<Entry> {
        let mut given: Vec<Entry> = match &entry.value.content {
            Content::Map(entries) => entries.clone(),
            Content::Scalar(Value::Null) => Vec::new(),
            Content::Scalar(_) => self.free_form(spec, &entry.value),
            Content::List(_) if spec.free_form.is_some() && spec.parameter("argv").is_some() => {
                vec![Entry {
                    key: "argv".to_owned(),
                    key_at: entry.key_at.clone(),
                    value: entry.value.clone(),
                }]
            }
            Content::List(_) => {
                self.wrong(spec.name, "a mapping of arguments", &entry.value);
                return Vec::new();
            }
        };
        if let Some(extra) = extra {
            given.extend(self.entries("args", extra).iter().cloned());
        }
        let mut arguments: Vec<Entry> = Vec::new();
        for mut argument in given {
            let Some(parameter) = spec.parameter(&argument.key) else {
                // As the variables of `set_fact`.
                if spec.takes_any() {
                    // Every name is that of a variable.
                    if self.name_of_variable(&argument.key, &argument.key_at) {
                        arguments.push(argument);
                    }
                    continue;
                }
                let names = spec.parameters.iter().flat_map(|parameter| {
                    parameter.aliases.iter().copied().chain([parameter.name])
                });
                self.report(
                    Diagnostic::error(format!(
                        "`{}` has no parameter `{}`",
                        spec.name, argument.key
                    ))
                    .at(&argument.key_at)
                    .nearest(&argument.key, names),
                );
                continue;
            };
            if let Some(first) = arguments.iter().find(|other| other.key == parameter.name) {
                let first_at = first.key_at.clone();
                self.report(
                    Diagnostic::error(format!("`{}` is given twice", parameter.name))
                        .at(&argument.key_at)
                        .related(&first_at, "first given here")
                        .help("keep one of both"),
                );
                continue;
            }
            self.check_literal(spec, parameter, &argument.value);
            parameter.name.clone_into(&mut argument.key);
            arguments.push(argument);
        }
        self.check_presence(spec, &entry.key_at, &arguments);
        arguments
    }

    /// `key=value key=value`, or the text of a free-form parameter.
    fn free_form(&mut self, spec: &'static Spec, node: &Node) -> Vec<Entry> {
        let text = match &node.content {
            Content::Scalar(value) => value.scalar_text().unwrap_or_default(),
            _ => String::new(),
        };
        let entry = |key: &str, value: Value| Entry {
            key: key.to_owned(),
            key_at: node.at.clone(),
            value: Node::scalar(value, &node.at),
        };
        if let Some(name) = spec.free_form {
            return vec![entry(name, text.into())];
        }
        let Some(words) = split(&text) else {
            self.report(
                Diagnostic::error("a quote is not closed")
                    .at(&node.at)
                    .help(format!(
                        "write its arguments as a mapping: `{}:` and one `name: value` a line",
                        spec.name
                    )),
            );
            return Vec::new();
        };
        let mut entries = Vec::new();
        for word in words {
            match word.split_once('=') {
                Some((key, value)) if spec.parameter(key).is_some() || spec.takes_any() => {
                    entries.push(entry(key, value.into()));
                }
                _ => {
                    let names = spec.parameters.iter().map(|parameter| parameter.name);
                    let key = word.split('=').next().unwrap_or(&word).to_owned();
                    self.report(
                        Diagnostic::error(format!("`{}` has no parameter `{key}`", spec.name))
                            .at(&node.at)
                            .nearest(&key, names)
                            .help(format!("write its arguments as a mapping: `{}:` and one `name: value` a line", spec.name)),
                    );
                }
            }
        }
        entries
    }

    /// Required parameters and groups of which exactly one must be given.
    fn check_presence(&mut self, spec: &'static Spec, at: &At, arguments: &[Entry]) {
        let has = |name: &str| arguments.iter().any(|argument| argument.key == name);
        for parameter in spec
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            if !has(parameter.name) {
                self.report(
                    Diagnostic::error(format!("`{}` needs `{}`", spec.name, parameter.name))
                        .at(at)
                        .help(format!("`{}`: {}", parameter.name, parameter.help)),
                );
            }
        }
        for group in spec.one_of {
            let given: Vec<&str> = group.iter().copied().filter(|name| has(name)).collect();
            if given.len() != 1 {
                self.not_one_of(spec, at, group, &given, arguments);
            }
        }
    }

    /// None, or several, of parameters of which exactly one must be given.
    fn not_one_of(
        &mut self,
        spec: &'static Spec,
        at: &At,
        group: &[&str],
        given: &[&str],
        arguments: &[Entry],
    ) {
        let names: Vec<String> = group.iter().map(|name| format!("`{name}`")).collect();
        let names = match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        };
        let place = |name: &str| {
            arguments
                .iter()
                .find(|argument| argument.key == name)
                .map_or_else(|| at.clone(), |argument| argument.key_at.clone())
        };
        let diagnostic = match given {
            [first, second, ..] => {
                Diagnostic::error(format!("`{}` takes only one of {names}", spec.name))
                    .at(&place(second))
                    .related(&place(first), "the first of them")
                    .help("keep one of them")
            }
            _ => Diagnostic::error(format!("`{}` needs one of {names}", spec.name))
                .at(at)
                .help(format!(
                    "`cachesmith modules {}` says what each does",
                    spec.name
                )),
        };
        self.report(diagnostic);
    }

    /// A value that holds no template can be judged now.
    fn check_literal(&mut self, spec: &'static Spec, parameter: &'static Parameter, node: &Node) {
        if holds_template(node) || node.is_null() {
            return;
        }
        let what = format!("{}.{}", spec.name, parameter.name);
        let value = node.to_value();
        let expected = match parameter.kind {
            Kind::Boolean if value.truth().is_none() || value.as_list().is_some() => {
                Some("yes or no")
            }
            Kind::Integer | Kind::Detail
                if !matches!(value, Value::Int(_))
                    && value
                        .as_str()
                        .is_none_or(|text| text.trim().parse::<i64>().is_err()) =>
            {
                Some("an integer")
            }
            Kind::String
            | Kind::Path
            | Kind::Mode
            | Kind::Size
            | Kind::Template
            | Kind::LocalFile
            | Kind::Secret
                if value.scalar_text().is_none() =>
            {
                Some("a string")
            }
            Kind::Map if value.as_map().is_none() => Some("a mapping"),
            Kind::Secrets if value.as_map().is_some() => Some("a string or a list of strings"),
            Kind::Strings if value.as_map().is_some() => Some("a list of strings"),
            Kind::Arguments if value.as_list().is_none() => Some("a list of words"),
            _ => None,
        };
        if let Some(expected) = expected {
            self.wrong(&what, expected, node);
        } else if let Some(text) = value.scalar_text()
            && !parameter.choices.is_empty()
            && !parameter.choices.contains(&text.as_str())
            && !(parameter.kind == Kind::Boolean)
            && !is_switch(&value, parameter.choices)
        {
            self.report(
                Diagnostic::error(format!("`{what}` cannot be `{text}`"))
                    .at(&node.at)
                    .nearest(&text, parameter.choices.iter().copied()),
            );
        } else if parameter.kind == Kind::Path
            && let Some(text) = value.as_str()
            && !text.starts_with(['/', '~'])
        {
            self.report(
                Diagnostic::error(format!(
                    "`{what}` must be a full path, and this is `{text}`"
                ))
                .at(&node.at)
                .help("paths on hosts begin with `/`"),
            );
        }
    }
}

/// Splits a text into words as a shell does; spaces and quotes in templates stay.
fn split(text: &str) -> Option<Vec<String>> {
    // No text that people write holds this character.
    let mark = |number: usize| format!("\u{1}{number}\u{1}");
    let blocks = scan::blocks(text);
    let mut marked = String::new();
    let mut end = 0;
    for (number, block) in blocks.iter().enumerate() {
        marked.push_str(&text[end..block.start]);
        marked.push_str(&mark(number));
        end = block.end;
    }
    marked.push_str(&text[end..]);
    let mut words = shlex::split(&marked)?;
    for word in &mut words {
        for (number, block) in blocks.iter().enumerate() {
            *word = word.replace(&mark(number), &text[block.clone()]);
        }
    }
    Some(words)
}

/// Whether any text in a tree holds a template.
pub(super) fn holds_template(node: &Node) -> bool {
    match &node.content {
        Content::Scalar(Value::String(text)) => is_template(text),
        Content::Scalar(_) => false,
        Content::List(list) => list.iter().any(holds_template),
        Content::Map(entries) => entries.iter().any(|entry| holds_template(&entry.value)),
    }
}

/// YAML reads a bare `off` as no; where `off` is one of the words, that is what was meant.
fn is_switch(value: &Value, choices: &[&str]) -> bool {
    matches!(value, Value::Bool(truth) if choices.contains(if *truth { &"on" } else { &"off" }))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn templates_stay_whole() {
        assert_eq!(
            split("path=/a/{{ b | default(value='c d') }} line='x {{ y }} z' e=f").unwrap(),
            [
                "path=/a/{{ b | default(value='c d') }}",
                "line=x {{ y }} z",
                "e=f"
            ]
        );
        assert_eq!(split("a='b"), None);
    }
}
