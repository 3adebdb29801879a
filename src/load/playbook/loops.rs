//! What a task goes over.

use super::Loader;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Entry};
use crate::model::playbook::{Loop, LoopKind};

impl Loader<'_> {
    /// The loop of a task or include, if it has one.
    pub(super) fn repeat(&mut self, entries: &[Entry]) -> Option<Loop> {
        let find = |key: &str| entries.iter().find(|entry| entry.key == key);
        let kinds = [
            ("loop", LoopKind::List),
            ("with_list", LoopKind::List),
            ("with_items", LoopKind::Items),
            ("with_dict", LoopKind::Dict),
        ];
        let mut found = kinds
            .iter()
            .filter_map(|(key, kind)| find(key).map(|entry| (entry, *kind)));
        let control = find("loop_control");
        let Some((entry, kind)) = found.next() else {
            if let Some(control) = control {
                self.report(
                    Diagnostic::error("`loop_control` without a loop")
                        .at(&control.key_at)
                        .help("add `loop:`"),
                );
            }
            return None;
        };
        if let Some((second, _)) = found.next() {
            self.report(
                Diagnostic::error("a task can have only one loop")
                    .at(&second.key_at)
                    .related(&entry.key_at, "the first loop")
                    .help("keep one of both; `{{ a | product(with=b) }}` gives all pairs of two lists"),
            );
        }
        let fits = match &entry.value.content {
            Content::List(_) => kind != LoopKind::Dict,
            Content::Map(_) => kind == LoopKind::Dict,
            Content::Scalar(value) => value.as_str().is_some(),
        };
        if !fits {
            let expected = if kind == LoopKind::Dict {
                "a mapping or a template"
            } else {
                "a list or a template"
            };
            self.wrong(&entry.key, expected, &entry.value);
        }
        let mut result = Loop {
            over: entry.value.clone(),
            kind,
            variable: "item".to_owned(),
            index_variable: None,
            label: None,
            extended: false,
        };
        for option in control
            .map(|control| self.entries("loop_control", &control.value).to_vec())
            .unwrap_or_default()
        {
            match option.key.as_str() {
                "loop_var" => {
                    result.variable = self
                        .variable_name("loop_var", &option.value)
                        .unwrap_or(result.variable);
                }
                "index_var" => {
                    result.index_variable = self.variable_name("index_var", &option.value);
                }
                "label" => result.label = self.text_node("label", &option.value),
                "pause" => self.report(
                    Diagnostic::error("`loop_control` cannot pause")
                        .at(&option.key_at)
                        .help("all items travel in one script; write a `command: sleep` where a pause is needed"),
                ),
                "extended" => {
                    result.extended = self.boolean("extended", &option.value).unwrap_or(false);
                }
                other => self.report(
                    Diagnostic::error(format!("`loop_control` has no option `{other}`"))
                        .at(&option.key_at)
                        .nearest(
                            other,
                            ["loop_var", "index_var", "label", "pause", "extended"],
                        ),
                ),
            }
        }
        Some(result)
    }
}
