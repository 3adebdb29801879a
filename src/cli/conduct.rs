//! A run while it is under way: events are recorded and shown, and interruptions are heard.

use std::future::Future;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::engine::context::Context;
use crate::engine::gate::Question;
use crate::error::Result;
use crate::journal::{self, Record};
use crate::model::event::Event;
use crate::view::Console;

/// Leads a run to its end, and tells all that happens. The first interruption lets what is being done come to its end,
/// the second cuts the connections. `questions`: those that the run asks a person.
///
/// # Errors
/// When an event cannot be recorded.
pub(super) async fn conduct<T>(
    running: impl Future<Output = T>,
    context: &Context,
    events: &mut UnboundedReceiver<Event>,
    mut questions: Option<&mut UnboundedReceiver<Question>>,
    record: Option<&Record>,
    console: &mut Console,
) -> Result<T> {
    tokio::pin!(running);
    let mut told = Ok(());
    let result = loop {
        tokio::select! {
            result = &mut running => break result,
            Some(event) = events.recv() => if told.is_ok() { told = tell(record, &event, console); },
            Some(question) = asked(&mut questions) => {
                // What came before is told before.
                while let Ok(event) = events.try_recv() {
                    told = told.and_then(|()| tell(record, &event, console));
                }
                console.ask(&question.text);
                // A thread of its own: what waits for a terminal cannot be called off.
                std::thread::spawn(move || question.answer.send(crate::view::answer()));
            }
            _ = tokio::signal::ctrl_c() => if context.is_interrupted() {
                console.note("Cutting the connections; what was being done on the hosts may be half done.");
                context.sessions.close().await;
            } else {
                console.note("Stopping: the change that is being made on each host is brought to its end, and no other begins. Interrupt again to cut the connections.");
                context.interrupt();
            },
        }
    };
    context.sessions.close().await;
    while let Ok(event) = events.try_recv() {
        told = told.and_then(|()| tell(record, &event, console));
    }
    told.map(|()| result)
}

/// The next question; never, where nothing is asked.
async fn asked(questions: &mut Option<&mut UnboundedReceiver<Question>>) -> Option<Question> {
    match questions {
        Some(questions) => questions.recv().await,
        None => std::future::pending().await,
    }
}

/// Records an event and shows it.
///
/// # Errors
/// When it cannot be recorded.
pub(super) fn tell(record: Option<&Record>, event: &Event, console: &mut Console) -> Result<()> {
    if let Some(record) = record {
        record.event(event).map_err(journal::refused)?;
    }
    console.event(event);
    Ok(())
}
