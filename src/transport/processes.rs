//! Ending processes of this machine.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

/// Sends a signal to a whole process group. That it has ended already is not an error.
pub(super) fn signal_group(group: u32, signal: Signal) {
    // There is no group 0, and 1 is nobody's to end.
    let number = i32::try_from(group).ok().filter(|number| *number > 1);
    let Some(pid) = number.and_then(Pid::from_raw) else {
        return;
    };
    // What became another account by itself is not ours to signal: the end of its input is all that reaches it.
    if let Err(error) = kill_process_group(pid, signal)
        && error != Errno::SRCH
    {
        tracing::debug!(group, ?signal, %error, "cannot signal a process group");
    }
}
