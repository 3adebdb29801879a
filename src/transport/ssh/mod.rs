//! Hosts reached over SSH, through the machine's own `ssh` program.

mod channel;
mod command_line;
mod connection;
mod control;
mod explain;
mod fingerprint;
mod foreground;
mod log;
mod master;
mod process;
mod resolved;
mod start;
mod tcp;
mod words;

pub(super) use connection::{Connection, end};
pub(super) use master::Master;
