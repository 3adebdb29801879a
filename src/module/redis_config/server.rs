//! What the facts say of the server that will read the file.

use crate::model::value::Value;
use crate::module::{Look, Stop};
use crate::redis::version::{Flavour, Server};

/// The server's product, program and abilities, as far as they are known.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub(super) server: Option<Server>,
    pub(super) binary: Option<&'a str>,
    pub(super) config_file: Option<&'a str>,
    /// `supported`, `unsupported` or `unknown`.
    pub(super) defragmentation: Option<&'a str>,
    /// Why defragmentation is not advised, if it is not.
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
            defragmentation: text("defragmentation_support")?,
            defragmentation_reason: text("defragmentation_reason")?,
            usable_memory: match look.fact(&["host", "memory", "usable"])? {
                Some(Value::Int(bytes)) => u64::try_from(*bytes).ok(),
                _ => None,
            },
        })
    }
}
