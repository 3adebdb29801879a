//! What has to be done about one package.

use std::cmp::Ordering;

use super::index::Index;
use super::request::{Request, State, Wanted};
use crate::model::probe::PackageState;
use crate::model::version_order;
use crate::module::{Failure, Look, Stop};

/// What has to be done about one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// The name to act on; the provider's where the task named a virtual package.
    pub(super) name: String,
    /// The installed version.
    pub(super) before: Option<String>,
    pub(super) after: After,
    /// Versions that could be installed, for the way back.
    pub(super) available: Vec<String>,
    pub(super) held: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Install it: the version to name to the package manager, and the version that this is expected to bring.
    Installed {
        exactly: Option<String>,
        expected: Option<String>,
    },
    Absent,
}

impl Wish {
    /// What has to be done about a package, `None` when it is as it should be.
    ///
    /// # Errors
    /// [`Stop::Missing`], and [`Stop::Failed`] where it cannot be had.
    pub(super) fn decide(
        wanted: &Wanted,
        request: &Request,
        index: &mut Index,
        candidate: Option<&str>,
        look: &Look<'_>,
    ) -> Result<Option<Self>, Stop> {
        let state = look.package(&wanted.name)?;
        let installed = state.installed.as_deref();
        match (request.state, installed) {
            (State::Absent, None) => return Ok(None),
            (State::Present | State::Latest, None) if request.options.only_upgrade => {
                return Ok(None);
            }
            (State::Present, Some(version)) if wanted.accepts(version) => return Ok(None),
            _ => {}
        }
        let state = match installed {
            Some(_) => look.package_offers(&wanted.name)?,
            None => state,
        };
        let installed = state.installed.as_deref();
        let candidate = candidate.or(state.candidate.as_deref());
        let after = match (request.state, installed) {
            (State::Absent, _) => After::Absent,
            (_, None) if candidate.is_none() && !state.provided_by.is_empty() => {
                return Self::of_provider(wanted, &state.provided_by, request, index, look);
            }
            _ => {
                let target = target(wanted, state, candidate, request, index)?;
                if index.changing.is_none() && target.1.as_deref() == installed {
                    return Ok(None);
                }
                // With an index that is about to change only a newer version is certain to be one.
                if state.held && !request.options.allow_held && target.1.as_deref() == installed {
                    return Ok(None);
                }
                After::Installed {
                    exactly: target.0,
                    expected: target.1,
                }
            }
        };
        let wish = Self {
            name: wanted.name.clone(),
            before: state.installed.clone(),
            after,
            available: state.available.clone(),
            held: state.held,
        };
        wish.permitted(request)?;
        Ok(Some(wish))
    }

    /// A virtual package is there when one that provides it is; it is brought by the only one that could.
    fn of_provider(
        wanted: &Wanted,
        providers: &[String],
        request: &Request,
        index: &mut Index,
        look: &Look<'_>,
    ) -> Result<Option<Self>, Stop> {
        let probes: Vec<_> = providers
            .iter()
            .map(|name| crate::model::probe::Probe::Package(name.clone()))
            .collect();
        look.ask(&probes)?;
        for provider in providers {
            if look.package(provider)?.installed.is_some() && request.state == State::Present {
                return Ok(None);
            }
        }
        match providers {
            [only] => {
                let wanted = Wanted {
                    name: only.clone(),
                    version: wanted.version.clone(),
                };
                Self::decide(&wanted, request, index, None, look)
            }
            several => Err(Failure::new(format!(
                "package {} is a virtual one that several provide",
                wanted.name
            ))
            .help(format!("name one of them: {}", several.join(", ")))
            .into()),
        }
    }

    /// Refuses what an administrator has forbidden or would not expect.
    fn permitted(&self, request: &Request) -> Result<(), Stop> {
        let Some(before) = &self.before else {
            return Ok(());
        };
        if self.held && !request.options.allow_held {
            return Err(Failure::new(format!(
                "package {} is held at {before}, so it is not {}",
                self.name,
                match self.after {
                    After::Absent => "removed",
                    After::Installed { .. } => "changed",
                }
            ))
            .help("say `allow_change_held_packages: true`")
            .help(format!(
                "or release it on the host: apt-mark unhold {}",
                self.name
            ))
            .into());
        }
        if let After::Installed {
            expected: Some(after),
            ..
        } = &self.after
            && version_order::compare(after, before) == Ordering::Less
            && !request.options.allow_downgrade
        {
            return Err(Failure::new(format!(
                "package {} is at {before}, and {after} is older",
                self.name
            ))
            .help("say `allow_downgrade: true` if that is meant")
            .into());
        }
        Ok(())
    }
}

/// The version to name to the package manager, and the version that is expected to come.
fn target(
    wanted: &Wanted,
    state: &PackageState,
    candidate: Option<&str>,
    request: &Request,
    index: &mut Index,
) -> Result<(Option<String>, Option<String>), Stop> {
    let Some(pattern) = &wanted.version else {
        let Some(candidate) = candidate else {
            // An installed package that no repository has any more is the latest there is.
            if state.installed.is_some() && index.changing.is_none() {
                return Ok((None, state.installed.clone()));
            }
            index.update_if_empty(request);
            return match index.changing {
                Some(_) => Ok((None, None)),
                None => Err(nowhere(&wanted.name, index)),
            };
        };
        return Ok((None, Some(candidate.to_owned())));
    };
    let mut versions: Vec<&str> = candidate
        .into_iter()
        .chain(state.available.iter().map(String::as_str))
        .filter(|version| wanted.accepts(version))
        .collect();
    // The candidate stays first among what is wanted: it is what the host's pinning prefers.
    if versions.first().copied() != candidate {
        versions.sort_by(|left, right| version_order::compare(right, left));
    }
    if let Some(best) = versions.first() {
        // An index that is about to change may hold a newer one that fits: the package manager picks it then.
        let exactly = if index.changing.is_some() {
            pattern
        } else {
            *best
        };
        return Ok((Some(exactly.to_owned()), Some((*best).to_owned())));
    }
    index.update_if_empty(request);
    if index.changing.is_some() {
        let exact = !pattern.contains(['*', '?']);
        return Ok((Some(pattern.clone()), exact.then(|| pattern.clone())));
    }
    if state.available.is_empty() {
        return Err(nowhere(&wanted.name, index));
    }
    Err(Failure::new(format!(
        "package {} is not to be had in version {pattern}",
        wanted.name
    ))
    .help(format!("these are: {}", state.available.join(", ")))
    .help("bring the index up to date with `update_cache: true`")
    .into())
}

fn nowhere(name: &str, index: &Index) -> Stop {
    Failure::new(format!(
        "no package {name} is known to this host, whose package index is {}",
        index.age
    ))
    .help("bring the index up to date with `update_cache: true`")
    .help("add the repository that has it with `apt_repository`")
    .into()
}
