//! Filters and tests on top of Tera's own, by the names that Ansible's users know.
//!
//! Each takes its arguments by name, as all of Tera's do.

use tera::{Kwargs, State, Tera, TeraResult, Value};

/// The filter that carries a value out of a template with its kind; not for people.
pub const NATIVE: &str = "cachesmith_native";

/// What [`NATIVE`] says of a value that is not there; the scope, which knows the variables, says which it was.
pub const UNDEFINED: &str = "this is not defined";

/// Registers all of them.
pub fn register(tera: &mut Tera) {
    tera.register_filter(NATIVE, native);
}

fn native(value: &Value, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    if value.is_undefined() {
        return Err(tera::Error::message(UNDEFINED));
    }
    serde_json::to_string(value).map_err(tera::Error::message)
}
