//! What is not there yet, or not known yet, and will be after an earlier task of the run.

use crate::model::probe::UNKNOWN_ID;
use crate::model::value::Unknown;
use crate::module::{Failure, Look, Stop};

/// Why there is no decision about something that is not there: a failure, unless an earlier task of the run brings
/// packages, which may bring it too.
pub fn missing(look: &Look<'_>, failure: Failure) -> Stop {
    match look.pending_packages() {
        Some(unknown) => Stop::Unknown(unknown.clone()),
        None => Stop::Failed(failure),
    }
}

/// Sees to it that the number of a user or group is known, which a change that is to be undone has to name.
///
/// # Errors
/// [`Stop::Unknown`] where `name` is still to be made, and the host chooses the number.
pub fn numbered(id: u32, name: &str) -> Result<(), Stop> {
    if id == UNKNOWN_ID {
        return Err(Stop::Unknown(Unknown::new(format!(
            "the creation of {name}"
        ))));
    }
    Ok(())
}
