//! Faults of connections in the middle of a change.

use crate::boundaries::held;
use crate::shims;
use crate::support::on;
use crate::world::{HOST, Wanted, fresh, processes, resume};

/// The first call of a program in an apply: where a file is flushed it is written, and not yet in its place.
fn first(program: &str) -> (std::process::Child, String) {
    for at in 1..200 {
        fresh();
        let Some((mut controller, call)) = held(at) else {
            break;
        };
        if call.starts_with(program) {
            return (controller, call);
        }
        controller.kill().unwrap();
        controller.wait().unwrap();
        shims::release(HOST);
        shims::settle(HOST);
    }
    panic!("no step runs {program}");
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_a_file_leaves_the_old_one() {
    let wanted = Wanted::find();
    let (mut controller, call) = first("sync");
    let before = processes();
    let fault = format!("the connection ended in `{call}`");
    // What carries the connection on the host ends, as when the network takes it away for good.
    on(
        HOST,
        "/usr/bin/pkill -f 'sshd: root@notty' -o; /usr/bin/sleep 0.2; true",
    );
    shims::release(HOST);
    let status = controller.wait().unwrap();
    assert_eq!(
        status.code(),
        Some(4),
        "{fault}: the host cannot be reached"
    );
    shims::settle(HOST);
    wanted.nothing_is_torn(&fault);
    let resumed = resume();
    assert_eq!(resumed.code, 0, "{fault}: {}", resumed.stdout);
    wanted.is_reached(&fault, &before);
}

#[test]
fn an_sshd_that_restarts_disturbs_nobody() {
    let wanted = Wanted::find();
    let (mut controller, call) = first("sync");
    let before = processes();
    let fault = format!("sshd was restarted in `{call}`");
    on(HOST, "/usr/bin/systemctl restart ssh");
    shims::release(HOST);
    assert_eq!(controller.wait().unwrap().code(), Some(0), "{fault}");
    wanted.is_reached(&fault, &before);
}
