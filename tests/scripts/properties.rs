//! Any bytes and any words survive the way to a host and back.

use std::fs;

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::{FileState, Observation, Probe, Program};
use cachesmith::model::step::StepStatus;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::host::{hosts, told};
use crate::write::Wish;

/// Bytes with a liking for those that shells and heredocs treat in their own ways.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"'".to_vec()),
        Just(b"\\".to_vec()),
        Just(b"$(x)`y`".to_vec()),
        Just("\u{80}\u{81}\u{88}\u{1}\u{7f}".as_bytes().to_vec()),
        vec(any::<u8>(), 0..40),
        vec(b' '..b'~', 0..3000),
        "\\PC{0,40}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Words for arguments: any text without NUL.
fn words() -> impl Strategy<Value = Vec<String>> {
    vec(
        vec(
            any::<char>().prop_filter("no NUL", |letter| *letter != '\0'),
            0..30,
        ),
        0..20,
    )
    .prop_map(|words| {
        words
            .into_iter()
            .map(|letters| letters.into_iter().collect())
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn contents_survive(contents in vec(bytes(), 1..12)) {
        for host in hosts() {
            let directory = tempfile::tempdir().unwrap();
            let paths: Vec<_> = (0..contents.len()).map(|number| directory.path().join(number.to_string())).collect();
            let steps: Vec<_> = paths
                .iter()
                .zip(&contents)
                .map(|(path, content)| Wish::new(path, content.clone()).step())
                .collect();
            for outcome in host.carry_out(&steps) {
                prop_assert_eq!(outcome.status, StepStatus::Done, "{} {}", host.name, told(&outcome));
            }
            let probes: Vec<Probe> = paths.iter().map(|path| Probe::Content(path.to_str().unwrap().into())).collect();
            for ((path, content), answer) in paths.iter().zip(&contents).zip(host.observe(&probes)) {
                prop_assert_eq!(&fs::read(path).unwrap(), content, "{}", host.name);
                let Observation::File(FileState::Present(info)) = answer else {
                    panic!("{answer:?}");
                };
                prop_assert_eq!(info.content, Some(Blob::from(content.as_slice())), "{}", host.name);
            }
        }
    }

    #[test]
    fn words_and_input_survive(words in words(), input in bytes()) {
        for host in hosts() {
            let text = r#"printf '%s\0' "$@"; printf '\0'; cat"#;
            let mut program = Program::new(["/bin/sh", "-c", text, "sh", "first"]);
            program.argv.extend(words.iter().cloned());
            program.stdin = Some(Blob::from(input.as_slice()));
            let Observation::Program(result) = host.observe_one(Probe::Program(Box::new(program))) else {
                panic!("not a program's result");
            };
            let mut expected = b"first\0".to_vec();
            for word in &words {
                expected.extend_from_slice(word.as_bytes());
                expected.push(0);
            }
            expected.push(0);
            expected.extend_from_slice(&input);
            prop_assert_eq!(result.stdout.as_bytes(), expected.as_slice(), "{}", host.name);
        }
    }
}
