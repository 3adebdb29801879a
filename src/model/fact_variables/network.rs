//! Addresses as Ansible arranges them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Builder;
use crate::model::facts::{Address, Facts};
use crate::model::value::{Map, Value};

fn is_ipv6(address: &Address) -> bool {
    address.address.contains(':')
}

/// Adds `default_ipv4`, `default_ipv6`, the lists of all addresses, and a variable for each interface.
pub(super) fn add(facts: &Facts, map: &mut Builder) {
    let of = |ipv6: bool| {
        let addresses = facts
            .addresses
            .iter()
            .filter(move |address| is_ipv6(address) == ipv6);
        addresses
            .map(|address| address.address.as_str().into())
            .collect::<Vec<Value>>()
    };
    map.put("all_ipv4_addresses", of(false))
        .put("all_ipv6_addresses", of(true))
        .put("interfaces", super::strings(&facts.interfaces))
        .put("default_ipv4", default_ipv4(facts))
        .put("default_ipv6", default_ipv6(facts));
    for interface in &facts.interfaces {
        // Names of variables have no other characters.
        let name: String = interface
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '_'
                }
            })
            .collect();
        map.put(&name, one_interface(facts, interface));
    }
}

fn default_ipv4(facts: &Facts) -> Map {
    let mut map = Builder::default();
    if let Some(address) = facts
        .addresses
        .iter()
        .find(|address| address.default && !is_ipv6(address))
    {
        ipv4(address, &mut map);
        map.put("interface", address.interface.as_str())
            .put("alias", address.interface.as_str())
            .text("gateway", &facts.gateway);
    }
    map.finish()
}

/// The first address of the default route's interface that other networks can reach.
fn default_ipv6(facts: &Facts) -> Map {
    let mut map = Builder::default();
    let global =
        |address: &&Address| address.default && is_ipv6(address) && scope(address) == "global";
    if let Some(address) = facts.addresses.iter().find(global) {
        ipv6(address, &mut map);
        map.put("interface", address.interface.as_str());
    }
    map.finish()
}

fn one_interface(facts: &Facts, interface: &str) -> Map {
    let mut map = Builder::default();
    map.put("device", interface);
    let (mut first, mut others, mut sixes) = (None, Vec::new(), Vec::new());
    for address in facts
        .addresses
        .iter()
        .filter(|address| address.interface == interface)
    {
        let mut one = Builder::default();
        if is_ipv6(address) {
            ipv6(address, &mut one);
            sixes.push(Value::Map(one.finish()));
            continue;
        }
        ipv4(address, &mut one);
        match first {
            None => first = Some(one.finish()),
            Some(_) => others.push(Value::Map(one.finish())),
        }
    }
    if let Some(first) = first {
        map.put("ipv4", first);
    }
    if !others.is_empty() {
        map.put("ipv4_secondaries", others);
    }
    if !sixes.is_empty() {
        map.put("ipv6", sixes);
    }
    map.finish()
}

fn ipv4(address: &Address, map: &mut Builder) {
    map.put("address", address.address.as_str());
    let mask = u32::MAX
        .checked_shl(32_u32.saturating_sub(address.prefix.into()))
        .unwrap_or(0);
    if let Ok(number) = address.address.parse::<Ipv4Addr>() {
        map.put("netmask", Ipv4Addr::from(mask).to_string()).put(
            "network",
            Ipv4Addr::from(u32::from(number) & mask).to_string(),
        );
    }
    map.put("prefix", address.prefix.to_string());
}

fn ipv6(address: &Address, map: &mut Builder) {
    map.put("address", address.address.as_str())
        .put("prefix", address.prefix.to_string())
        .put("scope", scope(address));
}

fn scope(address: &Address) -> &'static str {
    match address.address.parse::<Ipv6Addr>() {
        Ok(number) if number.is_unicast_link_local() => "link",
        Ok(number) if number.is_loopback() => "host",
        _ => "global",
    }
}
