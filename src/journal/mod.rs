//! The record of every apply on this machine: crash-safe, append-only, one folder a run, for its owner alone.
//!
//! `events.jsonl` holds what happened, `changes.sealed` each change with its inverse, sealed because the old content of
//! a file can hold a secret, and flushed to disk before its first step is sent.

mod folder;
mod intend;
mod reading;
mod record;
mod seal;
pub mod under_way;

pub use folder::{new_name, refused};
pub use intend::{Intention, Journal, NoJournal};
pub use reading::{RunDetail, RunLine, list, read};
pub use record::Record;
pub use under_way::user_and_machine;
