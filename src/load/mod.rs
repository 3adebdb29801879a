//! Reads what people wrote from this machine's disk. With `journal`, the only code that touches it.

pub mod extra_variables;
pub mod files;
pub mod inputs;
pub mod inventory;
pub mod library;
pub mod playbook;
pub mod redis_conf;
pub mod variables;
pub mod yaml;
