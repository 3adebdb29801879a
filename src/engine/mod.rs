//! Carrying out playbooks.
//!
//! `walk` decides: a pure walk through a play for one host, from what is known of it. `host` does: it asks what the
//! walk misses, carries out what it planned, and walks again. `run` leads all hosts through all plays.

mod asking;
mod batch;
pub mod candidates;
pub mod context;
pub mod exchange;
pub mod facts;
mod failover;
mod foresee;
pub mod freeze;
pub mod gate;
mod host;
mod intentions;
mod keepers;
pub mod leases;
mod names;
pub mod notes;
mod once;
mod outcomes;
pub mod peers;
pub mod permit;
mod restart;
pub mod rollback;
mod rolling;
pub mod run;
pub mod sessions;
pub mod survey;
mod take_back;
mod throttle;
pub mod topology;
pub mod walk;
mod wishes;
mod words;
