//! `fail`: stops a host with a message.

use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::value::Map;

/// See the [module](self).
#[derive(Debug)]
pub struct Fail;

static SPEC: Spec = Spec {
    name: "fail",
    aliases: &[],
    summary: "Fails on the host with a message; mostly used with `when`.",
    parameters: &[
        Parameter::new("msg", Kind::String, "Why, for the person who reads it.")
            .default("Failed as requested from task"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Fail {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, _: &Look<'_>) -> Result<Decision, Stop> {
        let message = parameters
            .string("msg")?
            .unwrap_or_else(|| "Failed as requested from task".to_owned());
        let mut failure = Failure::new(message.as_str())
            .help("the playbook itself says so; look at the task's condition");
        failure.result = Map::from_iter([("msg".to_owned(), message.into())]);
        Err(failure.into())
    }
}
