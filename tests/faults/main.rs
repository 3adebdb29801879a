//! Faults that real hosts survive: after each of them nothing is torn, no restart is lost, nobody is kept out for longer
//! than a lease, nothing of ours is left behind, and the next run brings the host to where an undisturbed one does.
//!
//! Where a fault comes is decided on the host: the programs that steps run there are behind shims, which count their
//! calls under the lease and hold the one that is wanted. So every boundary is tried once, and always the same one.
//! `script/test faults` runs them, and prints how many were tried.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that panics has failed, which is what it is for; what was tried is printed"
)]

#[path = "../end_to_end/support.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod support;

mod boundaries;
mod clock;
mod connection;
mod crowd;
mod disk;
mod inside;
mod many;
mod shims;
mod tried;
mod wave;
mod world;
