//! Addresses, interfaces and where the default routes leave.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::record::Records;
use crate::model::facts::{Address, Facts};

/// The flag of a route that is in use (`RTF_UP` of linux/route.h).
const ROUTE_UP: u32 = 0x1;
/// The flag of a route that rejects (`RTF_REJECT`).
const ROUTE_REJECTS: u32 = 0x200;

/// One line of `/proc/net/route`. Numbers there are as the machine stores them, so on all machines with Linux of
/// today the first byte of an address is the last of the number.
struct Route<'a> {
    interface: &'a str,
    destination: Ipv4Addr,
    gateway: Ipv4Addr,
    mask: u32,
    metric: u32,
}

pub(super) fn read(records: &Records, facts: &mut Facts) {
    facts.interfaces = records
        .get("interfaces")
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    let routes: Vec<Route<'_>> = records
        .get("routes")
        .unwrap_or_default()
        .lines()
        .filter_map(route)
        .collect();
    let default = routes
        .iter()
        .filter(|route| route.mask == 0 && route.destination.is_unspecified())
        .min_by_key(|route| route.metric);
    if let Some(route) = default.filter(|route| !route.gateway.is_unspecified()) {
        facts.gateway = route.gateway.to_string();
    }
    let default6 = default_interface6(records.get("routes6").unwrap_or_default());
    let mut addresses = match records.get("addresses") {
        Some(text) => text.lines().filter_map(address_line).collect(),
        None => local_addresses(records, &routes),
    };
    addresses.retain(|address: &Address| address.interface != "lo");
    for address in &mut addresses {
        address.default = if address.address.contains(':') {
            Some(address.interface.as_str()) == default6
        } else {
            Some(address.interface.as_str()) == default.map(|route| route.interface)
        };
    }
    facts.addresses = addresses;
}

fn route(line: &str) -> Option<Route<'_>> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let hex = |index: usize| u32::from_str_radix(fields.get(index)?, 16).ok();
    let flags = hex(3)?;
    (flags & ROUTE_UP != 0 && flags & ROUTE_REJECTS == 0).then_some(())?;
    Some(Route {
        interface: fields.first()?,
        destination: Ipv4Addr::from(hex(1)?.to_le_bytes()),
        gateway: Ipv4Addr::from(hex(2)?.to_le_bytes()),
        metric: fields.get(6)?.parse().ok()?,
        mask: u32::from_le_bytes(hex(7)?.to_be_bytes()),
    })
}

/// The interface of the best default route in `/proc/net/ipv6_route`.
fn default_interface6(text: &str) -> Option<&str> {
    text.lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let hex = |index: usize| u32::from_str_radix(fields.get(index)?, 16).ok();
            let flags = hex(8)?;
            let interface = *fields.get(9)?;
            (flags & ROUTE_UP != 0 && flags & ROUTE_REJECTS == 0 && interface != "lo")
                .then_some((hex(5)?, interface))
        })
        .min_by_key(|(metric, _)| *metric)
        .map(|(_, interface)| interface)
}

/// A line of `ip -o addr show`: `4: eth0    inet 192.0.2.2/24 brd ...`.
fn address_line(line: &str) -> Option<Address> {
    let mut words = line.split_ascii_whitespace().skip(1);
    // A container's `eth0@if7` is plain `eth0` here.
    let interface = words.next()?.split('@').next()?.trim_end_matches(':');
    if !matches!(words.next()?, "inet" | "inet6") {
        return None;
    }
    let (address, prefix) = match words.next()?.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok()?),
        // A tunnel names its peer's network instead: `inet 10.8.0.2 peer 10.8.0.1/32`.
        None => return peer_address(line, interface),
    };
    Some(Address {
        interface: interface.to_owned(),
        address: address.to_owned(),
        prefix,
        default: false,
    })
}

fn peer_address(line: &str, interface: &str) -> Option<Address> {
    let mut words = line
        .split_ascii_whitespace()
        .skip_while(|word| !word.starts_with("inet"));
    words.next()?;
    let address = words.next()?;
    Some(Address {
        interface: interface.to_owned(),
        address: address.to_owned(),
        prefix: if address.contains(':') { 128 } else { 32 },
        default: false,
    })
}

/// Without `ip`: the kernel's list of local IPv4 addresses, which names no interface (the connected route of an
/// address does), and of IPv6 addresses.
fn local_addresses(records: &Records, routes: &[Route<'_>]) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    for text in records.get("local-addresses").unwrap_or_default().lines() {
        let Ok(address) = text.parse::<Ipv4Addr>() else {
            continue;
        };
        if address.is_loopback() || addresses.iter().any(|known| known.address == text) {
            continue;
        }
        let connected = routes
            .iter()
            .filter(|route| route.gateway.is_unspecified() && route.mask != 0)
            .filter(|route| {
                u32::from(address) & route.mask == u32::from(route.destination) & route.mask
            })
            .max_by_key(|route| route.mask);
        addresses.push(Address {
            interface: connected
                .map(|route| route.interface.to_owned())
                .unwrap_or_default(),
            address: text.to_owned(),
            prefix: connected.map_or(32, |route| ones(route.mask)),
            default: false,
        });
    }
    for line in records.get("local-addresses6").unwrap_or_default().lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [digits, _, prefix, _, _, interface] = fields[..] else {
            continue;
        };
        if let Ok(bits) = u128::from_str_radix(digits, 16)
            && let Ok(prefix) = u8::from_str_radix(prefix, 16)
        {
            addresses.push(Address {
                interface: interface.to_owned(),
                address: Ipv6Addr::from(bits).to_string(),
                prefix,
                default: false,
            });
        }
    }
    addresses
}

/// The leading ones of a network mask.
fn ones(mask: u32) -> u8 {
    u8::try_from(mask.leading_ones()).unwrap_or(32)
}
