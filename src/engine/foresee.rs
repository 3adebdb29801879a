//! What a play will want to know of a host, as far as that can be told before the host is asked anything: which parts of
//! the facts it may use, and which files it looks at.
//!
//! Tasks and the templates that they name were compiled when the playbook was loaded. What is left are the variables.
//! What nobody foresees (a file whose name is known only on the way) costs one more round trip.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::walk::{self, Memory, Next, Setting};
use crate::model::event::Mode;
use crate::model::fact_parts::FactParts;
use crate::model::probe::Probe;
use crate::model::template::Templates;
use crate::model::template::scan::is_template;
use crate::model::value::{Map, Value};

/// What is known of a host that has said nothing: the same for all hosts.
static UNKNOWN: LazyLock<Arc<Map>> = LazyLock::new(|| {
    let value = || Value::unknown("the host has said what it is");
    let variables = FactParts::variables().map(|name| (name, value()));
    Arc::new(variables.collect())
});

/// The files and kernel values that the play looks at whatever the host is, so that they are asked along with the facts: a
/// walk in which nothing is known of the host. Programs of the user's wait for their turn, but for those that only look at
/// files.
pub(super) fn questions(setting: &Setting, variables: &Arc<Map>) -> BTreeSet<Probe> {
    if setting.mode == Mode::Verify {
        return BTreeSet::new();
    }
    let setting = Setting {
        mode: Mode::Plan,
        ..setting.clone()
    };
    let memory = Memory {
        variables: Arc::clone(variables),
        facts: Arc::clone(&UNKNOWN),
        facts_awaited: true,
        ..Memory::default()
    };
    match walk::walk(&setting, &memory, &Default::default()).next {
        Next::Observe(mut questions) => {
            let mut questions = questions.remove(&setting.facts_target).unwrap_or_default();
            questions.retain(|probe| {
                matches!(
                    probe,
                    Probe::File(_)
                        | Probe::Content(_)
                        | Probe::KernelValue(_)
                        | Probe::EarlyProgram(_)
                )
            });
            questions
        }
        _ => BTreeSet::new(),
    }
}

/// Tells the templates which parts of the facts may be used: looks at all variables of a host in a play.
pub(super) fn parts(setting: &Setting) {
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
