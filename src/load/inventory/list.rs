//! Hosts on the command line: `-i 'cache01,cache02:2222,'`.

use std::sync::Arc;

use super::hosts;
use crate::error::Result;
use crate::model::inventory::builder::Builder;
use crate::model::inventory::group::UNGROUPED;
use crate::model::source::{At, Source};

/// Reads hosts separated by commas; each may be a range and have a port.
///
/// # Errors
/// A range that cannot be expanded, or a name that no host can have.
pub(super) fn read(builder: &mut Builder, source: &Arc<Source>) -> Result<()> {
    let mut column = 1;
    for piece in source.text.split(',') {
        let start = column + (piece.len() - piece.trim_start().len());
        column += piece.chars().count() + 1;
        let piece = piece.trim();
        if piece.is_empty() {
            continue;
        }
        let at = At::new(source, 1, start, piece.chars().count());
        let (names, port) = hosts::expand(piece, &at)?;
        for name in names {
            // A host that another inventory names stays in its groups.
            if !builder.has_host(&name) {
                builder.host(&name, UNGROUPED, port, &at)?;
            }
        }
    }
    Ok(())
}
