//! The things the rest is about: values, hosts, playbooks, facts, changes, events. No input or output here.

pub mod diagnostic;
pub mod nearest;
pub mod node;
pub mod source;
pub mod value;
