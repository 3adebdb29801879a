//! What the host says about an archive and a directory.

use super::archive::Place;
use super::script::Unpack;
use crate::model::probe::Probe;
use crate::model::value::Unknown;
use crate::module::world::Origin;
use crate::module::{Failure, Look, Stop};

/// What is wrong with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Missing,
    Differs,
    Attributes,
}

/// Members that are not as they should be, by their paths in the archive, sorted.
pub(super) fn compare(look: &Look<'_>, unpack: &Unpack) -> Result<Vec<(String, Wrong)>, Stop> {
    if let Place::Host(path) = &unpack.archive.place
        && look.origin(&Probe::Content(path.clone())) == Some(Origin::Predicted)
    {
        // What is in it is not known before it is there.
        return Err(Stop::Unknown(Unknown::new(format!("{path} is written"))));
    }
    let said = look.program(&unpack.compare())?;
    if said.code != 0 || said.timed_out {
        let reason = said.stderr.to_lossy();
        return Err(Failure::new(format!(
            "`{}` could not be unpacked: {}",
            unpack.archive.name,
            reason.trim()
        ))
        .help("is it a whole tar or zip archive, and does the host have the program for its compression?")
        .into());
    }
    let text = said.stdout.to_lossy();
    text.lines()
        .map(|line| {
            let (word, name) = line.split_once(' ').unwrap_or((line, ""));
            let wrong = match word {
                "missing" => Wrong::Missing,
                "differs" => Wrong::Differs,
                "attributes" => Wrong::Attributes,
                _ => {
                    return Err(Stop::failed(format!(
                        "the comparison with `{}` said `{line}`",
                        unpack.archive.name
                    )));
                }
            };
            Ok((name.to_owned(), wrong))
        })
        .collect()
}
