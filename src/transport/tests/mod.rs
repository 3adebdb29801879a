//! Tests against a real sshd and the real sudo of this machine.

mod cases;
mod close;
mod failures;
mod first;
mod kept;
mod local;
mod shells;
mod ssh;
mod sshd;
mod sudo;
mod sudo_rules;

use std::time::Duration;

use super::session::Session;
pub(super) use cases::cases;

/// Long enough for everything that is meant to succeed.
const LONG: Duration = Duration::from_secs(60);

/// Runs a script as the user we are and gives its standard output.
async fn text(session: &Session, script: &str) -> String {
    let answer = session.run(script.as_bytes(), None, LONG).await.unwrap();
    String::from_utf8(answer.stdout).unwrap()
}

/// Whether a process lives: a zombie does not.
fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
}

/// Waits until something is so; fails when it does not become so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within twenty seconds: {what}");
}
