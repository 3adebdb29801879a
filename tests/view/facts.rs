//! What hosts are, from the answers of real hosts that `tests/cases/facts` holds.

use std::path::Path;

use cachesmith::model::event::ShownFailure;
use cachesmith::model::fact_parts::FactParts;
use cachesmith::model::fact_variables;
use cachesmith::model::facts::Facts;
use cachesmith::model::value::Value;
use cachesmith::model::wish::Wish;
use cachesmith::redis::from_facts;
use cachesmith::transport::script::facts::parse;
use cachesmith::view::{Answer, Survey, explanation_page};

use crate::{WIDTHS, compare};

/// All hosts whose answers are kept: name of the case, and facts.
fn hosts() -> Vec<(String, Facts)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/facts");
    let mut hosts: Vec<(String, Facts)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let answer = std::fs::read(entry.path().join("answer")).unwrap();
            (name, parse(&answer, FactParts::ALL))
        })
        .collect();
    hosts.sort_by(|left, right| left.0.cmp(&right.0));
    assert!(hosts.len() > 3);
    hosts
}

fn add(survey: &mut Survey, name: &str, facts: &Facts) {
    let mut variables = fact_variables::variables(facts);
    variables.extend(from_facts::variables(facts, None));
    survey.add(name, &Answer::Known(facts, &variables));
}

#[test]
fn each_kept_host_has_a_sheet() {
    let mut failures = Vec::new();
    for (name, facts) in hosts() {
        let mut survey = Survey::of(std::slice::from_ref(&name));
        add(&mut survey, &name, &facts);
        for width in WIDTHS {
            let text = survey.page(width, 0).render(false);
            compare(&format!("facts-{name}@{width}"), &text, &mut failures);
        }
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

/// 300 hosts of two kinds: two sheets, though every host has figures of its own.
#[test]
fn hosts_that_are_alike_share_a_sheet() {
    let mut failures = Vec::new();
    let kept = hosts();
    let (_, redis) = kept
        .iter()
        .find(|(name, _)| name == "trixie-redis")
        .unwrap();
    let names: Vec<String> = (1..=300).map(|host| format!("cache{host:03}")).collect();
    let mut survey = Survey::of(&names);
    for (number, name) in names.iter().enumerate() {
        let mut facts = redis.clone();
        facts.memory.available -= 1024 * number as u64;
        if number.is_multiple_of(10) {
            facts.kernel = "6.12.48+deb13-amd64".to_owned();
        }
        if number >= 280 {
            facts.memory.total *= 2;
        }
        if let Some(instance) = facts.redis_instances.first_mut() {
            instance.resident += number as u64;
        }
        match number {
            41 | 42 => survey.add(
                name,
                &Answer::Unreachable(ShownFailure {
                    message: format!("no way to 10.0.0.{number}"),
                    help: vec!["is the host up?".to_owned()],
                }),
            ),
            _ => add(&mut survey, name, &facts),
        }
    }
    for width in WIDTHS {
        let text = survey.page(width, 0).render(false);
        assert_eq!(text.matches("\n    RAM ").count(), 2, "{text}");
        compare(&format!("facts-of-300@{width}"), &text, &mut failures);
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

#[test]
fn answers_are_json_objects() {
    let (name, facts) = hosts().remove(0);
    let variables = fact_variables::variables(&facts);
    let answer: serde_json::Value =
        serde_json::from_str(&Answer::Known(&facts, &variables).to_json(&name)).unwrap();
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["status"], "known");
    assert_eq!(answer["host"], name.as_str());
    let read: Facts = serde_json::from_value(answer["facts"].clone()).unwrap();
    assert_eq!(read, facts);
}

/// A guard that is steady is a word; one that holds something says what, and why.
#[test]
fn guards_are_told_with_what_they_hold() {
    let mut failures = Vec::new();
    let (name, mut facts) = hosts()
        .into_iter()
        .find(|(name, _)| name == "trixie-redis")
        .unwrap();
    let mut second = facts.redis_instances[0].clone();
    second.port = 6380;
    second.unit = "second.service".to_owned();
    facts.redis_instances.push(second);
    for (guard, text) in [
        (
            "6379",
            "version=1\nport=6379\nplanned_maxmemory=4294967296\nheld_maxmemory=3221225472\nstate=shedding\nholds=maxmemory\nwhy=7900 MiB of 8192 MiB are used\n",
        ),
        (
            "6380",
            "version=1\nport=6380\nplanned_maxmemory=1073741824\nheld_maxmemory=1073741824\nstate=steady\nholds=\nwhy=memory is not short\n",
        ),
    ] {
        facts.guards.insert(guard.to_owned(), text.to_owned());
    }
    let mut survey = Survey::of(std::slice::from_ref(&name));
    add(&mut survey, &name, &facts);
    for width in WIDTHS {
        let text = survey.page(width, 0).render(false);
        compare(&format!("facts-guards@{width}"), &text, &mut failures);
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}

/// How memory is shared out: a server with words of people on it, one that is refused, one whose build is not known.
#[test]
fn a_derivation_can_be_followed() {
    let mut failures = Vec::new();
    let wish =
        |variable: &str, value: Value, place: &str| Wish::new(variable, &value, place.to_owned());
    let sizing = |pairs: &[(&str, &str)]| {
        Value::from_iter(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value))),
        )
    };
    let cases = [
        (
            "trixie-redis",
            "",
            sizing(&[("replicas", "1"), ("maxmemory", "700mb")]),
        ),
        (
            "trixie-redis",
            "-refused",
            sizing(&[("other_processes", "100gb")]),
        ),
        ("bookworm-instances", "", Value::Null),
        ("bookworm-bare", "", Value::Null),
    ];
    for (name, ending, wanted) in cases {
        let (_, facts) = hosts().into_iter().find(|(host, _)| host == name).unwrap();
        let variables = from_facts::variables(
            &facts,
            Some(&wanted).filter(|wanted| **wanted != Value::Null),
        );
        let mut wishes = Vec::new();
        if wanted != Value::Null {
            wishes.push(wish(
                "redis_sizing",
                "{{ {'persistence': false, ...cache_sizing} }}".into(),
                "playbooks/redis-cache.yml:30:5",
            ));
            wishes.push(wish(
                "cache_sizing",
                wanted,
                "inventories/production/hosts.yml:12:7 (group cache, in the inventory)",
            ));
        }
        for width in WIDTHS {
            let text = explanation_page(name, &variables, &wishes, width).render(false);
            compare(
                &format!("explain-{name}{ending}@{width}"),
                &text,
                &mut failures,
            );
        }
    }
    assert!(failures.is_empty(), "other text than stored: {failures:?}");
}
