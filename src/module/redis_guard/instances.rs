//! The servers that are guarded.

use super::files;
use super::request::{Request, State};
use crate::model::probe::TlsFiles;
use crate::model::value::{Map, Value};
use crate::module::shared::redis_address::TlsPort;
use crate::module::{Failure, Look, Stop};

/// One server, as the facts know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Instance {
    /// What its guard is called: its port, or its socket's name.
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) host: String,
    /// 0: it has none.
    pub(super) port: u16,
    /// Its port is one of TLS.
    pub(super) tls: Option<TlsFiles>,
    pub(super) socket: String,
    pub(super) binary: String,
    /// How many servers the host has.
    pub(super) among: u64,
}

/// The servers that a task is about.
///
/// # Errors
/// When one that is named is not there, or there is none, or one cannot be reached by a guard.
pub(super) fn chosen(request: &Request, look: &Look<'_>) -> Result<Vec<Instance>, Stop> {
    if request.state != State::Present {
        return installed(request, look);
    }
    let all = all(look)?;
    let mut chosen = Vec::new();
    if request.instances.is_empty() {
        chosen = all;
    } else {
        for wanted in &request.instances {
            let found = all.iter().find(|instance| instance.is_called(wanted));
            chosen.push(found.cloned().ok_or_else(|| missing(wanted, &all))?);
        }
    }
    if chosen.is_empty() {
        if let Some(unknown) = look.pending_packages() {
            return Err(Stop::Unknown(unknown.clone()));
        }
        return Err(Failure::new("there is no server on this host to guard")
            .help("install and start it with a task before")
            .into());
    }
    if let Some(closed) = chosen.iter().find(|one| one.name.is_empty()) {
        return Err(Failure::new(format!(
            "{} listens with TLS alone, and it is not known with which certificate it is asked",
            closed.unit
        ))
        .help("that is known of a server that runs as a unit, with its configuration file as the first argument")
        .help("or give it a unix socket (`unixsocket`)")
        .into());
    }
    Ok(chosen)
}

/// Those that have a guard, whether the server itself is still there or not.
fn installed(request: &Request, look: &Look<'_>) -> Result<Vec<Instance>, Stop> {
    let names = look
        .glob(files::ALL_SETTINGS)?
        .iter()
        .filter_map(|(path, _)| {
            let file = path.rsplit('/').next()?;
            Some(file.strip_suffix(".conf")?.to_owned())
        });
    let known = all(look)?;
    Ok(names
        .map(|name| {
            let instance = known.iter().find(|instance| instance.name == name);
            instance.cloned().unwrap_or_else(|| Instance {
                name,
                ..Instance::default()
            })
        })
        .filter(|instance| {
            request.instances.is_empty()
                || request
                    .instances
                    .iter()
                    .any(|word| instance.is_called(word))
        })
        .collect())
}

fn all(look: &Look<'_>) -> Result<Vec<Instance>, Stop> {
    let list = match look.fact(&["redis", "instances"])? {
        Some(Value::List(list)) => list.as_slice(),
        _ => &[],
    };
    let counted: Vec<&Map> = list
        .iter()
        .filter_map(Value::as_map)
        .filter(|map| uses_memory(map))
        .collect();
    let among = counted.len() as u64;
    Ok(counted
        .into_iter()
        .map(|map| Instance::of(map, among))
        .collect())
}

/// Whether it runs, or will after the next boot.
fn uses_memory(map: &Map) -> bool {
    map.get("running").and_then(Value::truth) == Some(true)
        || text(map, "enabled") == "enabled"
        || text(map, "active") == "active"
}

fn text<'a>(map: &'a Map, name: &str) -> &'a str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Instance {
    fn of(map: &Map, among: u64) -> Self {
        let port = match map.get("port") {
            Some(Value::Int(port)) => u16::try_from(*port).unwrap_or(0),
            _ => 0,
        };
        let socket = text(map, "socket").to_owned();
        let over_tls = TlsPort::of(map).filter(|_| port == 0 && socket.is_empty());
        let port = over_tls.as_ref().map_or(port, |known| known.port);
        let name = self::name(port, &socket);
        Self {
            name,
            tls: over_tls.map(|known| known.files().clone()),
            unit: text(map, "unit").to_owned(),
            host: address(text(map, "bind")),
            port,
            socket,
            binary: text(map, "binary").to_owned(),
            among,
        }
    }

    fn is_called(&self, word: &str) -> bool {
        let unit = self.unit.strip_suffix(".service");
        [self.name.as_str(), &self.socket, &self.unit].contains(&word) || unit == Some(word)
    }
}

/// What the guard of a server is called.
pub fn name(port: u16, socket: &str) -> String {
    match port {
        0 => name_of_socket(socket),
        port => port.to_string(),
    }
}

/// `/run/redis/second.sock`: `second.sock`, of characters that the name of a unit may have.
fn name_of_socket(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    file.chars()
        .map(
            |one| match one.is_ascii_alphanumeric() || "-_.".contains(one) {
                true => one,
                false => '_',
            },
        )
        .collect()
}

/// Where the guard finds the server: on the loopback, unless it listens elsewhere only. A `-` before an address says
/// that it need not exist.
fn address(bind: &str) -> String {
    let mut addresses = bind
        .split_whitespace()
        .map(|word| word.trim_start_matches('-'));
    let is_loopback = |word: &str| word.starts_with("127.") || word == "*" || word == "0.0.0.0";
    match addresses.clone().find(|word| is_loopback(word)) {
        Some(word) if word.starts_with("127.") => word.to_owned(),
        Some(_) => "127.0.0.1".to_owned(),
        None => match addresses.next() {
            Some("::" | "::*") => "::1".to_owned(),
            Some(first) => first.to_owned(),
            None => "127.0.0.1".to_owned(),
        },
    }
}

fn missing(wanted: &str, all: &[Instance]) -> Stop {
    let known: Vec<&str> = all.iter().map(|instance| instance.name.as_str()).collect();
    let failure = Failure::new(format!("there is no server `{wanted}` on this host"));
    if known.is_empty() {
        failure.help("there is none at all")
    } else {
        failure.help(format!("there are {}", known.join(", ")))
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_asks_where_the_server_listens() {
        for (bind, expected) in [
            ("", "127.0.0.1"),
            ("127.0.0.1 -::1", "127.0.0.1"),
            ("10.0.0.5", "10.0.0.5"),
            ("10.0.0.5 127.0.0.1", "127.0.0.1"),
            ("* -::*", "127.0.0.1"),
            ("0.0.0.0", "127.0.0.1"),
            ("::", "::1"),
            ("-10.0.0.5", "10.0.0.5"),
        ] {
            assert_eq!(address(bind), expected, "{bind}");
        }
    }

    #[test]
    fn a_socket_gives_a_name_that_a_unit_can_have() {
        assert_eq!(name_of_socket("/run/redis/a b@1.sock"), "a_b_1.sock");
        assert_eq!(name_of_socket(""), "");
    }
}
