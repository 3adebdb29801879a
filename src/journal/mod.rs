//! The record of every apply on this machine: crash-safe, append-only, one folder a run, for its owner alone.
//!
//! `events.jsonl` holds what happened, `changes.jsonl` each change with its inverse, written and flushed to disk
//! before its first step is sent.

mod folder;
mod reading;
mod record;

pub use folder::{new_name, refused};
pub use reading::{RunDetail, RunLine, list, read};
pub use record::{Intention, Record};
