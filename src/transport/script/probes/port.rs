//! Whether something listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::probe::Observation;
use crate::transport::script::builder::Builder;
use crate::transport::script::frames::Frame;
use crate::transport::script::library::Part;

/// The state of a listener in `/proc/net/tcp`.
const LISTENING: &str = "0A";

pub(super) fn compile(number: usize, host: &str, port: u16, builder: &mut Builder) {
    builder.need(Part::Port);
    builder.raw(&format!("c_number={number}\n"));
    builder.call("c_port", [host, &port.to_string()]);
}

pub(super) fn parse(number: usize, host: &str, port: u16, frames: &[Frame<'_>]) -> Observation {
    let Some(frame) = frames
        .iter()
        .find(|frame| frame.label == "port" && frame.number(0) == Some(number))
    else {
        return Observation::Failed(String::from("the host said nothing of the port"));
    };
    match frame.words.get(1) {
        Some(&"yes") => Observation::Port(true),
        Some(&"no") => Observation::Port(false),
        _ => from_table(host, port, &String::from_utf8_lossy(frame.body)),
    }
}

/// From the kernel's list of listeners: only addresses of the host itself can be judged by it.
fn from_table(host: &str, port: u16, table: &str) -> Observation {
    let wanted: Vec<IpAddr> = if host == "localhost" {
        vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
    } else if let Ok(address) = host.parse() {
        vec![address]
    } else {
        return Observation::Failed(format!(
            "{host}:{port} cannot be asked: the host has neither nc nor bash"
        ));
    };
    let listeners: Vec<IpAddr> = table
        .lines()
        .filter_map(|line| listener(line, port))
        .collect();
    let open = wanted.iter().any(|address| {
        listeners.iter().any(|listener| {
            listener == address
                || (listener.is_unspecified() && (listener.is_ipv6() || address.is_ipv4()))
        })
    });
    let local = wanted
        .iter()
        .all(|address| address.is_loopback() || address.is_unspecified());
    if open || local {
        Observation::Port(open)
    } else {
        Observation::Failed(format!(
            "{host}:{port} cannot be asked: the host has neither nc nor bash, and the kernel lists no such listener"
        ))
    }
}

/// The address of a line that lists a listener at the port. Addresses are hexadecimal words in the host's byte
/// order, which is taken to be little-endian.
fn listener(line: &str, port: u16) -> Option<IpAddr> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, listening) = fields.get(1)?.split_once(':')?;
    if *fields.get(3)? != LISTENING || u16::from_str_radix(listening, 16).ok()? != port {
        return None;
    }
    let words: Vec<[u8; 4]> = address
        .as_bytes()
        .chunks(8)
        .filter_map(|word| std::str::from_utf8(word).ok())
        .filter_map(|word| u32::from_str_radix(word, 16).ok())
        .map(u32::to_le_bytes)
        .collect();
    match words.as_slice() {
        [word] => Some(Ipv4Addr::from(*word).into()),
        [_, _, _, _] => {
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}
