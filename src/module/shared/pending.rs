//! What is missing now and may come with a package.

use crate::module::{Failure, Look, Stop};

/// Why there is no decision about something that is not there: a failure, unless an earlier task of the run brings
/// packages, which may bring it too.
pub fn missing(look: &Look<'_>, failure: Failure) -> Stop {
    match look.pending_packages() {
        Some(unknown) => Stop::Unknown(unknown.clone()),
        None => Stop::Failed(failure),
    }
}
