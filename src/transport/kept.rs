//! Ending the connections that runs left open.

use std::io;
use std::path::PathBuf;

use tokio::task::JoinSet;

use super::kept_directory::{self, KeptDirectory};
use super::place::Place;
use super::ssh::end;

/// What became of the connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disconnected {
    pub ended: usize,
    /// A run is using them: they were left alone.
    pub in_use: usize,
}

/// Ends all connections of this account that runs left open, but for those that a run is using.
///
/// # Errors
/// A directory for them that cannot be used: nothing in it was looked at.
pub async fn disconnect() -> io::Result<Disconnected> {
    disconnect_in(kept_directory::paths()).await
}

pub(super) async fn disconnect_in(paths: Vec<PathBuf>) -> io::Result<Disconnected> {
    let mut done = Disconnected::default();
    for path in paths {
        if path.symlink_metadata().is_err() {
            continue;
        }
        let mut ending = JoinSet::new();
        for socket in KeptDirectory::open(&path)?.all() {
            match Place::claim(socket)? {
                None => done.in_use += 1,
                Some(place) => drop(ending.spawn(end(place))),
            }
        }
        done.ended += ending
            .join_all()
            .await
            .iter()
            .filter(|ended| **ended)
            .count();
    }
    Ok(done)
}
