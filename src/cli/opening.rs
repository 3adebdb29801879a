//! How a run begins: nobody else is at work on its hosts, it has a name, and what it changes is recorded.

use std::sync::Arc;

use crate::error::Result;
use crate::journal::under_way::{self, UnderWay};
use crate::journal::{self, Journal, NoJournal, Record, RunArguments};
use crate::model::event::Mode;

/// A run that has begun. It is over when this is dropped.
pub(super) struct Opening {
    pub(super) name: String,
    record: Option<Arc<Record>>,
    _under_way: Option<UnderWay>,
}

impl Opening {
    /// `what`: what others are told of it. `arguments`: how it was started, which a run that changes something keeps.
    ///
    /// # Errors
    /// Where another run is at work on one of the hosts, or the record cannot be written.
    pub(super) fn of(
        mode: Mode,
        hosts: impl FnOnce() -> under_way::Hosts,
        what: &str,
        arguments: impl FnOnce() -> RunArguments,
    ) -> Result<Self> {
        match mode {
            Mode::Plan | Mode::Verify => Ok(Self {
                name: journal::new_name(),
                record: None,
                _under_way: None,
            }),
            Mode::Apply => {
                // Who else is at work is known before anything begins.
                let door = under_way::enter(hosts())?;
                let record = Record::begin(&arguments()).map_err(journal::refused)?;
                let name = record.name().to_owned();
                let under_way = door.begin(&name, what).map_err(journal::refused)?;
                Ok(Self {
                    name,
                    record: Some(Arc::new(record)),
                    _under_way: Some(under_way),
                })
            }
        }
    }

    /// Where its events are kept, if they are.
    pub(super) fn record(&self) -> Option<&Record> {
        self.record.as_deref()
    }

    /// Where the engine writes down what it is about to change.
    pub(super) fn journal(&self) -> Arc<dyn Journal> {
        match &self.record {
            Some(record) => Arc::clone(record) as Arc<dyn Journal>,
            None => Arc::new(NoJournal),
        }
    }
}
