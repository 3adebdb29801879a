//! What must hold for any inventory and any pattern.

#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cachesmith::load::inventory::load;
use cachesmith::model::inventory::builder::Builder;
use cachesmith::model::inventory::pattern::Patterns;
use cachesmith::model::inventory::variables::{Variable, Variables};
use cachesmith::model::inventory::{Beside, Folder, Inventory};
use cachesmith::model::source::{At, Source};
use proptest::prelude::*;

const GROUPS: usize = 6;
const HOSTS: usize = 8;

/// For each group: its hosts, its children among the later groups, and the value it gives the variable `v`.
type Shape = Vec<(Vec<usize>, Vec<usize>, Option<i64>)>;

fn shape() -> impl Strategy<Value = Shape> {
    let group = (
        prop::collection::vec(0..HOSTS, 0..5),
        prop::collection::vec(0..GROUPS, 0..3),
        prop::option::of(0..3_i64),
    );
    prop::collection::vec(group, GROUPS)
}

fn build(shape: &Shape) -> Inventory {
    let at = At::start(&Source::new("inventory", ""));
    let mut builder = Builder::new();
    let ids: Vec<_> = (0..GROUPS)
        .map(|index| builder.group(&format!("g{index}"), &at).unwrap())
        .collect();
    let mut folder = HashMap::new();
    for (index, (hosts, children, value)) in shape.iter().enumerate() {
        for host in hosts {
            builder
                .host(&format!("h{host}"), ids[index], None, &at)
                .unwrap();
        }
        for child in children.iter().filter(|child| **child > index) {
            builder.child(ids[index], ids[*child], &at).unwrap();
        }
        if let Some(value) = value {
            let variable = Variable {
                value: (*value).into(),
                at: at.clone(),
            };
            // Even groups have their variable in the inventory, odd ones in a file.
            if index % 2 == 0 {
                builder.set_group(ids[index], "v", variable).unwrap();
            } else {
                let mut variables = Variables::new();
                variables.set("v", variable);
                folder.insert(format!("g{index}"), variables);
            }
        }
    }
    builder.folder(Folder {
        beside: Beside::Playbook,
        groups: folder,
        hosts: HashMap::new(),
    });
    builder.finish().0
}

fn select(inventory: &Inventory, pattern: &str) -> Vec<String> {
    let hosts = inventory
        .select(&Patterns::parse(pattern).unwrap())
        .unwrap();
    hosts
        .into_iter()
        .map(|host| host.name().to_owned())
        .collect()
}

fn set(names: &[String]) -> HashSet<&str> {
    names.iter().map(String::as_str).collect()
}

proptest! {
    #[test]
    fn patterns_are_sets(shape in shape(), a in 0..GROUPS, b in 0..GROUPS) {
        let inventory = build(&shape);
        let (left, right) = (select(&inventory, &format!("g{a}")), select(&inventory, &format!("g{b}")));
        let (left, right) = (set(&left), set(&right));
        let union = select(&inventory, &format!("g{a}:g{b}"));
        prop_assert_eq!(set(&union), &left | &right);
        let both = select(&inventory, &format!("g{a}:&g{b}"));
        prop_assert_eq!(set(&both), &left & &right);
        let without = select(&inventory, &format!("g{a}:!g{b}"));
        prop_assert_eq!(set(&without), &left - &right);
        prop_assert_eq!(select(&inventory, &format!("!g{b}:g{a}")), without);
        for result in [&union, &both] {
            prop_assert_eq!(set(result).len(), result.len());
        }
        let limit = Patterns::parse(&format!("g{b}")).unwrap();
        let limited = inventory.select_limited(&Patterns::parse(&format!("g{a}")).unwrap(), Some(&limit)).unwrap();
        let limited: Vec<String> = limited.into_iter().map(|host| host.name().to_owned()).collect();
        prop_assert_eq!(limited, both);
    }

    #[test]
    fn all_is_everybody_and_ungrouped_the_rest(shape in shape()) {
        let inventory = build(&shape);
        let all = select(&inventory, "all");
        prop_assert_eq!(set(&all).len(), inventory.hosts().len());
        prop_assert!(select(&inventory, "ungrouped").is_empty());
        let starred = select(&inventory, "*");
        prop_assert_eq!(set(&starred), set(&all));
        let groups = (0..GROUPS).map(|group| format!("!g{group}")).collect::<Vec<_>>().join(":");
        prop_assert!(select(&inventory, &groups).is_empty());
    }

    #[test]
    fn numbers_count_the_hosts_of_a_group(shape in shape(), group in 0..GROUPS) {
        let inventory = build(&shape);
        let hosts = select(&inventory, &format!("g{group}"));
        for (index, host) in hosts.iter().enumerate() {
            prop_assert_eq!(&select(&inventory, &format!("g{group}[{index}]"))[..], std::slice::from_ref(host));
            let back = hosts.len() - index;
            prop_assert_eq!(&select(&inventory, &format!("g{group}[-{back}]"))[..], std::slice::from_ref(host));
            prop_assert_eq!(&select(&inventory, &format!("g{group}[{index}:]"))[..], &hosts[index..]);
            prop_assert_eq!(&select(&inventory, &format!("g{group}[0:{index}]"))[..], &hosts[..=index]);
        }
        let beyond = Patterns::parse(&format!("g{group}[{}]", hosts.len())).unwrap();
        prop_assert_eq!(inventory.select(&beyond).is_err(), !hosts.is_empty());
    }

    #[test]
    fn a_group_holds_the_hosts_of_its_children(shape in shape()) {
        let inventory = build(&shape);
        for (index, (_, children, _)) in shape.iter().enumerate() {
            let outer = select(&inventory, &format!("g{index}"));
            for child in children.iter().filter(|child| **child > index) {
                let inner = select(&inventory, &format!("g{child}"));
                prop_assert!(set(&inner).is_subset(&set(&outer)));
            }
            for host in inventory.hosts() {
                let member = inventory.group_names(host).contains(&format!("g{index}").as_str());
                prop_assert_eq!(member, outer.iter().any(|name| name == host.name()));
            }
        }
    }

    #[test]
    fn the_last_of_the_chain_is_the_value(shape in shape()) {
        let inventory = build(&shape);
        check_origins(&inventory);
    }

    #[test]
    fn any_pattern_is_answered(shape in shape(), text in "[gh0-9*?!&~:,\\[\\]()|\\- ]{0,14}") {
        if let Ok(patterns) = Patterns::parse(&text) {
            // An error is an answer, too.
            let _ = build(&shape).select(&patterns);
        }
    }

    #[test]
    fn any_ini_text_is_answered(lines in prop::collection::vec("(\\[[a-c: ]{0,6}(vars|children)?\\]?|[a-c\\[\\]0-9:=,'\" #]{0,16})", 0..12)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.ini");
        let mut text = String::new();
        for line in lines {
            writeln!(text, "{line}").unwrap();
        }
        fs::write(&path, &text).unwrap();
        match load(&[path.display().to_string()], None) {
            Ok(loaded) => check_origins(&loaded.inventory),
            Err(error) => prop_assert!(error.diagnostics[0].at.is_some(), "{}: {}", text, error),
        }
    }
}

/// For every host and variable, the chain of settings ends with the value that counts, and its place is the last one.
fn check_origins(inventory: &Inventory) {
    for host in inventory.hosts() {
        for (name, value) in inventory.variables(host).iter() {
            let chain = inventory.origin(host, name);
            let last = chain.last().unwrap();
            assert_eq!(last.value, value, "{} {name}", host.name());
            assert_eq!(inventory.place(host, name).as_ref(), Some(last.at));
        }
        assert!(inventory.origin(host, "never_set").is_empty());
    }
}

#[test]
fn origins_of_the_twins_end_with_what_counts() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventories/precedence");
    let source = case.join("inventory/hosts.yml").display().to_string();
    let playbook = case.join("playbook");
    let inventory = load(&[source], Some(&playbook)).unwrap().inventory;
    check_origins(&inventory);
    let host = inventory.host("c1").unwrap();
    let levels: Vec<String> = inventory
        .origin(host, "l09")
        .iter()
        .map(|origin| origin.level.to_string())
        .collect();
    assert_eq!(
        levels,
        [
            "group all, in the inventory",
            "group caches, in the inventory",
            "group all, in group_vars beside the inventory",
            "group all, in group_vars beside the playbook",
            "group caches, in group_vars beside the inventory",
            "group caches, in group_vars beside the playbook",
            "host c1, in the inventory",
            "host c1, in host_vars beside the inventory",
            "host c1, in host_vars beside the playbook",
        ]
    );
}

#[test]
fn magic_variables_tell_the_place_of_a_host() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventories/yaml-nested");
    let source = case.join("inventory.yml").display().to_string();
    let inventory = load(std::slice::from_ref(&source), None).unwrap().inventory;
    let magic = inventory.magic(inventory.host("cache04").unwrap());
    let text = |name: &str| {
        magic
            .get(name)
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    assert_eq!(text("inventory_hostname").as_deref(), Some("cache04"));
    assert_eq!(text("inventory_file"), Some(source));
    assert_eq!(text("inventory_dir"), Some(case.display().to_string()));
    let groups = magic.get("group_names").unwrap();
    assert_eq!(
        serde_json::to_string(groups).unwrap(),
        r#"["caches","us","us_west"]"#
    );
    let map = inventory.group_map();
    assert_eq!(
        map.get("eu").and_then(|eu| eu.as_list()).map(<[_]>::len),
        Some(2)
    );
    assert!(map.contains_key("all") && map.contains_key("ungrouped"));
}

#[test]
fn this_machine_needs_no_inventory() {
    let inventory = load(&[], None).unwrap().inventory;
    let hosts = inventory
        .select(&Patterns::parse("localhost").unwrap())
        .unwrap();
    assert!(hosts[0].is_implicit());
    let variables = inventory.variables(hosts[0]);
    assert_eq!(variables.get("ansible_connection"), Some(&"local".into()));
    assert!(select(&inventory, "all").is_empty());
}
