//! Kernel values that belong to the machine outside: in a container most of them can be seen and not be set.

use crate::model::value::Value;
use crate::module::{Check, CheckStatus, Kind, Look, Parameter, Parameters, Stop};

/// What becomes of a value that this host cannot set.
pub const HOST_LEVEL: Parameter = Parameter::new(
    "host_level",
    Kind::String,
    "What to do about a value that only the machine outside a container can set: tell it, with the value that should be \
     set there, or fail.",
)
.choices(&["report", "fail"])
.default("report in a container, fail elsewhere");

/// Whether such a value is told rather than a failure. Elsewhere than in a container, and for users other than root,
/// there is another cause.
///
/// # Errors
/// See [`Look::fact`].
pub fn is_reported(parameters: &Parameters, look: &Look<'_>) -> Result<bool, Stop> {
    match parameters.string(HOST_LEVEL.name)?.as_deref() {
        Some("report") => return Ok(true),
        Some(_) => return Ok(false),
        None => {}
    }
    let container = look.fact(&["host", "container"])?.and_then(Value::truth);
    let user = look.fact(&["ansible_user_id"])?.and_then(Value::as_str);
    Ok(container == Some(true) && user.is_none_or(|user| user == "root"))
}

/// What is told of it. `found`: the value, if there is one; `how`: what sets it on the machine outside.
pub fn report(name: &str, expected: String, found: Option<&str>, how: &str) -> Check {
    Check {
        name: name.to_owned(),
        status: CheckStatus::Warned,
        expected,
        found: match found {
            Some(value) => format!("{value}, which this host cannot change"),
            None => "nothing that this host can see".to_owned(),
        },
        advice: Some(format!(
            "a host-level setting: set it on the machine that runs this container, with `{how}`"
        )),
    }
}
