//! `assert`: fails where a condition does not hold.

use super::{Decision, Failure, Kind, Look, Module, Parameter, Parameters, Spec, Stop};
use crate::model::value::{Map, Value};

/// See the [module](self).
#[derive(Debug)]
pub struct Assert;

static SPEC: Spec = Spec {
    name: "assert",
    aliases: &[],
    summary: "Fails on a host where a condition does not hold. It changes nothing.",
    parameters: &[
        Parameter::new(
            "that",
            Kind::Conditions,
            "One condition or a list of them, without braces; all have to hold.",
        )
        .required(),
        Parameter::new(
            "fail_msg",
            Kind::Any,
            "What is said where one does not hold: a text or a list of lines.",
        )
        .aliases(&["msg"]),
        Parameter::new(
            "success_msg",
            Kind::Any,
            "What is said where all hold: a text or a list of lines.",
        )
        .default("All assertions passed"),
        Parameter::new("quiet", Kind::Boolean, "Say nothing where all hold.").default("no"),
    ],
    free_form: None,
    one_of: &[],
};

impl Module for Assert {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn decide(&self, parameters: &Parameters, _: &Look<'_>) -> Result<Decision, Stop> {
        let value = parameters
            .get("that")
            .ok_or_else(|| Stop::failed("`that` has no condition"))?;
        let conditions = match value {
            Value::List(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        for (number, condition) in conditions.iter().enumerate() {
            if let Some(unknown) = condition.first_unknown() {
                return Err(Stop::Unknown(unknown.clone()));
            }
            // A condition comes with its words: what holds is told apart from a mapping that is not empty.
            let holds = condition.get("holds").unwrap_or(condition);
            let words = condition.get("condition").and_then(Value::as_str);
            match holds.truth().filter(|_| !matches!(holds, Value::Map(_))) {
                Some(true) => {}
                Some(false) => return Err(failure(parameters, number, words).into()),
                None => {
                    return Err(Stop::failed(format!(
                        "{} gives {}, which is neither true nor false",
                        name(number, words),
                        holds.kind()
                    )));
                }
            }
        }
        let said =
            lines(parameters, "success_msg")?.unwrap_or_else(|| "All assertions passed".to_owned());
        let message = (!parameters.boolean("quiet", false)?).then_some(said);
        let mut decision = Decision::unchanged();
        if let Some(message) = &message {
            decision = decision.with("msg", message.as_str());
        }
        Ok(Decision {
            message,
            ..decision
        })
    }
}

fn failure(parameters: &Parameters, number: usize, words: Option<&str>) -> Failure {
    let said = lines(parameters, "fail_msg").ok().flatten();
    let what = format!("{} does not hold", name(number, words));
    let mut failure = match said {
        Some(said) => Failure::new(said).help(what),
        None => Failure::new(what).help("look at the values that the condition compares"),
    };
    let assertion = words.map_or_else(|| Value::from(number as u64), Value::from);
    failure.result = Map::from_iter([
        ("assertion".to_owned(), assertion),
        ("evaluated_to".to_owned(), false.into()),
        ("msg".to_owned(), failure.message.as_str().into()),
    ]);
    failure
}

fn name(number: usize, words: Option<&str>) -> String {
    match words {
        Some(words) => format!("`{words}`"),
        None => format!("condition {}", number + 1),
    }
}

/// A text, or the lines of a list.
fn lines(parameters: &Parameters, name: &str) -> Result<Option<String>, Stop> {
    match parameters.get(name) {
        Some(Value::List(_)) => Ok(Some(parameters.arguments(name)?.join("\n"))),
        _ => parameters.string(name),
    }
}
