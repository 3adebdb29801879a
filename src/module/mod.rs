//! Modules: the kinds of tasks. Each turns parameters and observations into changes, and does nothing else.
//!
//! A module never connects, reads a clock or a file, renders a template, or knows whether this is a dry run.
//! What it needs to know of the host it asks of [`Look`]; the engine sees to the answers and asks again.

pub mod apt_repository;
pub mod assert;
pub mod blockinfile;
pub mod command;
pub mod copy;
pub mod debug;
pub mod decision;
pub mod fail;
pub mod file;
pub mod get_url;
pub mod group;
pub mod lineinfile;
pub mod look;
pub mod package;
pub mod parameters;
pub mod reboot;
pub mod redis_check;
pub mod redis_config;
pub mod redis_gate;
pub mod redis_guard;
pub mod redis_unit;
pub mod redis_user;
pub mod registry;
pub mod resources;
pub mod service;
pub mod set_fact;
pub mod shared;
pub mod slurp;
pub mod spec;
pub mod stat;
pub mod sysctl;
pub mod template;
pub mod transparent_hugepage;
pub mod unarchive;
pub mod user;
pub mod wait_for;
pub mod world;

pub use decision::{Check, CheckStatus, Decision, Failure, Stop};
pub use look::Look;
pub use parameters::{LocalFile, Parameters, Rendered};
pub use resources::Resources;
pub use spec::{Kind, Parameter, Spec};

/// A kind of task.
pub trait Module: Send + Sync + 'static {
    /// Its name, parameters and documentation, as data.
    fn spec(&self) -> &'static Spec;

    /// What has to change on a host so that it is as `parameters` say.
    ///
    /// Pure: the same parameters and observations give the same decision. It is called again whenever more is
    /// known of the host.
    ///
    /// # Errors
    /// [`Stop::Missing`] when an observation has not been made yet (pass it on with `?`),
    /// [`Stop::Unknown`] when something will be known only after an earlier change has been made,
    /// [`Stop::Failed`] when it cannot be done, with the reason and a way out.
    fn decide(&self, parameters: &Parameters, look: &Look<'_>) -> Result<Decision, Stop>;
}
