//! How far the package manager's index of what can be installed is to be trusted.

use super::request::{Request, State};
use crate::model::probe::PackageManager;
use crate::module::{Failure, Look, Stop};

/// The package manager and its index, as a decision needs them.
pub(super) struct Index {
    pub(super) manager: PackageManager,
    /// Whether the task wants the index brought up to date before anything is installed.
    pub(super) due: bool,
    /// The index has never been brought up to date: that a package is not in it says nothing.
    pub(super) never_updated: bool,
    /// The index will be another one by the time packages are installed; the reason completes "known after ...".
    pub(super) changing: Option<String>,
    /// Its age in words.
    pub(super) age: String,
}

impl Index {
    /// # Errors
    /// [`Stop::Missing`], and [`Stop::Failed`] where no package manager is known.
    pub(super) fn observe(request: &Request, look: &Look<'_>) -> Result<Self, Stop> {
        let index = match look.package_index() {
            Ok(index) => index,
            // An earlier task brings it up to date, which only apt has to be asked for.
            Err(Stop::Unknown(unknown)) => {
                return Ok(Self {
                    manager: PackageManager::Apt,
                    due: false,
                    never_updated: false,
                    changing: Some(unknown.reason.to_string()),
                    age: unknown.to_string(),
                });
            }
            Err(other) => return Err(other),
        };
        let Some(manager) = index.manager else {
            return Err(
                Failure::new("this host has no package manager that is known here")
                    .help("apt and dnf are; use `command` with `creates` for another")
                    .into(),
            );
        };
        let stale = index.age.is_none_or(|age| age > request.index_valid_for);
        // Nothing that goes needs an index.
        let used = request.packages.is_empty() || request.state != State::Absent;
        let due = request.update_index == Some(true) && stale && used;
        Ok(Self {
            manager,
            due,
            never_updated: index.age.is_none(),
            changing: due.then(|| "the package index is brought up to date".to_owned()),
            age: index.age.map_or_else(
                || "never brought up to date".to_owned(),
                |seconds| format!("{} old", duration(seconds)),
            ),
        })
    }

    /// Prepares for a package that the index does not hold: an index that never was brought up to date is brought
    /// up to date first, unless the task says no.
    pub(super) fn update_if_empty(&mut self, request: &Request) {
        if self.never_updated
            && !self.due
            && self.changing.is_none()
            && request.update_index != Some(false)
            && request.state != State::Absent
        {
            self.due = true;
            self.changing = Some("the package index is brought up to date".to_owned());
        }
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
