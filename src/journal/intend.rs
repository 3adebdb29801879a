//! What the engine asks of a journal.

use crate::model::change::Change;

/// Where changes are recorded before they are made.
pub trait Journal: Send + Sync {
    /// Records what is about to be done, with its inverse, and returns only when that is on disk.
    ///
    /// # Errors
    /// When it cannot be recorded; the host is then left as it is.
    fn intend(
        &self,
        host: &str,
        account: Option<&str>,
        task: &str,
        changes: &[Change],
    ) -> std::io::Result<()>;
}

/// Records nothing: for plans, which change nothing.
pub struct NoJournal;

impl Journal for NoJournal {
    fn intend(&self, _: &str, _: Option<&str>, _: &str, _: &[Change]) -> std::io::Result<()> {
        Ok(())
    }
}
