//! Ending processes of this machine.

use std::process::Stdio;

use tokio::process::Command;

/// Sends a signal (`TERM`, `KILL`) to a whole process group. That it has ended already is not an error.
///
/// The shell's own `kill` does it: the standard library has no such call, and this is rare.
pub(super) async fn signal_group(group: u32, signal: &str) {
    let outcome = Command::new("sh")
        .args(["-c", "kill -s \"$1\" -- \"-$2\"", "sh", signal])
        .arg(group.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    if let Err(error) = outcome {
        tracing::warn!(group, signal, %error, "cannot signal a process group");
    }
}
