//! Where a running server is asked, and as whom: parameters that several modules share.

use crate::model::probe::{RedisAddress, TlsFiles};
use crate::model::value::{Map, Value};
use crate::module::{Failure, Kind, Look, Parameter, Parameters, Stop};

const USUAL_PORT: u16 = 6379;

pub const SOCKET: Parameter = Parameter::new("socket", Kind::Path, "The unix socket to ask it at.")
    .aliases(&["login_unix_socket"]);
pub const HOST: Parameter = Parameter::new(
    "host",
    Kind::String,
    "The address to ask it at, as seen from its host.",
)
.aliases(&["login_host"])
.default("127.0.0.1");
pub const PORT: Parameter = Parameter::new(
    "port",
    Kind::Integer,
    "Its port. One of TLS is asked with the files that the server's own configuration names.",
)
.aliases(&["login_port"])
.default("the server's own, else 6379");
pub const USER: Parameter =
    Parameter::new("user", Kind::String, "The account that asks.").aliases(&["login_user"]);
pub const PASSWORD: Parameter =
    Parameter::new("password", Kind::Secret, "Its password.").aliases(&["login_password"]);

/// Where a server says itself that it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnAddress<'a> {
    /// 0: only at its socket, or with TLS. `None`: not known.
    pub port: Option<u16>,
    pub socket: Option<&'a str>,
    /// 0: it does not speak TLS.
    pub tls_port: u16,
    /// The ports of TLS of all servers of the host.
    pub over_tls: Vec<TlsPort>,
}

/// A port of TLS of a server of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPort {
    pub port: u16,
    /// Addresses that it is bound to.
    bind: String,
    files: TlsFiles,
}

impl TlsPort {
    /// Of an instance as facts have it; `None`: it does not run, or does not speak TLS.
    pub fn of(instance: &Map) -> Option<Self> {
        let files = instance.get("tls")?.as_map()?;
        let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
        let named: Vec<(&str, String)> = files
            .iter()
            .map(|(name, path)| (name.as_str(), text(path)))
            .collect();
        Some(Self {
            port: port(instance.get("tls_port")).filter(|port| *port != 0)?,
            bind: instance.get("bind").map(text).unwrap_or_default(),
            files: TlsFiles::from_named(named.iter().map(|(name, path)| (*name, path.as_str()))),
        })
    }

    /// Whether an address of the host is where it listens.
    fn is_at(&self, host: &str, port: u16) -> bool {
        let is_own = host.starts_with("127.")
            || ["::1", "localhost"].contains(&host)
            || self.bind.split_whitespace().any(|word| word == host);
        is_own && self.port == port
    }

    /// What a client is told.
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }
}

impl<'a> OwnAddress<'a> {
    /// Of the host's main server.
    ///
    /// # Errors
    /// [`Stop::Unknown`] while a package is about to bring another server.
    pub fn of(look: &Look<'a>) -> Result<Self, Stop> {
        Ok(Self {
            port: port(look.fact(&["redis", "port"])?),
            socket: look.fact(&["redis", "socket"])?.and_then(Value::as_str),
            tls_port: port(look.fact(&["redis", "tls_port"])?).unwrap_or(0),
            over_tls: look
                .fact(&["redis", "instances"])?
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(|instance| TlsPort::of(instance.as_map()?))
                .collect(),
        })
    }
}

/// A port as facts have it.
pub fn port(value: Option<&Value>) -> Option<u16> {
    match value {
        Some(Value::Int(number)) => u16::try_from(*number).ok(),
        _ => None,
    }
}

/// Whether the task says itself where the server is.
pub fn is_given(parameters: &Parameters) -> bool {
    ["socket", "host", "port"]
        .iter()
        .any(|name| parameters.has(name))
}

/// The address that the parameters say, else the server's own: its port, or its socket where it has no port.
///
/// # Errors
/// Where the parameters say two addresses, or no port.
pub fn redis_address(parameters: &Parameters, own: &OwnAddress<'_>) -> Result<RedisAddress, Stop> {
    let host = parameters.string("host")?;
    let given_port = match parameters.integer("port")? {
        None => None,
        Some(number) => Some(
            u16::try_from(number)
                .map_err(|_| Stop::failed(format!("`port: {number}` is no port")))?,
        ),
    };
    let mut socket = parameters.string("socket")?;
    if socket.is_some() && (host.is_some() || given_port.is_some()) {
        return Err(
            Failure::new("`socket` and `host` or `port` are two addresses")
                .help("leave one of them out")
                .into(),
        );
    }
    let mut port = given_port.unwrap_or(USUAL_PORT);
    if !is_given(parameters) {
        match own.port {
            Some(0) => {
                socket = own.socket.map(str::to_owned);
                if socket.is_none() && own.tls_port != 0 {
                    port = own.tls_port;
                }
            }
            Some(own) => port = own,
            None => {}
        }
    }
    let host = socket
        .is_none()
        .then(|| host.unwrap_or_else(|| "127.0.0.1".to_owned()));
    let tls = host.as_deref().and_then(|host| {
        let mut known = own.over_tls.iter();
        known.find(|known| known.is_at(host, port))
    });
    Ok(RedisAddress {
        tls: tls.map(|known| known.files.clone()),
        host,
        port: if socket.is_none() { port } else { 0 },
        socket,
        // An empty text is none: playbooks write `default(value='')` where there may be no password.
        user: parameters
            .string(own_name(parameters, "login_user"))?
            .filter(|user| !user.is_empty()),
        password: parameters
            .secret(own_name(parameters, "login_password"))?
            .filter(|password| !password.expose().is_empty()),
    })
}

/// What the module calls a parameter that has this name or alias.
fn own_name(parameters: &Parameters, name: &'static str) -> &'static str {
    let parameter = parameters.spec().parameter(name);
    parameter.map_or(name, |parameter| parameter.name)
}

/// An address for a person.
pub fn place(address: &RedisAddress) -> String {
    address.place()
}
