//! `disconnect`: ends the connections that runs left open.

use super::{Exit, prepare};
use crate::error::{Error, ErrorKind, Result};
use crate::model::diagnostic::Diagnostic;
use crate::transport::kept;
use crate::view::Console;

pub(super) fn run(console: &mut Console) -> Result<Exit> {
    let done = prepare::runtime()?
        .block_on(kept::disconnect())
        .map_err(|error| {
            let diagnostic =
                Diagnostic::error(format!("kept connections cannot be looked for: {error}"));
            Error::new(ErrorKind::Local, vec![diagnostic])
        })?;
    console.disconnected(done.ended, done.in_use);
    Ok(Exit::Done)
}
