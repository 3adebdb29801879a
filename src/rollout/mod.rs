//! In which order hosts are changed, and when that stops: pure.

mod budget;
mod waves;

pub use budget::Budget;
pub use waves::waves;
