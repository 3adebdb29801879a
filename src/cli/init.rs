//! `init`: the built-in playbooks and templates as files to edit.

use std::path::Path;

use super::Exit;
use crate::error::Result;
use crate::load::files;
use crate::view::Console;

pub(super) fn run(folder: &Path, console: &mut Console) -> Result<Exit> {
    for (name, written) in files::write_built_in(folder)? {
        let word = if written { "wrote" } else { "kept " };
        console.text(&format!("{word} {}", files::display(&folder.join(name))));
    }
    Ok(Exit::Done)
}
