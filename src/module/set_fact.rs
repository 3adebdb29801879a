//! `set_fact`: variables that a host has from now on.

use super::spec::ANY_NAME;
use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::value::{Map, Value};

/// See the [module](self).
#[derive(Debug)]
pub struct SetFact;

static SPEC: Spec = Spec {
    name: "set_fact",
    aliases: &[],
    summary: "Gives the host variables for the rest of the run.",
    parameters: &[
        Parameter::new(
            ANY_NAME,
            Kind::Any,
            "Any name: the variable and its value. A value that is known only after a change is kept as such.",
        ),
        Parameter::new(
            "cacheable",
            Kind::Boolean,
            "Accepted with `no`. Facts are asked anew in every run and never cached, so `yes` is refused.",
        )
        .default("no"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for SetFact {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, _: &Look<'_>) -> Result<Decision, Stop> {
        if parameters.boolean("cacheable", false)? {
            return Err(Failure::new("`set_fact` cannot keep a variable for later runs")
                .help("leave `cacheable` out, and put what should last into `host_vars/` or `group_vars/`")
                .into());
        }
        let facts: Map = parameters
            .values()
            .iter()
            .filter(|(name, _)| *name != "cacheable")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if facts.is_empty() {
            return Err(Failure::new("`set_fact` sets nothing")
                .help("write `set_fact: { name: value }`")
                .into());
        }
        if let Some(name) = facts.keys().find(|name| !is_name(name)) {
            return Err(Failure::new(format!("`{name}` cannot be the name of a variable"))
                .help("a name has letters, digits and underscores, and does not begin with a digit")
                .into());
        }
        let result = Map::from_iter([("ansible_facts".to_owned(), Value::Map(facts.clone()))]);
        Ok(Decision {
            facts,
            result,
            ..Decision::default()
        })
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}
