//! A gate that a person opens.

use tokio::sync::oneshot;

use super::{Interrupted, Passing};
use crate::engine::rolling::Rolling;

/// What a person is asked, and where the answer goes.
#[derive(Debug)]
pub struct Question {
    pub text: String,
    pub answer: oneshot::Sender<bool>,
}

impl Rolling<'_> {
    /// Asks whether the run may go on. Where nobody is to be asked (`--yes`), it may. The inner error says why not.
    pub(super) async fn ask_person(
        &self,
        passing: &Passing<'_>,
        question: &str,
    ) -> Result<Result<(), String>, Interrupted> {
        let Some(person) = &self.context.person else {
            return Ok(Ok(()));
        };
        let (sender, answer) = oneshot::channel();
        let asked = person.send(Question {
            text: format!(
                "Wave {} of {} is done. {question}",
                passing.wave, passing.of
            ),
            answer: sender,
        });
        if asked.is_err() {
            return Ok(Err("nobody was there to answer at the gate".to_owned()));
        }
        tokio::select! {
            answer = answer => Ok(match answer {
                Ok(true) => Ok(()),
                Ok(false) => Err("the answer at the gate was no".to_owned()),
                Err(_) => Err("nobody was there to answer at the gate".to_owned()),
            }),
            () = self.context.interruption() => Err(Interrupted),
        }
    }
}
