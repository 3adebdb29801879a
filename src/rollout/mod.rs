//! In which order hosts are changed, and when that stops: pure, and plain data from end to end.
//!
//! [`order()`] and [`waves()`] cut hosts into waves before anything begins. A [`Rollout`] then leads through them: it is
//! told what happened ([`Input`]) and says what comes next ([`Action`]). It has no clock and does nothing itself.

mod budget;
mod candidate;
mod freeze;
mod machine;
mod order;
mod waves;

pub use budget::Budget;
pub use candidate::Candidate;
pub use freeze::{Allow, Frozen, Window, frozen, windows};
pub use machine::{Action, Ended, Input, Rollout};
pub use order::order;
pub use waves::waves;
