//! Keywords and conditions of a task, evaluated in its scope.

use std::collections::BTreeMap;

use super::Walk;
use crate::model::event::Mode;
use crate::model::node::{Content, Node};
use crate::model::playbook::{Keywords, Loop, LoopKind, Origin};
use crate::model::template::{Evaluated, Scope, TemplateError};
use crate::model::value::{Unknown, Value};
use crate::module::Failure;

/// An error in a text at a place, as a task's failure.
pub(super) fn failure_at(error: &TemplateError, node: &Node) -> Failure {
    Failure::from(&error.in_scalar(&node.at))
}

impl Walk<'_> {
    /// The variables that a task sees.
    pub(super) fn scope(&self, keywords: &Keywords, origin: &Origin) -> Scope {
        self.setting
            .scope(&self.facts, &self.variables, keywords, origin)
    }

    /// Whether all conditions hold.
    pub(super) fn holds(conditions: &[Node], scope: &Scope) -> Result<Evaluated<bool>, Failure> {
        let mut unknown = None;
        for condition in conditions {
            let evaluated = match &condition.content {
                Content::Scalar(Value::String(text)) => scope
                    .condition(text)
                    .map_err(|error| failure_at(&error, condition))?,
                Content::Scalar(value) => Evaluated::Known(value.truth().unwrap_or(false)),
                _ => Evaluated::Known(true),
            };
            match evaluated {
                Evaluated::Known(true) => {}
                Evaluated::Known(false) => return Ok(Evaluated::Known(false)),
                Evaluated::Unknown(reason) => {
                    unknown.get_or_insert(reason);
                }
            }
        }
        Ok(unknown.map_or(Evaluated::Known(true), Evaluated::Unknown))
    }

    /// A keyword that is a boolean or a template of one.
    pub(super) fn flag(
        node: Option<&Node>,
        scope: &Scope,
        default: bool,
    ) -> Result<Evaluated<bool>, Failure> {
        let Some(node) = node else {
            return Ok(Evaluated::Known(default));
        };
        match scope
            .node(node)
            .map_err(|diagnostic| Failure::from(&*diagnostic))?
        {
            Value::Unknown(unknown) => Ok(Evaluated::Unknown(unknown)),
            value => match super::setting::as_boolean(&value) {
                Some(flag) => Ok(Evaluated::Known(flag)),
                None => Err(Failure::new(format!(
                    "this must be yes or no, and it is {} ({})",
                    value.kind(),
                    node.at
                ))
                .help("`| bool` makes a boolean of words such as `yes` and `off`")),
            },
        }
    }

    /// A keyword that is a text; unknown texts are a failure where nothing can wait for them.
    pub(super) fn words(
        node: Option<&Node>,
        scope: &Scope,
    ) -> Result<Evaluated<Option<String>>, Failure> {
        let Some(node) = node else {
            return Ok(Evaluated::Known(None));
        };
        match scope
            .node(node)
            .map_err(|diagnostic| Failure::from(&*diagnostic))?
        {
            Value::Unknown(unknown) => Ok(Evaluated::Unknown(unknown)),
            value => Ok(Evaluated::Known(
                value.scalar_text().filter(|text| !text.is_empty()),
            )),
        }
    }

    /// A keyword that is a number.
    pub(super) fn number(node: Option<&Node>, scope: &Scope, default: u64) -> Result<u64, Failure> {
        let Some(node) = node else {
            return Ok(default);
        };
        let value = scope
            .node(node)
            .map_err(|diagnostic| Failure::from(&*diagnostic))?;
        value
            .scalar_text()
            .and_then(|text| text.trim().parse::<f64>().ok())
            .filter(|number| *number >= 0.0)
            .map(|number| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "not negative; saturates"
                )]
                {
                    number.ceil() as u64
                }
            })
            .ok_or_else(|| {
                Failure::new(format!(
                    "this must be a number, and it is {} ({})",
                    value.kind(),
                    node.at
                ))
            })
    }

    /// The variables that a task's programs get.
    pub(super) fn environment(
        keywords: &Keywords,
        scope: &Scope,
    ) -> Result<Evaluated<BTreeMap<String, String>>, Failure> {
        let mut environment = BTreeMap::new();
        for node in &keywords.environment {
            match scope
                .node(node)
                .map_err(|diagnostic| Failure::from(&*diagnostic))?
            {
                Value::Map(map) => {
                    scope.templates().secrets().learn(&map);
                    for (name, value) in map {
                        match value {
                            Value::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
                            value => match value.scalar_text() {
                                Some(text) => environment.insert(name, text),
                                None => {
                                    return Err(Failure::new(format!(
                                        "the environment variable `{name}` must be a string, and it is {} ({})",
                                        value.kind(),
                                        node.at
                                    )));
                                }
                            },
                        };
                    }
                }
                Value::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
                Value::Null => {}
                other => {
                    return Err(Failure::new(format!(
                        "`environment` must be a mapping, and it is {} ({})",
                        other.kind(),
                        node.at
                    )));
                }
            }
        }
        Ok(Evaluated::Known(environment))
    }

    /// What a loop goes over.
    pub(super) fn loop_items(
        &self,
        repeat: &Loop,
        scope: &Scope,
    ) -> Result<Evaluated<Vec<Value>>, Failure> {
        let value = match &repeat.over.content {
            // `with_items: name` names a variable, as it always did.
            Content::Scalar(Value::String(text)) => scope
                .expression(text)
                .map_err(|error| failure_at(&error, &repeat.over))?,
            _ => scope
                .node(&repeat.over)
                .map_err(|diagnostic| Failure::from(&*diagnostic))?,
        };
        let items = match (repeat.kind, value) {
            (_, Value::Unknown(unknown)) => return Ok(Evaluated::Unknown(unknown)),
            (LoopKind::List, Value::List(list)) => list,
            (LoopKind::Items, Value::List(list)) => list
                .into_iter()
                .flat_map(|item| match item {
                    Value::List(inner) => inner,
                    other => vec![other],
                })
                .collect(),
            (
                LoopKind::Items,
                value @ (Value::String(_) | Value::Int(_) | Value::Bool(_) | Value::Map(_)),
            ) => vec![value],
            (LoopKind::Dict, Value::Map(map)) => map
                .into_iter()
                .map(|(key, value)| {
                    Value::from_iter([("key".to_owned(), key.into()), ("value".to_owned(), value)])
                })
                .collect(),
            (kind, value) => {
                let expected = if kind == LoopKind::Dict {
                    "a mapping"
                } else {
                    "a list"
                };
                return Err(Failure::new(format!(
                    "a loop needs {expected}, and this is {} ({})",
                    value.kind(),
                    repeat.over.at
                ))
                .help("`[a]` is a list of one; `text | split(pat=\",\")` makes one of a text"));
            }
        };
        for item in &items {
            let secrets = self.setting.templates.secrets();
            secrets.learn_named(&repeat.variable, item);
        }
        Ok(Evaluated::Known(items))
    }

    /// Whether what is not known now will be known after what is planned has been made.
    pub(super) fn must_wait(&self) -> bool {
        self.setting.mode != Mode::Plan && (self.pending || self.collecting())
    }

    /// The reason for a failure where something is unknown and nothing that is planned will make it known.
    pub(super) fn never_known(unknown: &Unknown) -> Failure {
        Failure::new(format!(
            "this is {unknown}, and nothing in this play does that before"
        ))
        .help("reorder the tasks, or add the one that is missing")
    }
}
