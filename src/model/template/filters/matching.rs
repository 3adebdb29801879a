//! What `select` and its kin ask of an item.

use std::cmp::Ordering;

use regex::Regex;
use tera::{Kwargs, TeraResult, Value};

use super::arguments::{any, kind, list_argument, refuse, text_argument};
use super::regular::compiled;
use crate::model::template::catalogue::Argument;

const EQUALS: Argument = Argument::optional("equals", "it is this");
const ONE_OF: Argument = Argument::optional("one_of", "it is one of this list");
const ABOVE: Argument = Argument::optional("above", "it is larger than this");
const BELOW: Argument = Argument::optional("below", "it is smaller than this");
const MATCHES: Argument = Argument::optional("matches", "this regular expression is found in it");
const CONTAINS: Argument = Argument::optional(
    "contains",
    "this is in it: an item, a key or a part of a text",
);
const DEFINED: Argument = Argument::optional("defined", "true: it is there; false: it is not");

pub(super) const ARGUMENTS: &[Argument] =
    &[EQUALS, ONE_OF, ABOVE, BELOW, MATCHES, CONTAINS, DEFINED];

pub(super) const ARGUMENTS_WITH_ATTRIBUTE: &[Argument] = &[
    Argument::required("attribute", "the part of each item, through dots"),
    EQUALS,
    ONE_OF,
    ABOVE,
    BELOW,
    MATCHES,
    CONTAINS,
    DEFINED,
];

/// All that is asked.
pub(super) struct Conditions<'a> {
    equals: Option<&'a Value>,
    one_of: Option<&'a [Value]>,
    above: Option<&'a Value>,
    below: Option<&'a Value>,
    matches: Option<Regex>,
    contains: Option<&'a Value>,
    defined: Option<bool>,
}

impl<'a> Conditions<'a> {
    pub(super) fn of(arguments: &'a Kwargs) -> TeraResult<Self> {
        Ok(Self {
            equals: any(arguments, "equals")?,
            one_of: match any(arguments, "one_of")? {
                Some(_) => Some(list_argument(arguments, "one_of")?),
                None => None,
            },
            above: any(arguments, "above")?,
            below: any(arguments, "below")?,
            matches: match text_argument(arguments, "matches")? {
                Some(pattern) => Some(compiled(&pattern)?),
                None => None,
            },
            contains: any(arguments, "contains")?,
            defined: any(arguments, "defined")?.map(Value::is_truthy),
        })
    }

    fn is_empty(&self) -> bool {
        self.equals.is_none()
            && self.one_of.is_none()
            && self.above.is_none()
            && self.below.is_none()
            && self.matches.is_none()
            && self.contains.is_none()
            && self.defined.is_none()
    }

    /// Whether a value, or the lack of one, fulfils all.
    pub(super) fn hold(&self, value: Option<&Value>) -> TeraResult<bool> {
        if self.defined.is_some_and(|wanted| wanted != value.is_some()) {
            return Ok(false);
        }
        let Some(value) = value else {
            // Whatever else is asked, what is not there does not fulfil it.
            return Ok(self.defined == Some(false));
        };
        if self.is_empty() {
            return Ok(value.is_truthy());
        }
        Ok(self.equals.is_none_or(|wanted| value == wanted)
            && self.one_of.is_none_or(|list| list.contains(value))
            && compares(value, self.above, Ordering::Greater)?
            && compares(value, self.below, Ordering::Less)?
            && match &self.matches {
                Some(regex) => regex.is_match(&value.to_string()),
                None => true,
            }
            && match self.contains {
                Some(part) => contains(value, part)?,
                None => true,
            })
    }
}

fn compares(value: &Value, limit: Option<&Value>, wanted: Ordering) -> TeraResult<bool> {
    match limit.map(|limit| (value.partial_cmp(limit), limit)) {
        None => Ok(true),
        Some((Some(order), _)) => Ok(order == wanted),
        Some((None, limit)) => refuse(format!(
            "{} and {} cannot be compared",
            kind(value),
            kind(limit)
        )),
    }
}

/// Whether a part is in a text, a list or the keys of a mapping.
pub(in crate::model::template) fn contains(value: &Value, part: &Value) -> TeraResult<bool> {
    if let Some(list) = value.as_array() {
        return Ok(list.contains(part));
    }
    if let Some(map) = value.as_map() {
        return Ok(map.keys().any(|key| key.as_value() == *part));
    }
    match value.as_str() {
        Some(text) => Ok(text.contains(&part.to_string())),
        None => refuse(format!("nothing can be in {}", kind(value))),
    }
}
