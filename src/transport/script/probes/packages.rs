//! Packages as dpkg and apt, or rpm and dnf, know them.

use std::collections::HashMap;

use super::rpm_version;
use crate::model::probe::{Observation, PackageState};
use crate::transport::script::frames::Frame;

/// What the host said of all packages.
#[derive(Default)]
pub(super) struct Answers {
    packages: HashMap<String, PackageState>,
    reason: Option<&'static str>,
}

impl Answers {
    pub(super) fn read(asked: &[&str], frames: &[Frame<'_>]) -> Self {
        let mut answers = Self::default();
        for name in asked {
            answers
                .packages
                .insert((*name).to_owned(), PackageState::default());
        }
        for frame in frames {
            let text = String::from_utf8_lossy(frame.body);
            match frame.label {
                "dpkg" if frame.number::<i32>(0) == Some(137) => {
                    answers.reason = Some("dpkg-query did not answer in time");
                }
                "dpkg" => answers.take_dpkg(&text),
                "policy" => answers.take_policy(&text),
                "policy-end" | "repoquery-end" if frame.number::<i32>(0) == Some(137) => {
                    answers.reason = Some("the package manager did not answer in time");
                }
                "depends" => answers.take_depends(&text),
                "showpkg" => answers.take_showpkg(&text),
                "rpm" => answers.take_rpm(&text),
                "repoquery" => answers.take_repoquery(&text),
                "locked" => answers.take_locks(&text),
                "requires" => answers.take_names(frame, &text, |package| &mut package.depends),
                "provides" => answers.take_names(frame, &text, |package| &mut package.provided_by),
                "no-packages" => {
                    answers.reason = Some(
                        "the host has no package manager that is spoken here (apt with dpkg, or dnf with rpm)",
                    );
                }
                _ => {}
            }
        }
        answers
    }

    pub(super) fn package(&self, name: &str) -> Observation {
        match (self.reason, self.packages.get(name)) {
            (Some(reason), _) => Observation::Failed(format!("package {name}: {reason}")),
            (None, Some(package)) => Observation::Package(package.clone()),
            (None, None) => Observation::Failed(format!("the host said nothing of package {name}")),
        }
    }

    /// The packages that were asked for under a name, with or without an architecture.
    fn named<'a>(
        &'a mut self,
        name: &'a str,
        architecture: &'a str,
    ) -> impl Iterator<Item = &'a mut PackageState> {
        self.packages
            .iter_mut()
            .filter(move |(asked, _)| match asked.split_once([':', '.']) {
                _ if asked.as_str() == name => true,
                Some((plain, of)) => plain == name && of == architecture,
                None => false,
            })
            .map(|(_, package)| package)
    }

    /// `ii <tab>name:architecture<tab>version`: the first letter is what is wanted (`h` for hold), the second
    /// what is there.
    fn take_dpkg(&mut self, text: &str) {
        for line in text.lines() {
            let mut fields = line.split('\t');
            let (Some(status), Some(name), Some(version)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let (name, architecture) = name.split_once(':').unwrap_or((name, ""));
            let held = status.starts_with('h');
            // Installed, or at least unpacked: half-configured and waiting for triggers count as there.
            let there = matches!(
                status.as_bytes().get(1),
                Some(b'i' | b'W' | b't' | b'F' | b'U')
            );
            for package in self.named(name, architecture) {
                package.held |= held;
                if there {
                    package.installed = Some(version.to_owned());
                }
            }
        }
    }

    /// The paragraphs of `apt-cache policy`.
    fn take_policy(&mut self, text: &str) {
        let mut current = String::new();
        let mut version = String::new();
        for line in text.lines() {
            if !line.starts_with(' ') {
                current = line.strip_suffix(':').unwrap_or(line).to_owned();
                version.clear();
                continue;
            }
            let (name, architecture) = match current.split_once(':') {
                Some((name, architecture)) => (name, architecture),
                None => (current.as_str(), ""),
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            let deep = line.starts_with("       ");
            match words.as_slice() {
                ["Candidate:", candidate] if *candidate != "(none)" => {
                    for package in self.policy_named(name, architecture) {
                        package.candidate = Some((*candidate).to_owned());
                    }
                }
                // A line of a version: perhaps three stars, the version, its priority.
                ["***", found, ..] => version = (*found).to_owned(),
                // A line of a source below its version. What only dpkg's own list has cannot be installed.
                [_, source, ..] if deep && *source != "/var/lib/dpkg/status" => {
                    for package in self.policy_named(name, architecture) {
                        if !version.is_empty() && !package.available.contains(&version) {
                            package.available.push(version.clone());
                        }
                    }
                }
                [found, priority, ..] if !deep && priority.parse::<i32>().is_ok() => {
                    version = (*found).to_owned();
                }
                _ => {}
            }
        }
    }

    /// apt leaves out the architecture where it is the host's own.
    fn policy_named<'a>(
        &'a mut self,
        name: &'a str,
        architecture: &'a str,
    ) -> impl Iterator<Item = &'a mut PackageState> {
        self.packages
            .iter_mut()
            .filter(move |(asked, _)| match asked.split_once(':') {
                Some((plain, of)) => {
                    plain == name && (architecture.is_empty() || of == architecture)
                }
                None => asked.as_str() == name,
            })
            .map(|(_, package)| package)
    }

    /// `name`, then indented lines such as `Depends: other`. A line that begins with `|` has alternatives, which
    /// follow; what stands in angle brackets is virtual.
    fn take_depends(&mut self, text: &str) {
        let mut current = String::new();
        for line in text.lines() {
            if !line.starts_with(' ') {
                current = line.to_owned();
                continue;
            }
            let line = line.trim_start().trim_start_matches('|');
            let Some((kind, name)) = line.split_once(": ") else {
                continue;
            };
            if kind != "Depends" && kind != "PreDepends" {
                continue;
            }
            let name = name.trim_matches(['<', '>']).to_owned();
            let (plain, architecture) = current.split_once(':').unwrap_or((&current, ""));
            for package in self.policy_named(plain, architecture) {
                if !package.depends.contains(&name) {
                    package.depends.push(name.clone());
                }
            }
        }
    }

    /// The part of `apt-cache showpkg` that says who provides a name.
    fn take_showpkg(&mut self, text: &str) {
        let mut current = String::new();
        let mut providers = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("Package: ") {
                current = name.trim().to_owned();
                providers = false;
            } else if line.starts_with("Reverse Provides:") {
                providers = true;
            } else if providers && let Some(name) = line.split_whitespace().next() {
                let (plain, architecture) = current.split_once(':').unwrap_or((&current, ""));
                for package in self.policy_named(plain, architecture) {
                    if !package.provided_by.iter().any(|other| other == name) {
                        package.provided_by.push(name.to_owned());
                    }
                }
            }
        }
    }

    fn take_rpm(&mut self, text: &str) {
        for line in text.lines() {
            if let ["installed", name, architecture, version] =
                line.split('\t').collect::<Vec<_>>().as_slice()
            {
                let version = without_epoch_zero(version);
                for package in self.named(name, architecture) {
                    package.installed = Some(version.to_owned());
                }
            }
        }
    }

    /// What could be installed, newest first. dnf sorts its lines as text, not as versions.
    fn take_repoquery(&mut self, text: &str) {
        for line in text.lines() {
            if let ["available", name, architecture, version] =
                line.split('\t').collect::<Vec<_>>().as_slice()
            {
                let version = without_epoch_zero(version).to_owned();
                for package in self.named(name, architecture) {
                    if !package.available.contains(&version) {
                        package.available.push(version.clone());
                        package
                            .available
                            .sort_by(|one, other| rpm_version::compare(other, one));
                    }
                    package.candidate = package.available.first().cloned();
                }
            }
        }
    }

    /// `redis-0:6.2.7-1.el9.*` (dnf 4) or `name = "redis"` (dnf 5).
    fn take_locks(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            let name = match line.strip_prefix("name") {
                Some(rest) if rest.trim_start().starts_with('=') => {
                    rest.trim_start_matches([' ', '=']).trim_matches('"')
                }
                _ if line.starts_with(['#', '!', '[']) => continue,
                _ => line.rsplitn(3, '-').nth(2).unwrap_or(line),
            };
            for package in self.named(name, "") {
                package.held = true;
            }
        }
    }

    fn take_names(
        &mut self,
        frame: &Frame<'_>,
        text: &str,
        field: fn(&mut PackageState) -> &mut Vec<String>,
    ) {
        let Some(asked) = frame.words.first() else {
            return;
        };
        if let Some(package) = self.packages.get_mut(*asked) {
            for name in text.lines().map(str::trim).filter(|name| !name.is_empty()) {
                let names = field(package);
                if name != *asked && !names.iter().any(|other| other == name) {
                    names.push(name.to_owned());
                }
            }
        }
    }
}

/// dnf and people leave out an epoch of zero.
fn without_epoch_zero(version: &str) -> &str {
    version.strip_prefix("0:").unwrap_or(version)
}
