//! The published table and whole hosts, from `tests/cases/redis/sizing`.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::redis::units::GIB;

fn cases<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/redis/sizing")
        .join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let cases: Vec<T> =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert!(!cases.is_empty());
    cases
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    host: Host,
    maxmemory: BTreeMap<u64, u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Host {
    defragmentation: bool,
    replicas: u32,
    persistence: bool,
    write_heavy: bool,
    overrides: Overrides,
}

#[test]
fn the_published_table() {
    let columns: Vec<Column> = cases("table.yml");
    assert_eq!(
        columns
            .iter()
            .map(|column| column.maxmemory.len())
            .sum::<usize>(),
        8 * 8
    );
    for Column {
        name,
        host,
        maxmemory,
    } in columns
    {
        for (ram, expected) in maxmemory {
            let inputs = Inputs {
                defragmentation: host.defragmentation,
                replicas: host.replicas,
                persistence: host.persistence,
                write_heavy: host.write_heavy,
                overrides: host.overrides.clone(),
                ..Inputs::of_ram(ram * MIB)
            };
            let settings = size(&inputs).settings.unwrap();
            assert_eq!(
                settings.maxmemory,
                expected * MIB,
                "{name}, {ram} MiB: {}",
                settings.maxmemory / MIB
            );
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    inputs: Inputs,
    maxmemory: Option<u64>,
    refused: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    derivation: Vec<String>,
}

#[test]
fn whole_hosts() {
    for case in cases::<Case>("hosts.yml") {
        let sizing = size(&case.inputs);
        assert_eq!(sizing.refused, case.refused, "{}", case.name);
        assert_eq!(
            sizing.settings.map(|settings| settings.maxmemory),
            case.maxmemory,
            "{}",
            case.name
        );
        assert_eq!(sizing.warnings, case.warnings, "{}", case.name);
        if !case.derivation.is_empty() {
            let shown: Vec<String> = sizing.derivation.iter().map(ToString::to_string).collect();
            assert_eq!(shown, case.derivation, "{}", case.name);
        }
    }
}

#[test]
fn settings_follow_from_maxmemory() {
    let defragmenting = |ram: u64| Inputs {
        defragmentation: true,
        ..Inputs::of_ram(ram)
    };
    for (ram, ignored) in [(1, 34), (2, 76), (4, 153), (8, 307), (16, 512), (64, 512)] {
        let settings = size(&defragmenting(ram * GIB)).settings.unwrap();
        assert_eq!(
            settings.active_defrag_ignore_bytes / MIB,
            ignored,
            "{ram} GiB"
        );
    }
    let inputs = Inputs {
        replicas: 1,
        ..defragmenting(8 * GIB)
    };
    let settings = size(&inputs).settings.unwrap();
    let buffer = 518_625_689;
    assert_eq!(settings.maxmemory, 4946 * MIB);
    assert_eq!(
        settings.replica_output_limit(),
        format!("{buffer} {} 60", buffer / 4)
    );
    assert_eq!(settings.repl_backlog_size, 51_862_568);
    assert_eq!(settings.client_query_buffer_limit, 64 * MIB);
    assert_eq!(settings.memory_high, 4946 * MIB * 6 / 5 + buffer + 64 * MIB);
    assert_eq!(
        settings.memory_max,
        4946 * MIB * 29 / 20 + buffer + 128 * MIB
    );
    assert!(settings.memory_max < 8 * GIB);
}

fn hosts() -> impl Strategy<Value = Inputs> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (
        256 * MIB..512 * GIB,
        0..8 * GIB,
        1_u32..5,
        0_u32..4,
        flags,
        prop::option::of(256 * MIB..512 * GIB),
    )
        .prop_map(
            |(
                ram_bytes,
                other_resident_bytes,
                instances,
                replicas,
                (persistence, write_heavy, defragmentation, shared),
                limit,
            )| {
                let limits = limit.into_iter().map(|bytes| MemoryLimit {
                    source: "memory.max".to_owned(),
                    bytes,
                    other_resident_bytes: 0,
                });
                Inputs {
                    limits: limits.collect(),
                    other_resident_bytes,
                    instances,
                    replicas,
                    persistence,
                    write_heavy,
                    defragmentation,
                    replica_buffers_shared: shared,
                    ..Inputs::of_ram(ram_bytes)
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_planned_always_fits(inputs in hosts()) {
        let sizing = size(&inputs);
        prop_assert_eq!(sizing.settings.is_some(), sizing.refused.is_none());
        if let Some(settings) = sizing.settings {
            let factors = Factors::of(&inputs).unwrap();
            let budget = Budget::tightest(&inputs, &factors);
            let all = factors.needed(settings.maxmemory) * u64::from(inputs.instances);
            prop_assert!(all <= budget.room, "{} > {}", all, budget.room);
            prop_assert!(settings.maxmemory * u64::from(inputs.instances) <= sizing.memory / 4 * 3 + 3);
            // And no more than one MiB more would fit, unless the share of 75% says so.
            let more = settings.maxmemory + 2 * MIB;
            let capped = more * u64::from(inputs.instances) > sizing.memory / 4 * 3;
            prop_assert!(capped || factors.needed(more) * u64::from(inputs.instances) > budget.room);
        }
    }

    #[test]
    fn more_memory_never_means_less(inputs in hosts(), more in 0..64 * GIB) {
        let bigger = Inputs { ram_bytes: inputs.ram_bytes + more, ..inputs.clone() };
        let maxmemory = |inputs: &Inputs| size(inputs).settings.map_or(0, |settings| settings.maxmemory);
        prop_assert!(maxmemory(&bigger) >= maxmemory(&inputs));
    }
}
