//! Variables of one task on one host: layers of values, templates in values resolved when they are needed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use tera::Context;

use super::engine::{Template, Templates};
use super::error::TemplateError;
use super::paths::unknown_on_path;
use super::peers::{HOSTVARS, Peers};
use super::{scan, undefined};
use crate::model::diagnostic::Diagnostic;
use crate::model::node::{Content, Node};
use crate::model::value::{Map, Unknown, Value};

/// The value of `omit`: a parameter that holds it counts as not given.
pub const OMIT: &str = "\u{0}cachesmith omit\u{0}";

/// Variables of one level of precedence.
#[derive(Clone, Debug)]
pub struct Layer {
    pub values: Arc<Map>,
    /// Values are data, never templates: facts, results of tasks.
    pub raw: bool,
}

impl Layer {
    /// Values that people wrote: strings in them may be templates.
    pub fn templated(values: impl Into<Arc<Map>>) -> Self {
        Self {
            values: values.into(),
            raw: false,
        }
    }

    /// Values that hosts and tasks produced.
    pub fn raw(values: impl Into<Arc<Map>>) -> Self {
        Self {
            values: values.into(),
            raw: true,
        }
    }
}

/// Something that may not be known yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluated<T> {
    Known(T),
    Unknown(Unknown),
}

/// What all hosts share.
#[derive(Default)]
pub struct Shared {
    /// Large values, such as `groups`.
    pub values: HashMap<String, tera::Value>,
    /// What is seen as `hostvars`.
    pub peers: Option<Arc<dyn Peers>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shared")
    }
}

/// Variables in force, by precedence.
#[derive(Debug)]
pub struct Scope {
    templates: Arc<Templates>,
    /// Later ones win.
    layers: Vec<Layer>,
    pub(super) shared: Arc<Shared>,
    resolved: RefCell<HashMap<String, Value>>,
    /// Variables being resolved, to find cycles; those of other hosts with their names.
    resolving: Rc<RefCell<Vec<String>>>,
    /// Whose variables these are, where it is another host than the one that is worked on.
    of_peer: Option<String>,
    /// Other hosts that were looked at.
    pub(super) peers: RefCell<HashMap<String, Rc<Scope>>>,
}

impl Scope {
    pub fn new(templates: Arc<Templates>, layers: Vec<Layer>, shared: Arc<Shared>) -> Self {
        Self {
            templates,
            layers,
            shared,
            resolved: RefCell::default(),
            resolving: Rc::default(),
            of_peer: None,
            peers: RefCell::default(),
        }
    }

    /// The variables of another host, seen from here.
    pub(super) fn of_peer(&self, host: &str, layers: Vec<Layer>) -> Self {
        Self {
            resolving: Rc::clone(&self.resolving),
            of_peer: Some(host.to_owned()),
            ..Self::new(
                Arc::clone(&self.templates),
                layers,
                Arc::clone(&self.shared),
            )
        }
    }

    /// Whose variables these are, where it is another host than the one that is worked on.
    pub(super) fn peer_name(&self) -> Option<&str> {
        self.of_peer.as_deref()
    }

    /// The same variables with further layers on top.
    #[must_use]
    pub fn with(&self, layers: impl IntoIterator<Item = Layer>) -> Self {
        Self::new(
            Arc::clone(&self.templates),
            self.layers.iter().cloned().chain(layers).collect(),
            Arc::clone(&self.shared),
        )
    }

    /// All names of variables.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .layers
            .iter()
            .flat_map(|layer| layer.values.keys().map(String::as_str))
            .chain(self.shared.values.keys().map(String::as_str))
            .chain(self.shared.peers.is_some().then_some(HOSTVARS))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The value of a variable, with the templates in it resolved; `None` where there is no such variable.
    ///
    /// # Errors
    /// A template in the value that cannot be rendered, or a cycle.
    pub fn variable(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        if let Some(value) = self.resolved.borrow().get(name) {
            return Ok(Some(value.clone()));
        }
        let Some((value, raw)) = self
            .layers
            .iter()
            .rev()
            .find_map(|layer| layer.values.get(name).map(|value| (value, layer.raw)))
        else {
            return Ok(None);
        };
        let value = if raw || !holds_template(value) {
            value.clone()
        } else {
            self.enter(name)?;
            let result = self.value(value).map_err(|mut error| {
                // The innermost value is where it is; a circle names all of them itself.
                if !error.is_in_a_value {
                    error.is_in_a_value = true;
                    error
                        .help
                        .insert(0, format!("this is in the value of the variable `{name}`"));
                }
                error
            });
            self.resolving.borrow_mut().pop();
            let value = result?;
            self.templates.secrets().learn_named(name, &value);
            value
        };
        self.resolved
            .borrow_mut()
            .insert(name.to_owned(), value.clone());
        Ok(Some(value))
    }

    fn enter(&self, name: &str) -> Result<(), TemplateError> {
        let name = match &self.of_peer {
            Some(host) => format!("{HOSTVARS}.{host}.{name}"),
            None => name.to_owned(),
        };
        let mut resolving = self.resolving.borrow_mut();
        if let Some(position) = resolving.iter().position(|active| *active == name) {
            let chain = resolving[position..]
                .iter()
                .map(String::as_str)
                .chain([name.as_str()])
                .collect::<Vec<_>>()
                .join(" -> ");
            return Err(TemplateError {
                help: vec!["break the circle by giving one of them a value of its own".to_owned()],
                is_in_a_value: true,
                ..TemplateError::of_all(
                    format!("variables refer to each other in a circle: {chain}"),
                    "",
                )
            });
        }
        resolving.push(name);
        Ok(())
    }

    /// A value with all templates in it resolved.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn value(&self, value: &Value) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) => self.text(text)?,
            Value::List(list) => Value::List(
                list.iter()
                    .map(|item| self.value(item))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Map(map) => Value::Map(
                map.iter()
                    .map(|(key, item)| Ok((key.clone(), self.value(item)?)))
                    .collect::<Result<Map, TemplateError>>()?,
            ),
            other => other.clone(),
        })
    }

    /// A text that may hold template blocks.
    ///
    /// # Errors
    /// A syntax error, an undefined variable, a filter that refuses.
    pub fn text(&self, text: &str) -> Result<Value, TemplateError> {
        if !scan::is_template(text) {
            return Ok(text.into());
        }
        self.render(&*self.templates.text(text)?)
    }

    /// An expression without braces; it keeps the kind of its value.
    ///
    /// # Errors
    /// As [`Scope::text`].
    pub fn expression(&self, text: &str) -> Result<Value, TemplateError> {
        if scan::is_template(text) {
            return self.text(text);
        }
        self.render(&*self.templates.expression(text)?)
    }

    /// A tree with all templates in it resolved; errors point at the scalar that is wrong.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    pub fn node(&self, node: &Node) -> Result<Value, Box<Diagnostic>> {
        match &node.content {
            Content::Scalar(Value::String(text)) => self
                .text(text)
                .map_err(|error| Box::new(error.in_scalar(&node.at))),
            Content::Scalar(value) => Ok(value.clone()),
            Content::List(list) => Ok(Value::List(
                list.iter()
                    .map(|item| self.node(item))
                    .collect::<Result<_, _>>()?,
            )),
            Content::Map(entries) => Ok(Value::Map(
                entries
                    .iter()
                    .map(|entry| Ok((entry.key.clone(), self.node(&entry.value)?)))
                    .collect::<Result<Map, Box<Diagnostic>>>()?,
            )),
        }
    }

    /// Renders a compiled template; unknown when anything that it refers to is.
    ///
    /// # Errors
    /// An undefined variable, a filter that refuses.
    pub fn render(&self, template: &Template) -> Result<Value, TemplateError> {
        let mut context = Context::new();
        for path in &template.paths {
            let name = &path[0];
            if name == "omit" {
                context.insert("omit", OMIT);
            } else if name == HOSTVARS && self.shared.peers.is_some() {
                if !context.contains_key(name) {
                    match self.hostvars(template)? {
                        Ok(value) => {
                            let seen = tera::Value::from_serializable(&value);
                            context.insert_value(name.clone(), seen);
                            self.resolved.borrow_mut().insert(name.clone(), value);
                        }
                        Err(unknown) => return Ok(Value::Unknown(unknown)),
                    }
                }
            } else if let Some(value) = self.mentioned(template, name)? {
                if let Some(unknown) = unknown_on_path(&value, &path[1..]) {
                    return Ok(Value::Unknown(unknown.clone()));
                }
                if !context.contains_key(name) {
                    context.insert_value(name.clone(), tera::Value::from_serializable(&value));
                }
            } else if let Some(value) = self.shared.values.get(name) {
                context.insert_value(name.clone(), value.clone());
            }
        }
        let value = template.render(&context).map_err(|mut error| {
            if error.is_undefined() {
                return undefined::name(self, template, error);
            }
            if error.help.is_empty() {
                error
                    .help
                    .push("look at what it is given, with a `debug` before it".to_owned());
            }
            error
        })?;
        self.learn_derived(template, &context, &value);
        Ok(value)
    }

    /// The value of a variable that was looked up before, for as long as it is looked at.
    pub(super) fn looked_up<T>(&self, name: &str, look: impl FnOnce(&Value) -> T) -> Option<T> {
        self.resolved.borrow().get(name).map(look)
    }

    /// The value of a variable that a template mentions. What is wrong in the value is told at the mention: the
    /// place of the value itself is not known here.
    fn mentioned(&self, template: &Template, name: &str) -> Result<Option<Value>, TemplateError> {
        self.variable(name)
            .map_err(|error| match template.mention(name) {
                Some((line, column)) => TemplateError {
                    line,
                    column,
                    length: name.chars().count(),
                    included: None,
                    ..error
                },
                None => error,
            })
    }

    /// The compiled templates of the run.
    pub fn templates(&self) -> &Arc<Templates> {
        &self.templates
    }
}

fn holds_template(value: &Value) -> bool {
    match value {
        Value::String(text) => scan::is_template(text),
        Value::List(list) => list.iter().any(holds_template),
        Value::Map(map) => map.values().any(holds_template),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
