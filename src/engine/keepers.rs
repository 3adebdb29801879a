//! Who keeps a host, as a play on it sees that.

use super::exchange::Trouble;
use super::host::HostPlay;
use super::leases;
use crate::model::event::{Event, Mode};
use crate::model::lock::{HostLock, LockKind};

impl HostPlay<'_> {
    /// A saved plan keeps hosts out that are not as they were.
    pub(super) fn is_permitted(&self) -> Result<(), Trouble> {
        let permit = self.context().exact.permit.as_ref();
        match permit.and_then(|permit| permit.refusal(&self.setting.host)) {
            Some(failure) => Err(Trouble::Refused(failure)),
            None => Ok(()),
        }
    }

    /// Whether this is the host's last play of the run.
    pub(super) fn has_no_further_play(&self) -> bool {
        let (host, play) = (&self.setting.host, self.setting.play_index);
        self.context().leases.is_last(host, play)
    }

    /// Whoever keeps a host keeps it from the beginning: what is set later is for the next run.
    pub(super) fn see_locks(&self, locks: &[HostLock]) -> Result<(), Trouble> {
        let context = self.context();
        if self.knows_facts() || context.mode == Mode::Verify {
            return Ok(());
        }
        let others = locks.iter().filter(|lock| {
            let is_ours = context.leases.run() == Some(lock.run.as_str());
            lock.kind == LockKind::Lock
                || !is_ours && (lock.busy || !context.journal.is_dead(&lock.run))
        });
        for lock in others {
            if context.mode == Mode::Apply {
                return Err(Trouble::Refused(leases::refusal(lock)));
            }
            context.tell(Event::HostNoted {
                host: self.setting.host.clone(),
                message: lock.words(),
            });
        }
        Ok(())
    }
}
