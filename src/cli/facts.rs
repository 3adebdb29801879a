//! `facts`: what each host is.

use super::Exit;
use super::args::FactsArguments;
use crate::error::Result;
use crate::view::Console;

pub(super) fn run(_arguments: &FactsArguments, _console: &mut Console) -> Result<Exit> {
    Ok(Exit::Done)
}
