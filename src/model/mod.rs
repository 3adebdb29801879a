//! The things the rest is about: values, hosts, playbooks, facts, changes, events. No input or output here.

pub mod aspect;
pub mod blob;
pub mod change;
pub mod diagnostic;
pub mod event;
pub mod fact_parts;
pub mod fact_variables;
pub mod facts;
pub mod impact;
pub mod inventory;
pub mod json_text;
pub mod lock;
pub mod nearest;
pub mod node;
pub mod playbook;
pub mod probe;
pub mod redaction;
pub mod rolling;
pub mod secret;
pub mod size;
pub mod source;
pub mod step;
pub mod template;
pub mod value;
pub mod version_order;
pub mod wish;
