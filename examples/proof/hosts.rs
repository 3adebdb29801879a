//! The hosts that are measured: the lines of a set of test hosts, and what follows from them.

use anyhow::{Context, Result, bail};

/// One host of the set, with one server on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub name: String,
    /// Its line in the set, to be given to the fleet as it is.
    pub line: String,
    /// Bytes that all processes of the host may use together.
    pub limit: u64,
    pub server: Server,
    pub build: Build,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Redis,
    Valkey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Debian's package, with the system's jemalloc: it cannot defragment.
    Debian,
    /// Built from Debian's source package with the jemalloc that ships inside: it can.
    OwnJemalloc,
}

impl Server {
    pub fn package(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }

    /// The name of its process, as `/proc/PID/comm` has it.
    pub fn process(self) -> &'static str {
        self.package()
    }
}

impl Build {
    pub fn words(self) -> &'static str {
        match self {
            Self::Debian => "Debian",
            Self::OwnJemalloc => "own jemalloc",
        }
    }
}

/// Reads a set (`tests/fleet/sets/test` explains its columns). Every host of it must have a limit.
pub fn read_set(text: &str) -> Result<Vec<Host>> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(host).collect()
}

fn host(line: &str) -> Result<Host> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [name, _suite, flavour, ram, _address, limit] = columns[..] else {
        bail!("`{line}` does not have the six columns of a host with a memory limit");
    };
    if ram != limit {
        bail!(
            "{name} shows {ram} MiB of RAM and has {limit}: the limit cannot be seen from inside, so both must agree"
        );
    }
    let mebibytes: u64 = limit.parse().with_context(|| format!("limit of {name}"))?;
    let (server, build) = match flavour {
        "redis" => (Server::Redis, Build::Debian),
        "redis-defrag" => (Server::Redis, Build::OwnJemalloc),
        "valkey" => (Server::Valkey, Build::Debian),
        "valkey-defrag" => (Server::Valkey, Build::OwnJemalloc),
        other => bail!("{name} has the flavour `{other}`, which is no server"),
    };
    Ok(Host {
        name: name.to_owned(),
        line: line.to_owned(),
        limit: mebibytes << 20,
        server,
        build,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read() {
        let hosts = read_set("# a set\n\nv1 trixie valkey-defrag 512 56 512 # last\n").unwrap();
        assert_eq!(hosts.len(), 1);
        assert_eq!(hosts[0].limit, 512 << 20);
        assert_eq!(
            (hosts[0].server, hosts[0].build),
            (Server::Valkey, Build::OwnJemalloc)
        );
    }

    #[test]
    fn a_host_must_know_its_limit() {
        let error = read_set("r1 bookworm redis 1024 51 512").unwrap_err();
        assert!(error.to_string().contains("both must agree"), "{error}");
        assert!(read_set("r1 bookworm redis 512 51").is_err());
        assert!(read_set("r1 bookworm bare 512 51 512").is_err());
    }
}
