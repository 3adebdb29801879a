//! What a host is, as the variables that playbooks see.

use crate::model::fact_variables;
use crate::model::facts::Facts;
use crate::model::value::{Map, Value};

/// The variable with which people say how memory is to be shared out.
pub(super) const SIZING: &str = "redis_sizing";

/// All variables that follow from the facts, with a play's wishes about sizing.
pub fn variables(facts: &Facts, wishes: Option<&Value>) -> Map {
    let mut map = fact_variables::variables(facts);
    map.extend(crate::redis::from_facts::variables(facts, wishes));
    map
}
