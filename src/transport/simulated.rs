//! Hosts that exist only in this process: for tests, and for trying out fleets larger than any network.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::error::TransportError;
use super::script::shape;
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

/// Makes the hosts of an inventory, each by its name.
type Make = dyn Fn(&str) -> Arc<dyn Simulated> + Send + Sync;

/// A fleet that does not exist.
#[derive(Clone)]
pub struct Simulation(Arc<Make>);

impl Simulation {
    pub fn new(make: impl Fn(&str) -> Arc<dyn Simulated> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The host of a name.
    pub fn host(&self, name: &str) -> Arc<dyn Simulated> {
        (self.0)(name)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Simulation")
    }
}

type Recorded = OnceLock<Result<Answer, TransportError>>;

/// A host that answers as another one did: each script is run there the first time, and what came of it is what comes of
/// it from then on. Nothing changes on a host like this; that of which it is the likeness should have nothing to change.
pub struct Likeness {
    original: Box<dyn Simulated>,
    /// By the SHA-256 of the script's shape and the account.
    recorded: Mutex<HashMap<[u8; 32], Arc<Recorded>>>,
}

impl Likeness {
    pub fn of(original: impl Simulated + 'static) -> Self {
        Self {
            original: Box::new(original),
            recorded: Mutex::default(),
        }
    }

    /// How many different scripts it has been given.
    pub fn scripts(&self) -> usize {
        let recorded = self.recorded.lock();
        recorded.unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Simulated for Likeness {
    fn answer(&self, script: &[u8], as_user: Option<&Become>) -> Result<Answer, TransportError> {
        let words = shape::Words::of(script);
        let mut hash = Sha256::new();
        hash.update(words.taken_from(script));
        hash.update(as_user.map_or("", |user| user.user.as_str()));
        let place = {
            let recorded = self.recorded.lock();
            let mut recorded = recorded.unwrap_or_else(PoisonError::into_inner);
            Arc::clone(recorded.entry(hash.finalize().into()).or_default())
        };
        let shape = place.get_or_init(|| {
            let mut answer = self.original.answer(script, as_user)?;
            answer.stdout = words.taken_from(&answer.stdout);
            Ok(answer)
        });
        shape.clone().map(|mut answer| {
            answer.stdout = words.put_into(&answer.stdout);
            answer
        })
    }
}
