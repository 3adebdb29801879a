//! Host patterns of inventories: `cache[01:40].example.com:2222` stands for forty hosts and a port.

use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::inventory::address;
use crate::model::inventory::range;
use crate::model::source::At;

/// The names that a pattern stands for, and the port that was written after it.
///
/// # Errors
/// A range that cannot be expanded, a port beyond 65535, or a colon without a port.
pub(super) fn expand(pattern: &str, at: &At) -> Result<(Vec<String>, Option<u16>)> {
    let (name, port) = match address::parse(pattern) {
        Some(address) => (address.name, address.port),
        None => (pattern, None),
    };
    let port = match port {
        None => None,
        Some(number) => match u16::try_from(number) {
            Ok(port) if port > 0 => Some(port),
            _ => {
                return Err(Diagnostic::error(format!(
                    "`{pattern}` names a port beyond 1 to 65535"
                ))
                .at(at)
                .into());
            }
        },
    };
    if port.is_none() && pattern.ends_with(':') && !address::is_ip(pattern) {
        return Err(Diagnostic::error(format!("`{pattern}` ends with a colon, but names no port"))
            .at(at)
            .help("write `name:2222`, or leave the colon out; YAML inventories need the ending .yml or .yaml")
            .into());
    }
    let names = range::expand(name).map_err(|error| {
        let mut place = at.clone();
        // The pattern may have lost a bracket around an address before its port.
        let skipped = pattern.find(name).map_or(0, |start| pattern[..start].chars().count());
        place.column += skipped + error.offset;
        place.length = error.length;
        Diagnostic::error(format!("`{pattern}`: {}", error.message))
            .at(&place)
            .help("ranges are `[1:9]`, `[01:40]`, `[a:f]` or `[0:9:3]`, with both ends belonging to it")
    })?;
    Ok((names, port))
}
