//! Changes of one path, and what they mean for the questions about others.

use std::collections::HashSet;

use super::{Answer, World, folders};
use crate::model::change::Ownership;
use crate::model::probe::{FileInfo, FileKind, FileState, Observation, Probe, UNKNOWN_ID};
use crate::model::value::Unknown;

impl World {
    /// An answer to what was asked only after a change had been decided: the change is laid over it.
    pub(super) fn predict_late(&mut self, probe: &Probe, observation: &Observation) {
        match probe {
            Probe::Tree(directory) => {
                let listing = folders::relist_late(probe, observation.clone(), &self.predicted);
                if let Some(listing) = listing {
                    self.predicted.insert(probe.clone(), listing);
                }
                let below: Vec<String> = self
                    .ownership
                    .keys()
                    .filter(|path| folders::is_below(path, directory))
                    .cloned()
                    .collect();
                if below.is_empty() {
                    return;
                }
                let entries = self
                    .predicted
                    .entry(probe.clone())
                    .or_insert_with(|| Ok(observation.clone()));
                if let Ok(entries) = entries {
                    for path in below {
                        relist_ownership(directory, entries, &path, &self.ownership[&path]);
                    }
                }
            }
            Probe::Glob(_) => {
                let listing = folders::relist_late(probe, observation.clone(), &self.predicted);
                if let Some(listing) = listing {
                    self.predicted.insert(probe.clone(), listing);
                }
            }
            Probe::File(path) | Probe::Content(path) if !self.predicted.contains_key(probe) => {
                if let (Some(after), Observation::File(FileState::Present(info))) =
                    (self.ownership.get(path), observation)
                {
                    self.predicted.insert(probe.clone(), Ok(with(after, info)));
                }
            }
            _ => {}
        }
    }

    /// What is not there yet, and may appear with an archive that is unpacked above it.
    pub(super) fn what_may_appear(
        &self,
        probe: &Probe,
        observation: &Observation,
    ) -> Option<&Unknown> {
        self.appearing
            .iter()
            .rev()
            .find(|(directory, _)| may_differ(probe, observation, directory))
            .map(|(_, unknown)| unknown)
    }

    /// Forgets what was absent below a directory, and all listings of it.
    pub(super) fn forget_absent(&mut self, directory: &str) {
        self.observed
            .retain(|probe, observation| !may_differ(probe, observation, directory));
    }

    /// Another mode, owner or group of a path, wherever it is known.
    pub(super) fn predict_ownership(&mut self, path: &str, after: &Ownership) {
        for probe in [
            Probe::File(path.to_owned()),
            Probe::Content(path.to_owned()),
        ] {
            if let Answer::Known(Observation::File(FileState::Present(info))) = self.answer(&probe)
            {
                let predicted = with(after, info);
                self.predicted.insert(probe, Ok(predicted));
            }
        }
        for listing in self.listings_of(&Probe::File(path.to_owned())) {
            if let (Probe::Tree(directory), Answer::Known(entries)) =
                (&listing, self.answer(&listing))
            {
                let mut entries = entries.clone();
                relist_ownership(directory, &mut entries, path, after);
                self.predicted.insert(listing, Ok(entries));
            }
        }
        let kept = self.ownership.entry(path.to_owned()).or_default();
        kept.mode = after.mode.or(kept.mode);
        kept.owner = after.owner.clone().or(kept.owner.take());
        kept.group = after.group.clone().or(kept.group.take());
    }

    /// The same after it has been made so.
    pub(super) fn confirm_ownership(&mut self, path: &str, after: &Ownership) {
        let numbers = [&after.owner, &after.group];
        if numbers
            .into_iter()
            .flatten()
            .any(|(_, id)| *id == UNKNOWN_ID)
        {
            self.observed.retain(|probe, _| match probe {
                Probe::File(other) | Probe::Content(other) => other != path,
                Probe::Tree(directory) => !folders::is_below(path, directory),
                _ => true,
            });
            return;
        }
        for (probe, answer) in &mut self.observed {
            match (probe, answer) {
                (
                    Probe::File(other) | Probe::Content(other),
                    Observation::File(FileState::Present(info)),
                ) if other == path => after.apply(info),
                (Probe::Tree(directory), answer) if folders::is_below(path, directory) => {
                    relist_ownership(directory, answer, path, after);
                }
                _ => {}
            }
        }
    }

    /// What a path's becoming something else means for the paths around it.
    pub(super) fn predict_path(&mut self, probe: &Probe, observation: &Observation) {
        if let (Probe::File(path) | Probe::Content(path), Observation::File(state)) =
            (probe, observation)
        {
            for listing in self.listings_of(probe) {
                if let Answer::Known(entries) = self.answer(&listing) {
                    let mut entries = entries.clone();
                    let prediction = folders::relist(&listing, &mut entries, path, state);
                    self.predicted.insert(listing, prediction.map(|()| entries));
                }
            }
        }
        if let Probe::File(path) = probe {
            self.ownership.remove(path);
        }
        match (probe, observation) {
            (Probe::File(path), Observation::File(FileState::Absent { .. })) => {
                self.folders.removed(path);
                self.predicted
                    .retain(|other, _| !folders::asks_below(other, path));
                self.ownership
                    .retain(|other, _| !folders::is_below(other, path));
            }
            (Probe::File(path), Observation::File(state)) if is_directory(state) => {
                let was = [Probe::File(path.clone()), Probe::Content(path.clone())]
                    .iter()
                    .any(|probe| matches!(self.answer(probe), Answer::Known(Observation::File(state)) if is_directory(state)));
                if !was {
                    self.folders.made(path);
                    self.predicted
                        .insert(Probe::Tree(path.clone()), Ok(Observation::Tree(Vec::new())));
                }
            }
            _ => {}
        }
    }

    /// The known trees and globs that list what a probe is about.
    pub(super) fn listings_of(&self, changed: &Probe) -> Vec<Probe> {
        let known: HashSet<&Probe> = self.observed.keys().chain(self.predicted.keys()).collect();
        known
            .into_iter()
            .filter(|probe| folders::lists(probe, changed))
            .cloned()
            .collect()
    }

    /// What a path's having become something else means for the paths around it.
    pub(super) fn confirm_path(&mut self, probe: &Probe, observation: &Observation) {
        if let (Probe::File(path) | Probe::Content(path), Observation::File(state)) =
            (probe, observation)
        {
            self.observed.retain(|other, listing| {
                !folders::lists(other, probe)
                    || folders::relist(other, listing, path, state).is_ok()
            });
        }
        match (probe, observation) {
            (Probe::File(path), Observation::File(FileState::Absent { .. })) => {
                self.observed
                    .retain(|other, _| !folders::asks_below(other, path));
            }
            (Probe::File(path), Observation::File(state)) if is_directory(state) => {
                let was_absent = [Probe::File(path.clone()), Probe::Content(path.clone())]
                    .iter()
                    .any(|probe| {
                        matches!(
                            self.observed.get(probe),
                            Some(Observation::File(FileState::Absent { .. }))
                        )
                    });
                if was_absent {
                    let empty = Observation::Tree(Vec::new());
                    self.observed.insert(Probe::Tree(path.clone()), empty);
                }
                for (other, answer) in &mut self.observed {
                    if let Probe::File(child) | Probe::Content(child) = other
                        && folders::parent(child) == Some(path)
                        && *answer == folders::ABSENT_WITH_DIRECTORY
                    {
                        *answer = folders::ABSENT_IN_DIRECTORY.clone();
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether an answer becomes another where something appears below a directory.
fn may_differ(probe: &Probe, observation: &Observation, directory: &str) -> bool {
    match (probe, observation) {
        (Probe::File(path) | Probe::Content(path), Observation::File(FileState::Absent { .. })) => {
            folders::is_below(path, directory)
        }
        (Probe::Tree(path), _) => {
            path == directory
                || folders::is_below(path, directory)
                || folders::is_below(directory, path)
        }
        (Probe::Glob(pattern), _) => folders::is_below(pattern, directory),
        _ => false,
    }
}

fn with(after: &Ownership, info: &FileInfo) -> Observation {
    let mut info = info.clone();
    after.apply(&mut info);
    Observation::File(FileState::Present(Box::new(info)))
}

fn relist_ownership(directory: &str, listing: &mut Observation, path: &str, after: &Ownership) {
    let Observation::Tree(entries) = listing else {
        return;
    };
    let relative = folders::relative(path, directory);
    for (_, info) in entries.iter_mut().filter(|(name, _)| name == relative) {
        after.apply(info);
    }
}

/// Whether nothing in an answer is known only to the host, as the number of a user that has just been made.
pub(super) fn is_whole(observation: &Observation) -> bool {
    match observation {
        Observation::File(FileState::Present(info)) => {
            info.uid != UNKNOWN_ID && info.gid != UNKNOWN_ID
        }
        Observation::User(Some(user)) => user.uid != UNKNOWN_ID && user.gid != UNKNOWN_ID,
        Observation::Group(Some(group)) => group.gid != UNKNOWN_ID,
        _ => true,
    }
}

fn is_directory(state: &FileState) -> bool {
    matches!(state, FileState::Present(info) if info.kind == FileKind::Directory)
}
