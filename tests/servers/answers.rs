//! What a running server answers, and what the catalogue says that it does.

use cachesmith::redis::catalogue::{self, Directive, Kind};
use cachesmith::redis::conf::{Effective, Identity, Value};

use crate::build::Build;
use crate::instance::Instance;
use crate::left_out::{Mismatch, filter};

/// The directives that CONFIG GET shows, each with the names that this server takes.
pub fn shown(build: &Build) -> impl Iterator<Item = (&'static Directive, Vec<&'static str>)> {
    catalogue::all().iter().filter_map(move |directive| {
        let names: Vec<&str> = directive
            .names()
            .filter(|name| directive.releases_accepting(name).contains(&build.server))
            .collect();
        let is_shown = directive.kind != Kind::Repeated
            && !directive.ignored_by.contains(&build.server)
            && (build.tls || !directive.name.starts_with("tls-"));
        (is_shown && !names.is_empty()).then_some((directive, names))
    })
}

pub fn names(build: &Build) -> Vec<String> {
    let mut instance = Instance::start(build);
    let mut wrong = Vec::new();
    for (name, value) in instance.config("*") {
        let known = catalogue::lookup(&name)
            .is_some_and(|known| known.releases_accepting(&name).contains(&build.server));
        if !known {
            wrong.push(Mismatch::new(
                "name",
                &name,
                format!("the server has it (`{value}`)"),
            ));
        }
    }
    for (directive, accepted) in shown(build) {
        for name in directive.names() {
            let is_there = instance.value(name).is_some();
            if is_there != accepted.contains(&name) {
                let what = if is_there {
                    "the server has it"
                } else {
                    "the server has it not"
                };
                wrong.push(Mismatch::new("name", name, what));
            }
        }
    }
    let absent = catalogue::all().iter().filter(|directive| {
        directive.ignored_by.contains(&build.server)
            || directive
                .names()
                .all(|name| !directive.releases_accepting(name).contains(&build.server))
    });
    for name in absent.flat_map(Directive::names) {
        if instance.value(name).is_some() {
            wrong.push(Mismatch::new(
                "name",
                name,
                "the server has it, and does something with it",
            ));
        }
    }
    filter(build, &["name"], &wrong)
}

pub fn older_names(build: &Build) -> Vec<String> {
    let mut instance = Instance::start(build);
    let mut wrong = Vec::new();
    for (directive, names) in shown(build) {
        let values: Vec<Option<String>> = names.iter().map(|name| instance.value(name)).collect();
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            wrong.push(Mismatch::new(
                "alias",
                directive.name,
                format!("{names:?} have {values:?}"),
            ));
        }
    }
    filter(build, &["alias"], &wrong)
}

/// What a value comes to; the classes of clients are several things.
fn meaning(name: &str, value: &str) -> Vec<(Identity, Value)> {
    Effective::of_config_get([(name, value)])
        .settings()
        .map(|setting| (setting.identity.clone(), setting.value.clone()))
        .collect()
}

pub fn defaults(build: &Build) -> Vec<String> {
    let mut instance = Instance::start(build);
    let mut wrong = Vec::new();
    for (directive, names) in shown(build) {
        let Some(value) = instance.value(names[0]) else {
            continue;
        };
        let Some(default) = directive.default(Some(&build.server)) else {
            wrong.push(Mismatch::new(
                "default",
                directive.name,
                format!("no default is known; it is `{value}`"),
            ));
            continue;
        };
        let meaning = |text: &str| meaning(names[0], text);
        if meaning(&default) != meaning(&value) {
            wrong.push(Mismatch::new(
                "default",
                directive.name,
                format!("it is `{value}`, not `{default}`"),
            ));
        }
    }
    filter(build, &["default"], &wrong)
}

pub fn run_time(build: &Build) -> Vec<String> {
    let mut instance = Instance::start_open(build);
    let mut wrong = Vec::new();
    for (directive, names) in shown(build) {
        for name in names {
            let Some(value) = instance.value(name) else {
                continue;
            };
            let answer = instance.ask(&["CONFIG", "SET", name, &value]);
            let answer = answer.text();
            let at_boot_only = answer.contains("can't set immutable config")
                || answer.contains("Unsupported CONFIG parameter");
            if at_boot_only == directive.runtime_in.contains(&build.server) {
                wrong.push(Mismatch::new(
                    "set",
                    name,
                    format!("CONFIG SET of `{value}`: {answer}"),
                ));
            }
        }
    }
    filter(build, &["set"], &wrong)
}
