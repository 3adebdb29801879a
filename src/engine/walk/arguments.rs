//! A task's arguments, rendered for a host.

use super::Walk;
use super::evaluate::failure_at;
use crate::model::node::{Content, Node};
use crate::model::playbook::Task;
use crate::model::template::scope::OMIT;
use crate::model::template::{Evaluated, Scope};
use crate::model::value::{Map, Unknown, Value};
use crate::module::{Failure, Kind, Parameters, Rendered, Spec, Stop};

/// Arguments for a module, or why they are not known.
pub(super) enum Rendering {
    Ready(Box<Parameters>),
    Unknown(Unknown),
}

/// Modules of the controller: they only pass values on, and an unknown value may be passed on too.
const PASS_ON: &[&str] = &["set_fact", "debug"];

impl Walk<'_> {
    pub(super) fn parameters(
        &self,
        task: &Task,
        spec: &'static Spec,
        scope: &Scope,
    ) -> Result<Rendering, Failure> {
        let mut values = Map::new();
        let mut rendered = Vec::new();
        let mut files = Vec::new();
        let mut expressions = Vec::new();
        let from_host = match task
            .arguments
            .iter()
            .find(|argument| argument.key == "remote_src")
        {
            Some(argument) => scope
                .node(&argument.value)
                .map_err(|diagnostic| Failure::from(&*diagnostic))?
                .truth()
                .unwrap_or(false),
            None => false,
        };
        for argument in &task.arguments {
            let kind = spec
                .parameter(&argument.key)
                .map_or(Kind::Any, |parameter| parameter.kind);
            let value = match kind {
                Kind::Conditions => match Self::conditions_of(&argument.value, scope)? {
                    Evaluated::Known(value) => value,
                    Evaluated::Unknown(unknown) => return Ok(Rendering::Unknown(unknown)),
                },
                Kind::Expression => match argument.value.as_str() {
                    Some(text) => {
                        expressions.push((argument.key.clone(), text.to_owned()));
                        scope
                            .expression(text)
                            .map_err(|error| failure_at(&error, &argument.value))?
                    }
                    None => scope
                        .node(&argument.value)
                        .map_err(|diagnostic| Failure::from(&*diagnostic))?,
                },
                _ => scope
                    .node(&argument.value)
                    .map_err(|diagnostic| Failure::from(&*diagnostic))?,
            };
            let Some(value) = without_omitted(value) else {
                continue;
            };
            if let Some(unknown) = value.first_unknown()
                && !(self.is_plan() && PASS_ON.contains(&spec.name))
            {
                return Ok(Rendering::Unknown(unknown.clone()));
            }
            match kind {
                Kind::Template => {
                    let name = value.scalar_text().unwrap_or_default();
                    match self
                        .rendered(task, &name, scope)
                        .map_err(|failure| placed(failure, &argument.value))?
                    {
                        Evaluated::Known(text) => rendered.push((argument.key.clone(), text)),
                        Evaluated::Unknown(unknown) => return Ok(Rendering::Unknown(unknown)),
                    }
                }
                Kind::LocalFile if !from_host => {
                    let name = value.scalar_text().unwrap_or_default();
                    let found = self.setting.resources.file(&name, &task.origin.search);
                    let mut file =
                        (*found.map_err(|failure| placed(failure, &argument.value))?).clone();
                    file.name = name;
                    files.push((argument.key.clone(), file));
                }
                _ => {}
            }
            let secrets = self.setting.templates.secrets();
            match kind {
                Kind::Secret | Kind::Secrets => secrets.learn_value(&value),
                _ if spec.name == "set_fact" => secrets.learn_named(&argument.key, &value),
                _ => {}
            }
            values.insert(argument.key.clone(), value);
        }
        let mut parameters = Parameters::new(spec, values);
        for (name, text) in rendered {
            parameters.add_rendered(&name, text);
        }
        for (name, file) in files {
            parameters.add_file(&name, file);
        }
        for (name, text) in expressions {
            parameters.add_expressions(&name, vec![text]);
        }
        Ok(Rendering::Ready(Box::new(parameters)))
    }

    /// Whether a task is for runs that were asked for more detail.
    pub(super) fn is_too_detailed(&self, parameters: &Parameters) -> Result<bool, Failure> {
        for parameter in parameters.spec().parameters {
            if parameter.kind != Kind::Detail {
                continue;
            }
            let wanted = parameters
                .integer(parameter.name)
                .map_err(|stop| match stop {
                    Stop::Failed(failure) => failure,
                    _ => Failure::new(format!("`{}` is not known", parameter.name)),
                })?;
            if wanted.unwrap_or(0) > i64::from(self.setting.detail) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rendered(
        &self,
        task: &Task,
        name: &str,
        scope: &Scope,
    ) -> Result<Evaluated<Rendered>, Failure> {
        let (source, template) = self.setting.resources.template(name, &task.origin.search)?;
        match scope
            .render(&template)
            .map_err(|error| Failure::from(&error.in_file(&source)))?
        {
            // Whatever the text will be, the file is looked at.
            Value::Unknown(_) if self.memory.facts_awaited => Ok(Evaluated::Known(Rendered {
                name: name.to_owned(),
                text: String::new(),
            })),
            Value::Unknown(unknown) => Ok(Evaluated::Unknown(unknown)),
            value => Ok(Evaluated::Known(Rendered {
                name: name.to_owned(),
                text: match value {
                    Value::String(text) => text,
                    other => other
                        .scalar_text()
                        .unwrap_or_else(|| serde_json::to_string(&other).unwrap_or_default()),
                },
            })),
        }
    }

    /// Conditions as an assertion gets them: each with its text and whether it holds.
    fn conditions_of(node: &Node, scope: &Scope) -> Result<Evaluated<Value>, Failure> {
        let conditions: Vec<&Node> = match &node.content {
            Content::List(list) => list.iter().collect(),
            _ => vec![node],
        };
        let mut list = Vec::new();
        for condition in conditions {
            let holds = match Self::holds(std::slice::from_ref(condition), scope)? {
                Evaluated::Known(holds) => holds,
                Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
            };
            let text = condition.to_value().scalar_text().unwrap_or_default();
            list.push(Value::from_iter([
                ("condition".to_owned(), Value::from(text)),
                ("holds".to_owned(), Value::Bool(holds)),
            ]));
        }
        Ok(Evaluated::Known(Value::List(list)))
    }
}

/// A failure that names no place, at the place of an argument.
fn placed(mut failure: Failure, node: &Node) -> Failure {
    if !failure.message.ends_with(')') {
        failure.message = format!("{} ({})", failure.message, node.at);
    }
    failure
}

/// A module's failure at the place of the argument that it names, if it names one.
pub(super) fn placed_by_name(failure: Failure, task: &Task) -> Failure {
    let named = task
        .arguments
        .iter()
        .find(|argument| failure.message.contains(&format!("`{}`", argument.key)));
    match named {
        Some(argument) => placed(failure, &argument.value),
        None => failure,
    }
}

/// A value without what `omit` stands for, anywhere in it.
fn without_omitted(value: Value) -> Option<Value> {
    match value {
        Value::String(text) if text == OMIT => None,
        Value::List(list) => Some(Value::List(
            list.into_iter().filter_map(without_omitted).collect(),
        )),
        Value::Map(map) => Some(Value::Map(
            map.into_iter()
                .filter_map(|(key, value)| Some((key, without_omitted(value)?)))
                .collect(),
        )),
        other => Some(other),
    }
}
