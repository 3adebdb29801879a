//! What configuration files and servers say about where a server listens.

use std::collections::HashMap;

use super::record::Records;

/// Directives whose value nobody may see, under all their names (`primaryauth` is Valkey's).
const SECRETS: [&str; 5] = [
    "requirepass",
    "masterauth",
    "primaryauth",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
];

/// What stands in place of a secret.
const MASK: &str = "(secret)";

/// Where a server listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listening {
    pub(super) port: Option<u16>,
    pub(super) tls_port: Option<u16>,
    pub(super) socket: Option<String>,
    pub(super) bind: Option<String>,
}

impl Listening {
    fn set(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "port" => self.port = value.parse().ok(),
            "tls-port" => self.tls_port = value.parse().ok(),
            "unixsocket" => self.socket = Some(value.to_owned()),
            "bind" => self.bind = Some(value.to_owned()),
            _ => {}
        }
    }

    /// The answer to `CONFIG GET *`: a name and a value line in turn.
    pub(super) fn from_answer(config: &str) -> Self {
        let mut listening = Self::default();
        let mut lines = config.lines();
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            listening.set(name, value);
        }
        listening
    }

    /// What `other` says where this says nothing.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            port: self.port.or(other.port),
            tls_port: self.tls_port.or(other.tls_port),
            socket: self.socket.or(other.socket),
            bind: self.bind.or(other.bind),
        }
    }

    /// Where a process title says that it listens: `127.0.0.1:6379` or `unixsocket:/run/redis.sock`.
    pub(super) fn from_title(title: &str) -> Self {
        let mut listening = Self::default();
        for word in title.split_ascii_whitespace() {
            if let Some(path) = word.strip_prefix("unixsocket:") {
                listening.socket = Some(path.to_owned());
                listening.port = Some(0);
            } else if let Some((address, port)) = word.rsplit_once(':')
                && let Ok(port) = port.parse()
            {
                listening.port = Some(port);
                listening.bind = Some(address.to_owned());
            }
        }
        listening
    }

    /// The port of a title is the one of TLS where a file says that there is no other.
    pub(super) fn beside(self, file: &Self) -> Self {
        if file.port == Some(0) && file.tls_port.is_some() && file.tls_port == self.port {
            Self {
                port: Some(0),
                tls_port: self.port,
                ..self
            }
        } else {
            self
        }
    }

    /// Options on a command line: `--port 7000`.
    pub(super) fn from_arguments(arguments: &[&str]) -> Self {
        let mut listening = Self::default();
        let mut words = arguments.iter().peekable();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                continue;
            };
            let mut values = Vec::new();
            while let Some(value) = words.next_if(|word| !word.starts_with("--")) {
                values.push(*value);
            }
            listening.set(name, &values.join(" "));
        }
        listening
    }
}

/// What configuration files say, by file: the lines that `grep` found in each (`path:directive value`), then those of
/// the files that it includes. The last line wins, as it does in the server.
pub(super) fn by_file(records: &Records) -> HashMap<String, Listening> {
    let mut files: HashMap<String, Listening> = HashMap::new();
    let own = records.get("configuration").unwrap_or_default();
    let own = own.lines().filter_map(|line| line.split_once(':'));
    let included = records
        .named("included")
        .flat_map(|(path, text)| text.lines().map(move |line| (path, line)));
    for (path, line) in own.chain(included) {
        let words = shlex::split(line).unwrap_or_default();
        if let Some((name, values)) = words.split_first() {
            files
                .entry(path.to_owned())
                .or_default()
                .set(name, &values.join(" "));
        }
    }
    files
}

/// The answer to `CONFIG GET *` with secrets masked; an empty password stays visible as such.
pub(super) fn masked(config: &str) -> String {
    let mut result = String::with_capacity(config.len());
    let mut secret = false;
    let mut is_name = true;
    for line in config.lines() {
        if is_name {
            secret = SECRETS
                .iter()
                .any(|name| name.eq_ignore_ascii_case(line.trim()));
            result.push_str(line);
        } else if secret && !line.is_empty() {
            result.push_str(MASK);
        } else {
            result.push_str(line);
        }
        result.push('\n');
        is_name = !is_name;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_the_port_of_tls_where_there_is_no_other() {
        let title = || Listening::from_title("/usr/bin/redis-server 127.0.0.1:6380");
        let file = |port, tls_port| Listening {
            port,
            tls_port,
            ..Listening::default()
        };
        let ports = |file: &Listening| {
            let told = title().beside(file);
            (told.port, told.tls_port)
        };
        assert_eq!(ports(&file(Some(0), Some(6380))), (Some(0), Some(6380)));
        for plain in [
            file(None, None),
            file(Some(6380), Some(6381)),
            // The file is newer than the server.
            file(Some(0), Some(6381)),
        ] {
            assert_eq!(ports(&plain), (Some(6380), None), "{plain:?}");
        }
    }
}
