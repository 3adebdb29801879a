//! Cases of `tests/cases/redis/merge` (folders of files) and `tests/cases/redis/diff` (YAML), and what must hold for
//! any configuration.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::redis::version::Server;

fn cases(subject: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/redis")
        .join(subject);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    cases
}

/// A case is a folder with `existing.conf`, `desired.conf`, `expected.conf` and, if directives are to go, `absent`.
#[test]
fn merge_cases() {
    for folder in cases("merge") {
        let name = folder.display();
        let read = |file: &str| {
            std::fs::read(folder.join(file))
                .unwrap_or_else(|error| panic!("{name}/{file}: {error}"))
        };
        let absent = std::fs::read_to_string(folder.join("absent")).unwrap_or_default();
        let absent: Vec<&str> = absent.split_whitespace().collect();
        let desired = Document::parse(read("desired.conf"));
        let merged = merge(&Document::parse(read("existing.conf")), &desired, &absent)
            .unwrap()
            .document;
        let (merged_text, expected) = (merged.to_bytes(), read("expected.conf"));
        assert_eq!(
            String::from_utf8_lossy(&merged_text),
            String::from_utf8_lossy(&expected),
            "{name}"
        );
        assert_eq!(merged_text, expected, "{name}");
        let again = merge(&merged, &desired, &absent).unwrap().document;
        assert_eq!(again, merged, "{name}: a second merge changes something");
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiffCase {
    server: Option<Server>,
    before: String,
    after: String,
    /// Each change as `directive: before -> after [live]`.
    changes: Vec<String>,
}

#[test]
fn diff_cases() {
    for file in cases("diff") {
        let text = std::fs::read_to_string(&file).unwrap();
        let cases: Vec<DiffCase> = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for case in cases {
            let effective = |text: &str| Effective::of_document(&Document::parse(text));
            let changes = diff(
                &effective(&case.before),
                &effective(&case.after),
                case.server.as_ref(),
            );
            let shown: Vec<String> = changes
                .iter()
                .map(|change| format!("{change} [{}]", change.apply))
                .collect();
            assert_eq!(shown, case.changes, "{}", file.display());
            for change in &changes {
                assert_eq!(
                    change.config_set().is_some(),
                    change.apply == Apply::Live,
                    "{change}"
                );
            }
        }
    }
}

#[test]
fn secrets_stay_out_of_diffs_and_of_their_debugging_output() {
    let before = Effective::of_document(&Document::parse(
        "requirepass hunter2\nuser a on >hunter2\n",
    ));
    let after = Effective::of_document(&Document::parse(
        "requirepass hunter3\nmasterauth hunter4\n",
    ));
    let changes = diff(&before, &after, Some(&Server::redis(7, 0, 15)));
    let shown = format!(
        "{changes:?} {}",
        changes.iter().map(ToString::to_string).collect::<String>()
    );
    assert!(!shown.contains("hunter"), "{shown}");
    assert_eq!(
        changes[0].config_set(),
        Some(("requirepass", b"hunter3".as_slice()))
    );
    assert!(!serde_json::to_string(&changes).unwrap().contains("hunter"));
}

#[test]
fn an_include_that_may_override_is_reported() {
    let existing = Document::parse("maxmemory 1\ninclude /etc/redis/local.conf\nhz 10\n");
    let merged = merge(&existing, &Document::parse("maxmemory 2\nhz 10\n"), &[]).unwrap();
    let expected = Overridable {
        line: 2,
        path: "/etc/redis/local.conf".to_owned(),
        names: vec!["maxmemory".to_owned()],
    };
    assert_eq!(merged.overridable, [expected]);
}

#[test]
fn a_merge_refuses_what_makes_no_sense() {
    let existing = Document::default();
    let error = merge(
        &existing,
        &Document::parse("port 1\nrequirepass \"x\n"),
        &[],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2 of the desired configuration: the quote that opens at column 13 is never closed"
    );
    let error = merge(
        &existing,
        &Document::parse("slave-priority 1\n"),
        &["replica-priority"],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`slave-priority` is both set and to be absent"
    );
}

#[test]
fn drift_tells_only_what_a_server_can_tell() {
    let desired = Document::parse(
        "maxmemory 1gb\nuser a on\ndir ./\nhz 10\ninclude x\nclient-output-buffer-limit replica 1mb 0 0\n",
    );
    let live = [
        ("maxmemory", "1073741823"),
        ("hz", "10"),
        ("dir", "/var/lib/redis"),
        (
            "client-output-buffer-limit",
            "normal 0 0 0 slave 0 0 0 pubsub 0 0 0",
        ),
    ];
    let changes = drift(
        &Effective::of_document(&desired),
        &Effective::of_config_get(live),
        Some(&Server::valkey(8, 1, 1)),
    );
    let shown: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "maxmemory 1 GiB (1073741823) -> 1 GiB (1073741824)",
            "client-output-buffer-limit replica no limit -> 1 MiB (1048576) at once, 0 for 0 s"
        ]
    );
    assert_eq!(
        changes[1].config_set(),
        Some(("client-output-buffer-limit", b"replica 1mb 0 0".as_slice()))
    );
}

#[test]
fn the_limit_comes_after_the_policy_and_defragmentation_last() {
    let text = "activedefrag yes\nmaxmemory 1gb\nactive-defrag-cycle-max 30\nmaxmemory-policy allkeys-lfu\nhz 20\nlazyfree-lazy-expire yes\n";
    let after = Effective::of_document(&Document::parse(text));
    let changes = diff(
        &Effective::default(),
        &after,
        Some(&Server::redis(7, 0, 15)),
    );
    let names: Vec<&str> = in_safe_order(&changes)
        .iter()
        .map(|change| change.identity.name.as_str())
        .collect();
    let expected = [
        "lazyfree-lazy-expire",
        "hz",
        "maxmemory-policy",
        "maxmemory",
        "active-defrag-cycle-max",
        "activedefrag",
    ];
    assert_eq!(names, expected);
}

/// Lines such as files have, including repeats, older names, broken ones and things that add up.
fn line() -> impl Strategy<Value = String> {
    let lines = [
        "maxmemory 1gb",
        "maxmemory 2000",
        "MAXMEMORY 0",
        "maxmemory gb",
        "slave-lazy-flush no",
        "replica-lazy-flush yes",
        "save 900 1",
        "save \"\"",
        "save 300 10 60 1",
        "save 'x'",
        "save 60",
        "client-output-buffer-limit normal 0 0 0",
        "client-output-buffer-limit slave 256mb 64mb 60 pubsub 1 1 1",
        "client-output-buffer-limit replica 1mb 1mb 1",
        "client-output-buffer-limit replica 1 1 1 slave 2 2 2",
        "client-output-buffer-limit x",
        "rename-command CONFIG \"\"",
        "rename-command config a",
        "user a on",
        "user a off",
        "user b on",
        "include /a",
        "include /b",
        "loadmodule /m a",
        "loadmodule /m b",
        "replicaof 10.0.0.1 6379",
        "slaveof no one",
        "bind 10.0.0.1 ::1",
        "# a comment",
        "",
        "   ",
        "  port   1 ",
        "unknown-thing a b",
        "mod.option 1",
        "requirepass \"x",
        "requirepass \"x y\"",
        "notify-keyspace-events KEA",
        "notify-keyspace-events ''",
        "sentinel monitor m 10.0.0.1 1 2",
        "sentinel known-replica m 10.0.0.1 1",
        "oom-score-adj yes",
        "# Managed by Cachesmith: what was not in this file. Of repeats the last one holds.",
        "# End of what Cachesmith added.",
    ];
    prop::sample::select(lines.to_vec()).prop_map(str::to_owned)
}

fn file() -> impl Strategy<Value = String> {
    (
        prop::collection::vec((line(), prop::bool::weighted(0.1)), 0..14),
        any::<bool>(),
    )
        .prop_map(|(lines, closed)| {
            let mut text: String = lines
                .into_iter()
                .map(|(line, windows)| line + if windows { "\r\n" } else { "\n" })
                .collect();
            if !closed && text.ends_with('\n') {
                text.pop();
            }
            text
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_merge_reaches_what_is_desired_and_stays_there(existing in file(), desired in file()) {
        let (existing, desired) = (Document::parse(existing), Document::parse(desired));
        prop_assume!(desired.broken().next().is_none());
        let wanted = Effective::of_document(&desired);
        let merged = merge(&existing, &desired, &[]).unwrap().document;
        let reached = Effective::of_document(&merged);
        for setting in wanted.settings() {
            let value = reached.get(&setting.identity).map(|reached| &reached.value);
            prop_assert_eq!(value, Some(&setting.value), "{} in\n{}", &setting.identity, String::from_utf8_lossy(&merged.to_bytes()));
        }
        let again = merge(&merged, &desired, &[]).unwrap().document;
        prop_assert_eq!(again.to_bytes(), merged.to_bytes());
        prop_assert_eq!(&Document::parse(merged.to_bytes()), &merged, "the lines are those of the text");
    }

    #[test]
    fn lines_that_are_not_managed_stay(existing in file(), desired in file()) {
        let (existing, desired) = (Document::parse(existing), Document::parse(desired));
        prop_assume!(desired.broken().next().is_none());
        let wanted = Effective::of_document(&desired);
        let names: Vec<&str> = wanted.settings().map(|setting| setting.identity.name.as_str()).collect();
        let unmanaged = |document: &Document| -> Vec<Vec<u8>> {
            let is_ours = |line: &&Line| line.is_comment(BLOCK_START) || line.is_comment(BLOCK_END) || line.raw().is_empty();
            let managed = |line: &&Line| line.directive().is_some_and(|directive| names.contains(&Identity::of(directive).name.as_str()));
            document.lines.iter().filter(|line| !managed(line) && !is_ours(line)).map(|line| line.raw().to_vec()).collect()
        };
        let merged = merge(&existing, &desired, &[]).unwrap().document;
        prop_assert_eq!(unmanaged(&merged), unmanaged(&existing));
        let before = Effective::of_document(&existing);
        let after = Effective::of_document(&merged);
        for setting in before.settings().filter(|setting| wanted.get(&setting.identity).is_none()) {
            prop_assert_eq!(after.get(&setting.identity).map(|after| &after.value), Some(&setting.value), "{}", &setting.identity);
        }
    }

    #[test]
    fn a_configuration_does_not_differ_from_itself(text in file()) {
        let effective = Effective::of_document(&Document::parse(&text));
        prop_assert!(diff(&effective, &effective, Some(&Server::redis(7, 0, 15))).is_empty());
    }

    #[test]
    fn no_secret_survives_redaction(name in "(requirepass|masterauth|primaryauth|#requirepass|user a|tls-key-file-pass)", gap in "[ \t]{1,3}", secret in "[a-z0-9]{12}") {
        let shown = redacted(&Document::parse(format!("{name}{gap}\"{secret}\"\n{name}{gap}{secret}\n{name}{gap}\"{secret}\n")));
        prop_assert!(!shown.contains(&secret), "{shown}");
    }
}
