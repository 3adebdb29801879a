//! Packages and their manager.

use serde::{Deserialize, Serialize};

/// A package as its manager knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageState {
    /// The installed version.
    pub installed: Option<String>,
    /// The version that an install or upgrade would bring.
    pub candidate: Option<String>,
    /// All versions that could be installed.
    #[serde(default)]
    pub available: Vec<String>,
    /// Held back by the administrator (apt) or locked (dnf).
    pub held: bool,
    /// Whether the name is a virtual one that others provide, and which.
    #[serde(default)]
    pub provided_by: Vec<String>,
    /// Names of the packages that the candidate depends on directly.
    #[serde(default)]
    pub depends: Vec<String>,
}

/// A package manager that we speak to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageManager {
    Apt,
    Dnf,
}

/// The package manager and its index of what can be installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageIndex {
    pub manager: Option<PackageManager>,
    /// Seconds since the index was last brought up to date; `None` when it never was.
    pub age: Option<u64>,
}
