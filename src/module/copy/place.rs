//! Where things are copied to.

use super::source::{Entry, Source};
use crate::model::probe::Probe;
use crate::module::shared::attributes::Wanted;
use crate::module::shared::paths;
use crate::module::shared::target::{Links, Target};
use crate::module::{Failure, Look, Stop};

/// The place that paths of the source are relative to.
pub(super) struct Place {
    /// The file's own path, or the directory that the folder's content goes into.
    pub(super) base: String,
    /// Directories that have to be made, from the top.
    pub(super) missing: Vec<String>,
}

impl Place {
    pub(super) fn find(
        look: &Look<'_>,
        source: &Source,
        dest: &str,
        wanted: &Wanted,
    ) -> Result<Self, Stop> {
        if source.is_folder {
            return Self::of_folder(look, source, dest, wanted);
        }
        let at = paths::without_slash(dest).to_owned();
        look.ask(&[wanted.probes(), vec![Probe::Content(at.clone())]].concat())?;
        let target = Target::find(look, &at, Links::Replace)?;
        let is_directory = target.is_directory(look)?;
        if !is_directory && !dest.ends_with('/') {
            return Ok(Self {
                base: at,
                missing: Vec::new(),
            });
        }
        if source.is_text {
            return Err(Failure::new(format!(
                "`dest: {dest}` is a directory, and a `content` has no name"
            ))
            .help("name the file: `dest: /etc/motd`")
            .into());
        }
        let base = paths::join(&at, paths::name(&source.name));
        look.ask(&[Probe::Content(base.clone())])?;
        let missing = if is_directory {
            Vec::new()
        } else {
            paths::missing_directories(look, &at)?
        };
        Ok(Self { base, missing })
    }

    /// A folder goes into the destination under its own name, unless a slash at its end says that only what is in it
    /// is meant.
    fn of_folder(
        look: &Look<'_>,
        source: &Source,
        dest: &str,
        wanted: &Wanted,
    ) -> Result<Self, Stop> {
        let dest = paths::without_slash(dest);
        let base = if source.name.ends_with('/') {
            dest.to_owned()
        } else {
            paths::join(dest, paths::name(&source.name))
        };
        let mut place = Self {
            base,
            missing: Vec::new(),
        };
        let directories: Vec<String> = source
            .entries
            .iter()
            .filter(|entry| matches!(entry, Entry::Directory { .. }))
            .map(|entry| place.of(entry.path()))
            .collect();
        let mut probes = wanted.probes();
        for entry in &source.entries {
            let path = place.of(entry.path());
            probes.push(match entry {
                Entry::Directory { .. } | Entry::Link { .. } => Probe::File(path),
                Entry::File { .. } | Entry::Large { .. } => Probe::Content(path),
            });
        }
        // All at once: both lists go out with the same question.
        let asked = look.ask(&probes);
        place.missing = paths::missing_directories(look, &place.base)?;
        asked?;
        for directory in directories {
            for missing in paths::missing_directories(look, &directory)? {
                if !place.missing.contains(&missing) {
                    place.missing.push(missing);
                }
            }
        }
        Ok(place)
    }

    /// The path of an entry.
    pub(super) fn of(&self, relative: &str) -> String {
        if relative.is_empty() {
            self.base.clone()
        } else {
            paths::join(&self.base, relative)
        }
    }

    /// Whether a directory is one of those that have to be made.
    pub(super) fn makes(&self, directory: &str) -> bool {
        self.missing.iter().any(|missing| missing == directory)
    }
}
