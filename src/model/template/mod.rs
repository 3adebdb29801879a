//! Templates in Tera's language, with the filters that people expect from Ansible, and with unknown values.
//!
//! - [`engine`] compiles and renders, [`scope`] gives it variables, [`scan`] says which ones a text needs.
//! - [`filters`], [`value_tests`] and [`functions`] are tables: what people can use, with a sentence about each.
//! - `prepared` makes what people write into what Tera compiles; `usage` finds mistakes before Tera does.

mod call;
pub mod catalogue;
mod condition;
mod derived;
pub mod engine;
mod error;
pub mod filters;
pub mod functions;
mod habits;
mod names;
mod paths;
mod peers;
mod pieces;
mod prepared;
mod references;
mod scalar;
pub mod scan;
pub mod scope;
mod structure;
mod tokens;
mod undefined;
mod usage;
pub mod value_tests;
mod wording;

pub use engine::{Template, Templates};
pub use error::TemplateError;
pub use peers::Peers;
pub use scope::{Evaluated, Layer, Scope, Shared};
