//! Faults that real hosts survive: the controller is killed at every boundary of an apply, connections are cut.
//!
//! Where it is killed is decided on the host: the programs that steps run there are behind shims, which count their
//! calls and hold the one that is wanted until the controller is dead. So every boundary is tried once, and always the
//! same one. After each, nothing is torn, nothing is lost, and `resume` brings the host to where an undisturbed run
//! does. `script/test faults` runs them.
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
mod connection;
mod shims;
mod world;
