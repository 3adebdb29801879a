//! Facts of a server that has handed its role over, as they will be.

use crate::model::value::{Map, Value};

/// Makes a primary among the facts' servers a replica of `to`.
pub(super) fn predict(facts: &mut Map, port: u16, socket: &str, to: &str) {
    let Some(Value::Map(redis)) = facts.get_mut("redis") else {
        return;
    };
    let Some(Value::List(instances)) = redis.get_mut("instances") else {
        return;
    };
    let is_meant = |map: &Map| {
        let own = map.get("socket").and_then(Value::as_str);
        let same_port = map.get("port") == Some(&u32::from(port).into());
        same_port && (port != 0 || own == Some(socket))
    };
    for instance in instances.iter_mut() {
        if let Value::Map(map) = instance
            && is_meant(map)
        {
            map.insert("role".to_owned(), "replica".into());
            map.insert("follows".to_owned(), to.into());
            map.insert("handed_over".to_owned(), true.into());
            map.shift_remove("replicas");
            map.shift_remove("successor");
        }
    }
}
