//! What a change is about, as a host tells it: its state before and after, as far as a rollback has to compare it.
//!
//! Only what lasts is kept of an observation: a file's times, a unit's process or the text of a file may differ and it
//! is the same state all the same.

use serde::{Deserialize, Serialize};

use super::probe::{
    FileInfo, FileKind, FileState, KernelValue, MainProcess, Observation, PackageState, Probe,
    ServiceState, UNKNOWN_ID, UnitState, UserState,
};

/// One question about a changed resource, with its answers before and after the change; `None`: not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aspect {
    pub probe: Probe,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Observation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Observation>,
}

impl Aspect {
    /// `None` where nothing of it lasts, or where it is the same before and after.
    pub fn new(
        probe: &Probe,
        before: Option<&Observation>,
        after: Option<&Observation>,
    ) -> Option<Self> {
        let aspect = Self {
            probe: lasting_probe(probe)?,
            before: before.and_then(lasting),
            after: after.and_then(lasting),
        };
        let known = aspect.before.is_some() || aspect.after.is_some();
        (known && aspect.before != aspect.after).then_some(aspect)
    }

    /// The same change, taken back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            probe: self.probe.clone(),
            before: self.after.clone(),
            after: self.before.clone(),
        }
    }
}

/// The question by which a resource is looked at again. A file is told by its hash: its text need not travel.
fn lasting_probe(probe: &Probe) -> Option<Probe> {
    match probe {
        Probe::Content(path) | Probe::File(path) => Some(Probe::File(path.clone())),
        Probe::Unit(_)
        | Probe::Service(_)
        | Probe::KernelValue(_)
        | Probe::Package(_)
        | Probe::User(_)
        | Probe::Group(_) => Some(probe.clone()),
        _ => None,
    }
}

/// What of an observation has to be the same for the resource to be in the same state. `None`: nothing.
pub fn lasting(observation: &Observation) -> Option<Observation> {
    Some(match observation {
        Observation::File(FileState::Absent { .. }) => Observation::File(FileState::Absent {
            parent_exists: true,
        }),
        Observation::File(FileState::Present(info)) => {
            Observation::File(FileState::Present(Box::new(lasting_file(info))))
        }
        Observation::Unit(unit) => Observation::Unit(lasting_unit(unit)),
        Observation::Service(service) => Observation::Service(ServiceState {
            process: service.process.as_ref().map(|process| MainProcess {
                started_at: 0,
                ..process.clone()
            }),
            ..ServiceState::default()
        }),
        Observation::KernelValue(kernel) => Observation::KernelValue(KernelValue {
            value: kernel.value.as_deref().map(chosen),
            writable: false,
        }),
        Observation::Package(package) => Observation::Package(PackageState {
            installed: package.installed.clone(),
            ..PackageState::default()
        }),
        Observation::User(user) => Observation::User(user.as_ref().map(|user| UserState {
            locked: None,
            password_fingerprint: None,
            ..user.clone()
        })),
        Observation::Group(_) => observation.clone(),
        _ => return None,
    })
}

fn lasting_file(info: &FileInfo) -> FileInfo {
    let kind = match &info.kind {
        FileKind::Link { target, .. } => FileKind::Link {
            target: target.clone(),
            resolved: None,
        },
        kind => kind.clone(),
    };
    let is_link = matches!(kind, FileKind::Link { .. });
    FileInfo {
        mode: if is_link { 0 } else { info.mode },
        owner: String::new(),
        group: String::new(),
        uid: info.uid,
        gid: info.gid,
        size: 0,
        modified: 0,
        sha256: info.sha256.clone().filter(|_| kind == FileKind::File),
        content: None,
        kind,
    }
}

fn lasting_unit(unit: &UnitState) -> UnitState {
    let is_running = matches!(unit.active.as_str(), "active" | "activating" | "reloading");
    let is_masked = unit.load == "masked" || unit.enabled.starts_with("masked");
    UnitState {
        active: if is_running { "active" } else { "inactive" }.to_owned(),
        // A unit without a file is neither enabled nor disabled, and does not start at boot either.
        enabled: match unit.enabled.as_str() {
            _ if is_masked => "masked",
            "" => "disabled",
            other => other,
        }
        .to_owned(),
        ..UnitState::default()
    }
}

/// A kernel value with its white space folded; of a switch (`always [madvise] never`) the chosen word.
fn chosen(value: &str) -> String {
    value
        .split_whitespace()
        .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
        .map_or_else(
            || value.split_whitespace().collect::<Vec<_>>().join(" "),
            str::to_owned,
        )
}

/// Whether a resource is in a state that was recorded. What was not known when it was recorded may be anything.
pub fn is_in_state(recorded: &Observation, present: &Observation) -> bool {
    match (recorded, present) {
        (
            Observation::File(FileState::Present(recorded)),
            Observation::File(FileState::Present(present)),
        ) => {
            let same_number = |one: u32, other: u32| one == UNKNOWN_ID || one == other;
            recorded.kind == present.kind
                && recorded.mode == present.mode
                && same_number(recorded.uid, present.uid)
                && same_number(recorded.gid, present.gid)
                && (recorded.sha256.is_none() || recorded.sha256 == present.sha256)
        }
        // Whatever the host's defaults made of an account that was to be there: it is.
        (Observation::User(Some(recorded)), Observation::User(Some(present)))
            if recorded.uid == UNKNOWN_ID || recorded.gid == UNKNOWN_ID =>
        {
            recorded.name == present.name
        }
        (Observation::Group(Some(recorded)), Observation::Group(Some(present)))
            if recorded.gid == UNKNOWN_ID =>
        {
            recorded.name == present.name
        }
        (recorded, present) => recorded == present,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mode: u32, content: &str) -> Observation {
        Observation::File(FileState::Present(Box::new(FileInfo {
            kind: FileKind::File,
            mode,
            owner: "root".to_owned(),
            group: "root".to_owned(),
            uid: 0,
            gid: 0,
            size: content.len() as u64,
            modified: 17,
            sha256: Some(super::super::blob::Blob::from(content).sha256()),
            content: Some(super::super::blob::Blob::from(content)),
        })))
    }

    #[test]
    fn a_files_text_and_times_do_not_count_its_hash_and_mode_do() {
        let probe = Probe::Content("/etc/x".to_owned());
        let (old, new) = (file(0o640, "a"), file(0o644, "a"));
        let aspect = Aspect::new(&probe, Some(&old), Some(&new)).unwrap();
        assert_eq!(aspect.probe, Probe::File("/etc/x".to_owned()));
        let kept = serde_json::to_string(&aspect).unwrap();
        assert!(!kept.contains("content"), "{kept}");
        assert!(Aspect::new(&probe, Some(&old), Some(&old)).is_none());
        let present = lasting(&file(0o644, "b")).unwrap();
        assert!(!is_in_state(&aspect.after.clone().unwrap(), &present));
        assert_eq!(aspect.reversed().reversed(), aspect);
    }

    #[test]
    fn a_unit_that_failed_does_not_run_and_a_switch_is_its_chosen_word() {
        let unit = |active: &str, enabled: &str| {
            lasting(&Observation::Unit(UnitState {
                active: active.to_owned(),
                enabled: enabled.to_owned(),
                main_pid: 7,
                ..UnitState::default()
            }))
        };
        assert_eq!(unit("failed", "enabled"), unit("inactive", "enabled"));
        assert_eq!(unit("inactive", ""), unit("inactive", "disabled"));
        assert_ne!(unit("active", "enabled"), unit("inactive", "enabled"));
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen("4096\t87380  16777216\n"), "4096 87380 16777216");
    }
}
