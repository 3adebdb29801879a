//! Hosts that exist only in this process: for tests, and for trying out fleets larger than any network.

use super::error::TransportError;
use super::session::Answer;
use super::target::Become;

/// Something that answers scripts as a host would.
pub trait Simulated: Send + Sync {
    /// Opens a connection; an error makes the host unreachable.
    ///
    /// # Errors
    /// Whatever the simulation wants to happen to the host.
    fn connect(&self) -> Result<(), TransportError> {
        Ok(())
    }

    /// Runs one script.
    ///
    /// # Errors
    /// Whatever the simulation wants to happen to the host.
    fn answer(&self, script: &[u8], as_user: Option<&Become>) -> Result<Answer, TransportError>;
}

impl<F> Simulated for F
where
    F: Fn(&[u8], Option<&Become>) -> Result<Answer, TransportError> + Send + Sync,
{
    fn answer(&self, script: &[u8], as_user: Option<&Become>) -> Result<Answer, TransportError> {
        self(script, as_user)
    }
}
