//! Which servers of a fleet belong together: shards made of primaries and replicas, and the order in which their hosts
//! may be changed.
//!
//! Servers know each other by addresses, people know hosts by names. [`member`] says what one server tells of itself,
//! [`matching`] finds the server behind an address, [`shards`] joins them, [`order()`] puts their hosts in an order in
//! which every replica comes before what it follows, and [`successor()`] chooses who takes over from a primary.

mod annotate;
mod groups;
mod matching;
mod member;
mod order;
mod sentinel;
mod shards;
mod successor;
#[cfg(test)]
mod tests;

pub use annotate::annotate;
pub use member::Member;
pub(crate) use member::keeps_data;
pub use order::{Place, order};
pub use sentinel::{Sentinel, Watched};
pub use shards::{Topology, build};
pub use successor::{Candidate, Successor, successor};
