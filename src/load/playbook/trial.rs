//! Mistakes in values that only a module itself can judge.
//!
//! Deciding is pure, so a task whose parameters are all written out can be decided on before anything is known of
//! a host. Where a module refuses then, without a question to the host, and names a parameter, the parameter is wrong for
//! every host. The same refusal must come with and without facts: what depends on them is for the run to say.

use std::sync::Arc;

use super::Loader;
use super::arguments::holds_template;
use crate::model::diagnostic::Diagnostic;
use crate::model::node::Entry;
use crate::model::source::At;
use crate::model::value::{Map, Value};
use crate::module::world::World;
use crate::module::{Failure, Kind, Look, Module, Parameters, Spec, Stop};

/// Modules whose purpose is to fail.
const MEANT_TO_FAIL: &[&str] = &["fail", "assert"];

impl Loader<'_> {
    /// Decides on a task, known by its module's arguments, as far as that goes without a host.
    pub(super) fn try_to_decide(&mut self, module: &dyn Module, arguments: &[Entry], at: &At) {
        let spec = module.spec();
        if MEANT_TO_FAIL.contains(&spec.name) || !is_written_out(arguments, spec) {
            return;
        }
        let values: Map = arguments
            .iter()
            .map(|argument| (argument.key.clone(), argument.value.to_value()))
            .collect();
        let parameters = Parameters::new(spec, values);
        let mut with_facts = World::default();
        with_facts.facts = Arc::new(facts());
        let Some(failure) = refusal(module, &parameters, &World::default()) else {
            return;
        };
        if refusal(module, &parameters, &with_facts).as_ref() != Some(&failure) {
            return;
        }
        let says = |text: &str| {
            failure.message.contains(text) || failure.help.iter().any(|help| help.contains(text))
        };
        let named = arguments.iter().find(|argument| {
            let (key, value) = (&argument.key, argument.value.as_str());
            says(&format!("`{key}`"))
                || says(&format!("`{key}:"))
                || value.is_some_and(|text| says(&format!("`{text}`")))
        });
        let at = match named {
            Some(argument) => &argument.value.at,
            // Nothing was given, and something is needed.
            None if arguments.is_empty() => at,
            None => return,
        };
        let mut diagnostic = Diagnostic::error(failure.message).at(at);
        diagnostic.help = failure.help;
        self.report(diagnostic);
    }
}

/// Whether every parameter is known now: no templates, no files, no conditions.
fn is_written_out(arguments: &[Entry], spec: &Spec) -> bool {
    arguments.iter().all(|argument| {
        let is_read_later = spec.parameter(&argument.key).is_some_and(|parameter| {
            matches!(
                parameter.kind,
                Kind::Template | Kind::LocalFile | Kind::Conditions | Kind::Expression
            )
        });
        !is_read_later && !holds_template(&argument.value)
    })
}

fn refusal(module: &dyn Module, parameters: &Parameters, world: &World) -> Option<Failure> {
    match module.decide(parameters, &Look::new(world)) {
        Err(Stop::Failed(failure)) => Some(failure),
        Ok(_) | Err(Stop::Missing | Stop::Unknown(_)) => None,
    }
}

/// A few facts of an ordinary host.
fn facts() -> Map {
    let map = |entries: &[(&str, Value)]| -> Value {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    };
    let server = map(&[
        ("running", true.into()),
        ("active", "active".into()),
        ("enabled", "enabled".into()),
        ("unit", "redis-server.service".into()),
        ("binary", "/usr/bin/redis-server".into()),
        ("config_file", "/etc/redis/redis.conf".into()),
        ("user", "redis".into()),
        ("port", 6379_i64.into()),
    ]);
    let redis = map(&[
        ("flavour", "redis".into()),
        ("version", "7.0.15".into()),
        ("binary", "/usr/bin/redis-server".into()),
        ("config_file", "/etc/redis/redis.conf".into()),
        ("port", 6379_i64.into()),
        ("maxmemory", 4_294_967_296_i64.into()),
        ("instances", Value::List(vec![server])),
    ]);
    let memory = map(&[("usable", 8_589_934_592_i64.into())]);
    Map::from_iter([
        ("ansible_user_dir".to_owned(), "/root".into()),
        ("host".to_owned(), map(&[("memory", memory)])),
        ("redis".to_owned(), redis),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::registry;

    /// What such a task lacks, it lacks on a host alone: an ordinary one has all of it.
    #[test]
    fn nothing_is_wrong_with_a_task_that_needs_no_parameters() {
        for name in ["redis_guard", "redis_check", "redis_unit"] {
            let module = registry::find(name).unwrap();
            let parameters = Parameters::new(module.spec(), Map::new());
            let mut world = World::default();
            world.facts = Arc::new(facts());
            assert_eq!(refusal(module, &parameters, &world), None, "{name}");
        }
    }
}
