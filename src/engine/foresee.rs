//! Which parts of the facts a play may use, as far as that can be told before a host is asked anything.
//!
//! Tasks and the templates that they name were compiled when the playbook was loaded. What is left are the variables.
//! What nobody foresees (a file whose name is known only on the way) costs one more round trip.

use super::walk::Setting;
use crate::model::fact_parts::FactParts;
use crate::model::template::Templates;
use crate::model::template::scan::is_template;
use crate::model::value::Value;

/// Looks at all variables of a host in a play.
pub(super) fn foresee(setting: &Setting) {
    let play = &setting.play;
    let maps = [
        &setting.inventory,
        &setting.extra,
        &play.vars,
        &play.vars_files,
        &play.role_defaults,
        &play.role_vars,
    ];
    for value in maps.into_iter().flat_map(|map| map.values()) {
        look_at(value, &setting.templates);
    }
    // Whoever requires something of the servers is told before anything else.
    if matches!(setting.sizing_wishes(), Ok(Some(_))) {
        setting.templates.need_facts(FactParts::SERVERS);
    }
}

fn look_at(value: &Value, templates: &Templates) {
    match value {
        Value::String(text) if is_template(text) => {
            // What is wrong with it is told where it is used.
            let _ = templates.text(text);
        }
        Value::List(list) => list.iter().for_each(|value| look_at(value, templates)),
        Value::Map(map) => map.values().for_each(|value| look_at(value, templates)),
        _ => {}
    }
}
