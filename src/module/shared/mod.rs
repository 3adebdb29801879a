//! What several modules need: modes, owners, paths, and files as tasks want them.

pub mod attributes;
pub mod beside;
pub mod describe;
pub mod directory;
pub mod edit;
pub mod file_change;
pub mod host_level;
pub mod link;
pub mod mode;
pub mod options;
pub mod paths;
pub mod pattern;
pub mod pending;
pub mod program;
pub mod redis_address;
pub mod removal;
mod replace_link;
pub mod restore;
pub mod seconds;
pub mod target;
