//! Cases of `tests/cases/redis/capability`: what was observed of real builds, and what follows from it.

use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::redis::version::Build;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Observed {
    refusal_text: Option<bool>,
    parse_probe: Option<String>,
    live_probe: Option<String>,
    live_set: Option<String>,
    version_line: Option<String>,
    libraries: Option<String>,
    package: Option<String>,
    malloc_stats: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    observed: Observed,
    verdict: Defragmentation,
    /// The weightiest reason.
    reason: String,
    #[serde(default)]
    contradictory: bool,
}

fn evidence(observed: Observed) -> Vec<Evidence> {
    let build = observed
        .version_line
        .map(|line| Evidence::Build(Build::from_version_line(&line).unwrap()));
    let all = [
        observed.malloc_stats.map(Evidence::MallocStats),
        observed.package.map(Evidence::Package),
        observed
            .libraries
            .map(|output| Evidence::Libraries(needed_libraries(&output))),
        build,
        observed.live_set.map(Evidence::LiveSet),
        observed.live_probe.map(Evidence::LiveProbe),
        observed.parse_probe.map(Evidence::ParseProbe),
        observed.refusal_text.map(Evidence::RefusalText),
    ];
    all.into_iter().flatten().collect()
}

#[test]
fn capability_cases() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/redis/capability/builds.yml");
    let cases: Vec<Case> = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(cases.len() > 10);
    for case in cases {
        let assessment = assess(&evidence(case.observed));
        assert_eq!(
            assessment.verdict, case.verdict,
            "{}: {:?}",
            case.name, assessment.reasons
        );
        assert_eq!(
            assessment.contradictory, case.contradictory,
            "{}",
            case.name
        );
        assert_eq!(
            assessment.reasons.first().map_or("", String::as_str),
            case.reason,
            "{}",
            case.name
        );
    }
}

#[test]
fn defragmentation_is_enabled_only_where_it_works_and_does_no_harm() {
    let proven = assess(&[Evidence::RefusalText(false)]);
    let alone = Deployment::default();
    assert!(decide(&proven, Some(&Server::redis(7, 0, 15)), alone).enable);
    let decision = decide(&proven, Some(&Server::redis(7, 2, 3)), alone);
    assert!(
        !decision.enable && decision.refusals[0].contains("redis#13307"),
        "{decision:?}"
    );
    assert!(!decide(&assess(&[]), Some(&Server::redis(7, 0, 15)), alone).enable);
    let refused = decide(
        &assess(&[Evidence::RefusalText(true)]),
        Some(&Server::redis(7, 0, 15)),
        alone,
    );
    assert_eq!(
        refused.refusals,
        [
            "this build cannot defragment, and with `activedefrag yes` it does not start: the program holds the text with which it refuses to defragment"
        ]
    );
    assert_eq!(decide(&proven, None, alone).warnings.len(), 1);
}

#[test]
fn libraries_are_read_from_three_programs() {
    for output in [
        " 0x0000000000000001 (NEEDED)             Shared library: [libjemalloc.so.2]\n 0x000000000000001d (RUNPATH) Library runpath: [/x.so]\n",
        "  NEEDED               libjemalloc.so.2\n  SONAME x\n",
        "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibjemalloc.so.2 => /lib/x86_64-linux-gnu/libjemalloc.so.2 (0x00007f)\n",
    ] {
        assert_eq!(needed_libraries(output), ["libjemalloc.so.2"], "{output}");
    }
    assert!(needed_libraries("\tnot a dynamic executable\n").is_empty());
}
