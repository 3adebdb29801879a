//! Taking back what a run did, because it was stopped and its playbook wants that.

use super::rollback::{self, Wish};
use super::rolling::Rolling;
use crate::model::event::{Event, HostStatus};

impl Rolling<'_> {
    /// Takes back what was done for these hosts; with `None`, all that the run did. `number`: under which it is told, as
    /// if it were a play.
    pub(super) async fn take_back(&mut self, hosts: Option<Vec<String>>, number: usize) {
        let wish = Wish {
            run: self.context.journal.run().to_owned(),
            play: number,
            hosts: hosts.map(|hosts| hosts.into_iter().collect()),
            force: false,
            forks: self.forks,
        };
        let recorded = match self.context.journal.recorded() {
            Ok(recorded) => recorded,
            Err(error) => {
                self.summary.rollback = Some(false);
                self.context.tell(Event::Stopped {
                    reason: format!("nothing was taken back, because the record of this run cannot be read: {error}"),
                });
                return;
            }
        };
        self.context.tell(Event::RollbackStarted {
            play: number,
            hosts: rollback::hosts(&recorded, &wish),
        });
        let undone = rollback::roll_back(self.context, recorded, &wish).await;
        let mut is_whole = true;
        for host in undone {
            if host.report.status == HostStatus::Done {
                self.summary.rolled_back.insert(host.report.host);
            } else {
                is_whole = false;
            }
        }
        self.summary.rollback = Some(is_whole);
    }
}
