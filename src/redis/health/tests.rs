//! Cases of `tests/cases/redis/health`: what a server says, what is expected of it, and how the checks come out.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::redis::guard_status;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    info: String,
    #[serde(default)]
    config: IndexMap<String, String>,
    /// An INFO of ten seconds before.
    earlier: Option<String>,
    memory_limit: Option<u64>,
    /// The text of a guard's status file.
    guard: Option<String>,
    #[serde(default = "unknown")]
    defragmentation: Defragmentation,
    host: Option<ServerHealth>,
    oom_kills_before: Option<u64>,
    #[serde(default)]
    huge_pages_for_all: bool,
    #[serde(default)]
    expect: Expectations,
    /// The checks that are looked at, by their names; each as its text after the name.
    results: BTreeMap<String, String>,
}

fn unknown() -> Defragmentation {
    Defragmentation::Unknown
}

#[test]
fn health_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/redis/health");
    let mut seen = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        let cases: Vec<Case> = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in cases {
            let info = Info::parse(&case.info);
            let guard = case.guard.as_deref().and_then(guard_status::parse);
            let earlier = case.earlier.as_deref().map(Info::parse);
            let observation = Observation {
                info: &info,
                config: &case.config,
                earlier: earlier.as_ref().map(|info| (info, 10.0)),
                memory_limit: case.memory_limit,
                defragmentation: case.defragmentation,
                guard: guard.as_ref(),
                host: case.host.as_ref(),
                oom_kills_before: case.oom_kills_before,
                huge_pages_for_all: case.huge_pages_for_all,
            };
            let results = check(&observation, &case.expect);
            for (name, expected) in &case.results {
                let found = results.iter().find(|result| result.name == *name);
                let shown = found.map_or("absent".to_owned(), |result| {
                    result.to_string()[name.len() + 1..].to_owned()
                });
                assert_eq!(&shown, expected, "{}: {name}", case.name);
                seen.entry((name.clone(), found.map(|result| result.outcome)))
                    .or_insert(0);
            }
        }
    }
    // Every check is seen to pass and to do otherwise.
    let names: std::collections::BTreeSet<&String> = seen.keys().map(|(name, _)| name).collect();
    for name in names {
        let outcomes = seen.keys().filter(|(seen, _)| seen == name).count();
        assert!(
            outcomes > 1 || name.starts_with("config ") || name == "process",
            "{name} has one outcome only"
        );
    }
}

#[test]
fn a_server_that_does_not_answer_fails() {
    let (info, config) = (Info::default(), IndexMap::new());
    let observation = Observation {
        info: &info,
        config: &config,
        earlier: None,
        guard: None,
        memory_limit: None,
        defragmentation: Defragmentation::Unknown,
        host: None,
        oom_kills_before: None,
        huge_pages_for_all: false,
    };
    let results = check(&observation, &Expectations::default());
    assert_eq!(results.len(), 1);
    assert_eq!(worst(&results), Outcome::Failed);
}

#[test]
fn a_secret_is_in_no_result() {
    let info = Info::parse("loading:0\n");
    let config: IndexMap<String, String> =
        [("requirepass".to_owned(), "hunter2".to_owned())].into();
    let observation = Observation {
        info: &info,
        config: &config,
        earlier: None,
        guard: None,
        memory_limit: None,
        defragmentation: Defragmentation::Unknown,
        host: None,
        oom_kills_before: None,
        huge_pages_for_all: false,
    };
    let expect = |password: &str| Expectations {
        config: [("requirepass".to_owned(), password.to_owned())].into(),
        ..Expectations::default()
    };
    for (password, outcome) in [("hunter2", Outcome::Passed), ("hunter3", Outcome::Failed)] {
        let results = check(&observation, &expect(password));
        assert!(!format!("{results:?}").contains("hunter"), "{results:?}");
        assert_eq!(
            results
                .iter()
                .find(|result| result.name == "config requirepass")
                .unwrap()
                .outcome,
            outcome
        );
    }
}
