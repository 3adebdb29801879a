//! Reads what people wrote from this machine's disk. With `journal`, the only code that touches it.

pub mod files;
pub mod library;
pub mod playbook;
pub mod yaml;
