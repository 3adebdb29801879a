//! What tasks name on the controller's own disk: a trait, so that deciding needs no disk.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Failure, LocalFile};
use crate::model::playbook::{Include, Item};
use crate::model::source::Source;
use crate::model::template::Template;

/// Files of this machine that tasks name. The same name always gives the same answer during a run.
pub trait Resources: Send + Sync {
    /// A template, compiled.
    ///
    /// # Errors
    /// When it cannot be found, read or compiled.
    fn template(
        &self,
        name: &str,
        search: &[PathBuf],
    ) -> Result<(Arc<Source>, Arc<Template>), Failure>;

    /// A file or folder.
    ///
    /// # Errors
    /// When it cannot be found or read.
    fn file(&self, name: &str, search: &[PathBuf]) -> Result<Arc<LocalFile>, Failure>;

    /// The tasks of an include whose name holds a template.
    ///
    /// # Errors
    /// When they cannot be found or are wrong.
    fn tasks(&self, name: &str, include: &Include) -> Result<Arc<Vec<Item>>, Failure>;
}
