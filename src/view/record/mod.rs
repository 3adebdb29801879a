//! Runs that were recorded.

mod list;
mod steps;
mod undoing;

pub use list::{list, to_json};
pub use undoing::undoing;
