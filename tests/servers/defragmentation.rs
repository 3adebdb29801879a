//! Whether a build can defragment: each kind of evidence, gathered for real, and whether they agree.

use std::process::{Command, Stdio};

use cachesmith::redis::capability::{
    Defragmentation, Evidence, PARSE_PROBE_ARGUMENTS, REFUSAL_TEXTS, assess,
};
use cachesmith::redis::version;

use crate::build::Build;
use crate::instance::Instance;
use crate::resp::Reply;

pub fn evidence(build: &Build) -> Vec<String> {
    let mut instance = Instance::start(build);
    let live = if build.is_old() {
        let (Reply::Text(answer) | Reply::Error(answer)) =
            instance.ask(&["CONFIG", "SET", "activedefrag", "yes"])
        else {
            panic!("no answer");
        };
        instance.ask(&["CONFIG", "SET", "activedefrag", "no"]);
        Evidence::LiveSet(answer)
    } else {
        let answer = instance.ask(&["CONFIG", "SET", "activedefrag", "yes", "maxmemory", "bogus"]);
        Evidence::LiveProbe(answer.text().to_owned())
    };
    let mut wrong = Vec::new();
    for (name, value) in [("activedefrag", "no"), ("maxmemory", "0")] {
        if instance.value(name).as_deref() != Some(value) {
            wrong.push(format!("asking changed {name}"));
        }
    }
    let statistics = instance.ask(&["MEMORY", "MALLOC-STATS"]);
    let line = version::Build::from_version_line(&build.version_line).unwrap();
    let all = [
        Evidence::RefusalText(holds_refusal(build)),
        Evidence::ParseProbe(parse_probe(build)),
        live,
        Evidence::MallocStats(statistics.text().to_owned()),
        Evidence::Build(line),
    ];
    let assessment = assess(&all);
    if assessment.contradictory || assessment.verdict == Defragmentation::Unknown {
        wrong.push(format!("{assessment:?}"));
    }
    for evidence in all {
        let alone = assess(std::slice::from_ref(&evidence));
        if ![assessment.verdict, Defragmentation::Unknown].contains(&alone.verdict) {
            wrong.push(format!(
                "{:?} against {:?}: {:?}",
                alone.verdict, assessment.verdict, alone.reasons
            ));
        }
    }
    wrong
}

fn holds_refusal(build: &Build) -> bool {
    let bytes = std::fs::read(build.file()).unwrap();
    REFUSAL_TEXTS.iter().any(|text| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

fn parse_probe(build: &Build) -> String {
    let output = Command::new(&build.program)
        .args(PARSE_PROBE_ARGUMENTS)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned()
}
