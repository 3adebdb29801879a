//! Facts as variables of playbooks and templates: `host.*`, and Ansible's names for the same.
//!
//! A fact that could not be had is left out, so that a template which needs it fails with its name instead of
//! writing an empty value into a configuration file. Why it could not be had is in `host.missing`.

mod ansible;
mod clock;
mod distributions;
mod host;
mod network;

use super::facts::Facts;
use super::value::{Map, Value};

/// `host`, `ansible_facts`, and every `ansible_*` variable. What follows about Redis is made by
/// [`crate::redis`].
pub fn variables(facts: &Facts) -> Map {
    let mut variables = Map::new();
    variables.insert("host".to_owned(), Value::Map(host::variables(facts)));
    let ansible = ansible::variables(facts);
    for (name, value) in &ansible {
        variables.insert(format!("ansible_{name}"), value.clone());
    }
    variables.insert("ansible_facts".to_owned(), Value::Map(ansible));
    variables
}

/// A map under construction.
#[derive(Default)]
struct Builder(Map);

impl Builder {
    fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// A text, unless it is empty because it is not known.
    fn text(&mut self, name: &str, text: &str) -> &mut Self {
        if !text.is_empty() {
            self.put(name, text);
        }
        self
    }

    /// A number, unless it is 0 because it is not known.
    fn known(&mut self, name: &str, number: u64) -> &mut Self {
        if number != 0 {
            self.put(name, number);
        }
        self
    }

    fn finish(&mut self) -> Map {
        std::mem::take(&mut self.0)
    }
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a String>) -> Value {
    Value::List(texts.into_iter().map(|text| text.as_str().into()).collect())
}

#[cfg(test)]
mod tests;
