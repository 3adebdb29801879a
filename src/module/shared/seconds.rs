//! Durations as parameters give them.

use crate::module::{Failure, Parameters, Stop};

/// A number of seconds that a parameter may give.
///
/// # Errors
/// When it is no whole number, or a negative one.
pub fn seconds(parameters: &Parameters, name: &str) -> Result<Option<u64>, Stop> {
    match parameters.integer(name)? {
        None => Ok(None),
        Some(number) => u64::try_from(number).map(Some).map_err(|_| {
            Failure::new(format!(
                "`{name}` is a number of seconds, and {number} is none"
            ))
            .into()
        }),
    }
}
