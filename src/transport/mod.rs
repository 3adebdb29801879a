//! Talking to hosts: scripts, and what carries them.

pub mod script;
