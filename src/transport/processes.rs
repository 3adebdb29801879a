//! Ending processes of this machine.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Sends a signal to a process. That it has ended already is not an error.
pub(super) fn signal(process: u32, signal: Signal) {
    send(process, signal, kill_process);
}

/// Sends a signal to a whole process group. That it has ended already is not an error.
pub(super) fn signal_group(group: u32, signal: Signal) {
    send(group, signal, kill_process_group);
}

fn send(number: u32, signal: Signal, kill: fn(Pid, Signal) -> Result<(), Errno>) {
    // None has the number 0, and 1 is nobody's to end.
    let pid = i32::try_from(number).ok().filter(|number| *number > 1);
    let Some(pid) = pid.and_then(Pid::from_raw) else {
        return;
    };
    // What became another account by itself is not ours to signal: its end of file is all that reaches it.
    if let Err(error) = kill(pid, signal)
        && error != Errno::SRCH
    {
        tracing::debug!(number, ?signal, %error, "cannot signal a process");
    }
}
