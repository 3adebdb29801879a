//! `redis.conf`: taken apart without loss, merged with what is desired, compared by meaning.
//!
//! A [`Document`] is the lines of a file; [`Effective`] is what it comes to. [`merge()`] makes a new document from an
//! existing and a desired one; [`diff()`] says what the difference means.

mod argument;
mod diff;
mod document;
mod effective;
mod identity;
pub mod limits;
mod merge;
mod redact;
#[cfg(test)]
mod tests;
mod value;

pub use argument::{Argument, SplitError, places, split};
pub use diff::{Apply, Change, diff, drift, in_safe_order};
pub use document::{Directive, Document, Kind, Line};
pub use effective::{Effective, Setting};
pub use identity::Identity;
pub use limits::Limit;
pub use merge::{BLOCK_END, BLOCK_START, Merge, MergeError, Overridable, merge};
pub use redact::redacted;
pub use value::{Value, integer, yes_or_no};
