//! The record of every apply on this machine: crash-safe, append-only, one folder a run, for its owner alone.
//!
//! `events.jsonl` holds what happened, `changes.sealed` each change with its inverse, sealed because the old content of
//! a file can hold a secret, and flushed to disk before its first step is sent. `became.jsonl` holds what became of each
//! change: where it says nothing, the controller was gone before the host had answered.

mod arguments;
mod folder;
mod intend;
mod progress;
mod reading;
mod record;
pub mod saved;
mod seal;
pub mod under_way;

pub use arguments::{RunArguments, VERSION};
pub use folder::{new_name, refused};
pub use intend::{Became, Fate, Intention, Journal, NoJournal, Origin, Recorded, ServerBefore};
pub use progress::{Progress, Standing};
pub use reading::{RunDetail, RunLine, list, read};
pub use record::Record;
pub use under_way::user_and_machine;
