//! Files that systemd reads: a unit may be there once its file has been written.

use super::World;
use crate::model::probe::{FileState, Observation, Probe};
use crate::model::value::Unknown;

/// Where systemd looks for units (`systemd.unit(5)`).
const FOLDERS: &[&str] = &[
    "/etc/systemd/system/",
    "/run/systemd/system/",
    "/usr/local/lib/systemd/system/",
    "/usr/lib/systemd/system/",
    "/lib/systemd/system/",
];

impl World {
    /// Notes a unit that will have a file.
    pub(super) fn predict_unit(&mut self, probe: &Probe, observation: &Observation) {
        let Some(unit) = unit_of(probe) else { return };
        if matches!(observation, Observation::File(FileState::Present(_))) {
            let unknown = Unknown::new(format!("its unit file {unit} is written"));
            self.units.push((unit.to_owned(), unknown));
        }
    }

    /// What was known of a unit whose file has been written is asked anew.
    pub(super) fn confirm_unit(&mut self, probe: &Probe) {
        if let Some(unit) = unit_of(probe) {
            self.observed
                .retain(|other, _| !matches!(other, Probe::Unit(name) if is_of_file(name, unit)));
        }
    }

    /// Why it is not known what becomes of a unit that is not there yet, if its file is to be written.
    pub(super) fn what_a_unit_file_brings(
        &self,
        probe: &Probe,
        observation: &Observation,
    ) -> Option<&Unknown> {
        let (Probe::Unit(name), Observation::Unit(state)) = (probe, observation) else {
            return None;
        };
        if state.load != "not-found" && !state.load.is_empty() {
            return None;
        }
        self.units
            .iter()
            .find(|(unit, _)| is_of_file(name, unit))
            .map(|(_, unknown)| unknown)
    }
}

/// The name of the unit whose own file a probe is about. Drop-ins stand in folders of their own.
fn unit_of(probe: &Probe) -> Option<&str> {
    let (Probe::File(path) | Probe::Content(path)) = probe else {
        return None;
    };
    FOLDERS
        .iter()
        .find_map(|folder| path.strip_prefix(folder))
        .filter(|name| !name.contains('/') && name.contains('.'))
}

/// Whether a file is a unit's own, or the template that it is an instance of.
fn is_of_file(name: &str, file: &str) -> bool {
    let template = || {
        let (stem, rest) = name.split_once('@')?;
        let (_, suffix) = rest.rsplit_once('.')?;
        Some(format!("{stem}@.{suffix}"))
    };
    name == file || template().is_some_and(|template| template == file)
}
