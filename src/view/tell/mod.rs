//! Gathered events as text for people.

mod cause;
mod change;
mod check;
mod detail;
mod ending;
mod gate;
mod names;
mod section;
mod task;
mod text;
mod topology;
mod words;

pub use cause::causes;
pub use change::sign;
pub use ending::{Tally, ending};
pub use gate::{gate, gate_causes};
pub use names::Names;
pub use section::section;
pub use task::Seen;
pub use topology::{failed_over, topology};
pub use words::{bytes, count, list, time};
