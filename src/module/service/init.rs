//! What starts a host's services.

use crate::model::value::Value;
use crate::module::{Look, Stop};

/// Whether systemd runs the host. Where the facts do not say, it does.
///
/// # Errors
/// See [`Look::fact`].
pub(crate) fn has_systemd(look: &Look<'_>) -> Result<bool, Stop> {
    Ok(name(look)?.is_none_or(|name| name == "systemd"))
}

/// The init system's name (`systemd`, `openrc`, ...), where the facts have it.
///
/// # Errors
/// See [`Look::fact`].
pub(crate) fn name<'a>(look: &Look<'a>) -> Result<Option<&'a str>, Stop> {
    for path in [["host", "init"].as_slice(), &["ansible_service_mgr"]] {
        if let Some(name) = look.fact(path)?.and_then(Value::as_str)
            && !name.is_empty()
        {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
