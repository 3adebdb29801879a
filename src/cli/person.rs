//! The person at the terminal: asked before anything is changed.

use tokio::runtime::Runtime;

use super::Exit;
use crate::view::Console;

/// Asks whether to go on; what the command ends with where the answer is not yes.
pub(super) fn declined(question: &str, runtime: &Runtime, console: &mut Console) -> Option<Exit> {
    console.ask(question);
    match runtime.block_on(answer()) {
        Some(true) => None,
        Some(false) => {
            console.note("Nothing was changed.");
            Some(Exit::NotConfirmed)
        }
        None => {
            console.note("\nNothing was changed.");
            Some(Exit::Interrupted)
        }
    }
}

/// Waits for an answer; `None`: interrupted. Once a run has waited for interruptions, they end no program by
/// themselves.
async fn answer() -> Option<bool> {
    let (sender, answer) = tokio::sync::oneshot::channel();
    // A thread of its own: what waits for a terminal cannot be called off, and nothing waits for it at the end.
    std::thread::spawn(move || sender.send(crate::view::answer()));
    tokio::select! {
        answer = answer => answer.ok(),
        _ = tokio::signal::ctrl_c() => None,
    }
}
