//! Runs that were recorded.

mod list;
mod standing;
mod steps;
mod undoing;

pub use list::{list, to_json};
pub use standing::standing;
pub use undoing::undoing;
