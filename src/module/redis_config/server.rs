//! What the facts say of the server that will read the file.

use crate::model::value::Value;
use crate::module::{Look, Stop};
use crate::redis::version::{Flavour, Server};

/// Whether a server may defragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defragmentation {
    /// It can, and nothing speaks against it.
    Advised,
    /// It can, and something speaks against it.
    Possible,
    /// It does not start with it.
    Impossible,
    /// The server was not asked yet.
    Unknown,
    /// Nothing is known of any server.
    NoServer,
}

impl Defragmentation {
    /// From `redis.defragmentation` (it is proven and safe) and `redis.defragmentation_support`.
    fn of(advised: Option<&Value>, support: Option<&str>) -> Self {
        match (advised.and_then(Value::truth), support) {
            (Some(true), _) => Self::Advised,
            (Some(false), Some("supported")) => Self::Possible,
            (Some(false), Some("unknown")) => Self::Unknown,
            (Some(false), _) => Self::Impossible,
            (None, _) => Self::NoServer,
        }
    }
}

/// The server's product, program and abilities, as far as they are known.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub(super) server: Option<Server>,
    pub(super) binary: Option<&'a str>,
    pub(super) config_file: Option<&'a str>,
    pub(super) defragmentation: Defragmentation,
    /// What `defragmentation` rests on, in words.
    pub(super) defragmentation_reason: Option<&'a str>,
    /// Bytes.
    pub(super) usable_memory: Option<u64>,
}

impl<'a> Target<'a> {
    /// # Errors
    /// [`Stop::Unknown`] while a package is about to bring another server.
    pub(super) fn of(look: &Look<'a>) -> Result<Self, Stop> {
        let text = |name: &str| -> Result<Option<&'a str>, Stop> {
            Ok(look.fact(&["redis", name])?.and_then(Value::as_str))
        };
        let flavour = match text("flavour")? {
            Some("redis") => Some(Flavour::Redis),
            Some("valkey") => Some(Flavour::Valkey),
            _ => None,
        };
        let version = text("version")?.and_then(|version| version.parse().ok());
        Ok(Self {
            server: flavour
                .zip(version)
                .map(|(flavour, version)| Server::new(flavour, version)),
            binary: text("binary")?,
            config_file: text("config_file")?,
            defragmentation: Defragmentation::of(
                look.fact(&["redis", "defragmentation"])?,
                text("defragmentation_support")?,
            ),
            defragmentation_reason: text("defragmentation_reason")?,
            usable_memory: match look.fact(&["host", "memory", "usable"])? {
                Some(Value::Int(bytes)) => u64::try_from(*bytes).ok(),
                _ => None,
            },
        })
    }
}
