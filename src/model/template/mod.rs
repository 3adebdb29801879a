//! Templates in Tera's language, with the filters that people expect from Ansible, and with unknown values.

pub mod engine;
pub mod filters;
mod paths;
pub mod scan;
pub mod scope;
mod trim;

pub use engine::{Template, TemplateError, Templates};
pub use scope::{Evaluated, Layer, Scope};
