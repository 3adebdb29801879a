//! The only code that talks to hosts: it moves one script's bytes to a host's `sh` and brings the answer back.
//!
//! It knows nothing of what a script holds. Limits first:
//! - nothing ever asks a question on the terminal: keys come from files or the agent, sudo's password is given;
//! - a script that reached its time limit, or whose connection was lost, may still be running on the host;
//! - a program that a script leaves in the background must not keep the script's output, or what it says later stands in
//!   the answer of another script, and a shell that serves one script only counts as running;
//! - at most [`limits::CHANNELS`] scripts run at once on one connection;
//! - an answer above [`limits::LARGEST_ANSWER`] bytes is refused.
//!
//! Start reading at [`session::Session`]. An SSH session is one `ssh` master process (see `ssh/master.rs`); its own session
//! and further channels (`openssh`, native mux) end in shells that serve script after script; `exchange.rs` moves the bytes,
//! for SSH and for this machine alike; `sudo/` becomes another user; `script/` writes the scripts and reads their answers.

mod arrivals;
pub mod error;
mod exchange;
mod flags;
pub mod kept;
mod kept_directory;
pub mod limits;
mod local;
pub mod local_facts;
mod nonce;
pub mod own_program;
mod place;
mod processes;
mod runtime_directory;
pub mod script;
pub mod session;
mod shell_words;
pub mod simulated;
mod ssh;
mod sudo;
pub mod target;
#[cfg(test)]
mod tests;
