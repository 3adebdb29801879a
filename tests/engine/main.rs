//! The engine on this machine, with what no program can be given: a broken part, another clock, time that passes at once.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod breaks;
mod foresight;
mod freezes;
mod leases;
mod permits;
mod place;
