//! Filters, by the names that people know from Ansible. Arguments are given by name, as Tera has it.
//!
//! One subject a file; each has a table of its filters, those that Tera brings among them.

mod arguments;
mod choice;
mod data;
mod encoding;
mod lists;
mod mappings;
mod matching;
mod numbers;
mod paths;
mod regular;
mod selecting;
mod sets;
mod text;
mod time;

pub(super) use arguments::kind;
pub(super) use matching::contains;
pub(super) use regular::compiled;

use tera::{Kwargs, State, Tera, TeraResult, Value};

use super::catalogue::{FilterCall, Group};

/// All filters, by subject.
pub static GROUPS: &[Group<FilterCall>] = &[
    group("Defaults and choices", choice::ENTRIES),
    group("Texts", text::ENTRIES),
    group("Regular expressions", regular::ENTRIES),
    group("Lists", lists::ENTRIES),
    group("Choosing from lists", selecting::ENTRIES),
    group("Lists as sets", sets::ENTRIES),
    group("Mappings", mappings::ENTRIES),
    group("Numbers and sizes", numbers::ENTRIES),
    group("JSON and YAML", data::ENTRIES),
    group("Encodings and checksums", encoding::ENTRIES),
    group("Paths", paths::ENTRIES),
    group("Times", time::ENTRIES),
];

const fn group(
    title: &'static str,
    entries: &'static [super::catalogue::Entry<FilterCall>],
) -> Group<FilterCall> {
    Group { title, entries }
}

/// The filter that carries a value out of a template with its kind; not for people.
pub(super) const NATIVE: &str = "cachesmith_native";

/// The filter that a variable passes which has to be there; not for people.
pub(super) const DEMAND: &str = "cachesmith_demand";

/// What both say before the path of a value that is not there. The scope, which knows the variables, says more.
pub(super) const UNDEFINED: &str = "\u{0}not defined: ";

/// Registers the filters that are not for people.
pub(super) fn register_inner(tera: &mut Tera) {
    tera.register_filter(NATIVE, native);
    tera.register_filter(DEMAND, demand);
}

fn native(value: &Value, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    if value.is_undefined() {
        return Err(tera::Error::message(UNDEFINED));
    }
    serde_json::to_string(value).map_err(tera::Error::message)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is the form that Tera calls"
)]
fn demand(value: &Value, arguments: Kwargs, _: &State<'_>) -> TeraResult<Value> {
    if value.is_undefined() {
        let path = arguments.get::<&str>("path")?.unwrap_or_default();
        return Err(tera::Error::message(format!("{UNDEFINED}{path}")));
    }
    Ok(value.clone())
}
