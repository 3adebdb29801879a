//! In which order hosts are changed, and when that stops: pure.

mod apart;
mod budget;
mod waves;

pub use apart::apart;
pub use budget::Budget;
pub use waves::waves;
