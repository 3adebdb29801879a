//! What runs on hosts is checked as a shell program, too.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use cachesmith::model::probe::{Probe, Program};
use cachesmith::transport::script::lease::{Hold, Mode, Order, compile_order};
use cachesmith::transport::script::{
    Options, Orders, Script, compile_orders, compile_probes, compile_steps,
};

use crate::everything;
use crate::host::feed;

/// A program that a module has hosts run before a file moves.
const TRIAL: &[u8] = include_bytes!("../../src/module/redis_config/trial.sh");

/// What is not a mistake here, and why.
const EXCLUDED: &[(&str, &str)] = &[
    (
        "SC2016",
        "inner shells and dpkg-query expand what stands in single quotes",
    ),
    (
        "SC2034",
        "a function of the library sets variables for others, of which a script may have none",
    ),
    (
        "SC2086",
        "words are split on purpose where a list of words is held: $c_setsid, $c_gids, folding",
    ),
    (
        "SC2089",
        "quotes in the value of a variable belong to the value",
    ),
    (
        "SC2090",
        "quotes in the value of a variable belong to the value",
    ),
    (
        "SC2154",
        "variables are set by functions of the library that came before",
    ),
    ("SC2317", "functions are called by traps and by name"),
    ("SC2329", "functions are called by traps and by name"),
    ("SC3013", "-ef is in dash, bash and busybox"),
];

/// The same for the program that asks for facts.
const OF_FACTS: &[(&str, &str)] = &[
    ("SC1007", "`name= other=` empties variables"),
    ("SC2013", "names of units hold no spaces"),
    ("SC2015", "`a && b || continue` is meant as it reads"),
];

fn check(script: &Script, excluded: &[(&str, &str)]) {
    check_text(script.text(), excluded);
}

fn check_text(text: &[u8], excluded: &[(&str, &str)]) {
    let codes: Vec<&str> = excluded.iter().map(|(code, _)| *code).collect();
    let mut command = Command::new("shellcheck");
    command
        .args(["-s", "sh", "-e", &codes.join(","), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let output = feed(command, text);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn generated_scripts_pass() {
    check(
        &compile_steps(&everything::steps(), &Options::default()),
        EXCLUDED,
    );
    let hold = Hold {
        name: "host".to_owned(),
        run: "run".to_owned(),
        by: "somebody".to_owned(),
        what: "apply".to_owned(),
        term: 900,
        mode: Mode::Join,
        dead: vec!["dead".to_owned()],
        give_back: true,
    };
    let (options, stops) = (Options::default(), BTreeSet::from([0]));
    let program = Program::new(["cat", "/etc/it's here"]);
    let orders = Orders {
        steps: &everything::steps(),
        stops: Some(&stops),
        hold: Some(&hold),
        ahead: &[program],
    };
    let held = compile_orders(&orders, &options);
    check(&held, EXCLUDED);
    check(&compile_order(&Order::List), EXCLUDED);
    let mut probes = everything::probes();
    probes.retain(|probe| !matches!(probe, Probe::SomeFacts { .. }));
    check(&compile_probes(&probes), EXCLUDED);
    check(
        &compile_probes(&[everything::facts()]),
        &[EXCLUDED, OF_FACTS].concat(),
    );
}

#[test]
fn the_trial_of_a_configuration_passes() {
    check_text(TRIAL, &[]);
}

/// The guard is one program by itself, with nothing to excuse.
#[test]
fn the_guard_passes() {
    let mut command = Command::new("shellcheck");
    command
        .args(["-a", "-s", "sh", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let output = feed(
        command,
        cachesmith::module::redis_guard::program().as_bytes(),
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
