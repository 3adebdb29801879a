//! What a host is, as the variables that playbooks see.

use crate::model::fact_variables;
use crate::model::facts::Facts;
use crate::model::value::Map;

/// The variable with which people override how memory is shared out.
const SIZING: &str = "redis_sizing";

/// All variables that follow from the facts, with the inventory's wishes about sizing.
pub fn variables(facts: &Facts, inventory: &Map) -> Map {
    let mut map = fact_variables::variables(facts);
    map.extend(crate::redis::from_facts::variables(
        facts,
        inventory.get(SIZING),
    ));
    map
}
