//! Hosts that go down in the middle of their wave.

use std::time::{Duration, Instant};

use crate::inside::{inside, inside_if_up};
use crate::shims;
use crate::support::fleet;
use crate::tried;
use crate::world::{Look, World};

const FIRST: &str = "bw2";
const SECOND: &str = "tr1";

/// Where the host goes down: a file is written and not in its place; a restart is owed and has not been made.
const FROM: &[&str] = &[
    "sync /etc/fault/.cachesmith-*",
    "systemctl restart -- fault-first*",
];

/// Asks the host's systemd for a reboot, and waits until the host is back.
fn reboot() {
    inside(FIRST, "touch /run/before; systemctl reboot");
    let begun = Instant::now();
    // A file in /run is gone with the boot that it was made in.
    let words = "ls /run/before 2>/dev/null; systemctl is-system-running || true";
    while inside_if_up(FIRST, words).as_deref() != Some("running\n") {
        assert!(begun.elapsed() < Duration::from_secs(90), "{FIRST} is down");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn hosts_that_go_down_in_their_wave() {
    let second = World::new(SECOND);
    let first = World::with(
        FIRST,
        &format!("{FIRST}:{SECOND}\n  serial: 1\n  max_fail: 0"),
    );
    for call in FROM {
        for power in [true, false] {
            let (untouched, (mut controller, call, _)) = (second.fresh(), first.held_in(call, &[]));
            let fault = if power {
                fleet(&["stop", FIRST]);
                format!("the host lost its power in its wave, in `{call}`")
            } else {
                format!("the host was rebooted in its wave, in `{call}`")
            };
            if power {
                fleet(&["start", FIRST]);
            } else {
                reboot();
            }
            let code = controller.wait().unwrap().code();
            assert!(matches!(code, Some(3 | 4)), "{fault}: {code:?}");
            let other = Look::at(SECOND);
            assert_eq!(other.files, untouched.files, "{fault}: the next wave began");
            shims::settle(FIRST);
            first.nothing_is_torn(&fault);
            let mut before = Look::at(FIRST);
            if power && call.starts_with("sync") {
                let left = before.left.iter();
                let beside = left.filter(|name| name.starts_with("/etc/fault/.cachesmith-"));
                assert_eq!(beside.count(), 2, "{fault}: nothing could clean up");
            }
            if call.starts_with("systemctl") {
                // It had been restarted for its directives, and starts with them.
                before.processes.remove("redis-server");
            }
            first.resume(&fault);
            first.is_reached(&fault, &before);
            first.has_converged(&fault);
            second.is_reached(&fault, &untouched);
            second.has_converged(&fault);
            tried::fault(&fault);
        }
    }
}
