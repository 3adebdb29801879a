//! What a host is, as the variables that playbooks see.

use crate::model::fact_variables;
use crate::model::facts::Facts;
use crate::model::value::Map;

/// The variable with which people override how memory is shared out.
const SIZING: &str = "redis_sizing";

/// All variables that follow from the facts, with the inventory's wishes about sizing.
pub fn variables(facts: &Facts, inventory: &Map) -> Map {
    let mut map = fact_variables::variables(facts);
    let empty = Map::new();
    let wishes = inventory
        .get(SIZING)
        .and_then(crate::model::value::Value::as_map)
        .unwrap_or(&empty);
    #[cfg(any())]
    map.extend(crate::redis::from_facts::variables(facts, wishes));
    map
}
