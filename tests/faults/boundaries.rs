//! The controller is killed at every boundary, and a later run goes on.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::shims;
use crate::world::{HOST, Wanted, apply, fresh, processes, resume};

/// A play that does not come to a boundary in this time hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Starts an apply and waits until the host holds a call. `None`: there is no such call any more.
pub(crate) fn held(at: usize) -> Option<(Child, String)> {
    shims::arm(HOST, at);
    let mut controller = apply(&[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    loop {
        if let Some(call) = shims::reached(HOST) {
            return Some((controller, call));
        }
        if controller.try_wait().unwrap().is_some() {
            shims::release(HOST);
            return shims::reached(HOST).map(|call| panic!("{call} was held, and the run ended"));
        }
        assert!(begun.elapsed() < LIMIT, "boundary {at} was not reached");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How many boundaries are left out between two; 1 tries all.
fn stride() -> usize {
    let wanted = std::env::var("CACHESMITH_FAULTS_STRIDE").ok();
    wanted
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
        .max(1)
}

#[test]
fn the_controller_is_killed_at_every_boundary_and_the_run_goes_on() {
    let wanted = Wanted::find();
    let (mut tried, mut at) = (0, 1);
    loop {
        fresh();
        let before = processes();
        let Some((mut controller, call)) = held(at) else {
            break;
        };
        controller.kill().unwrap();
        controller.wait().unwrap();
        shims::release(HOST);
        shims::settle(HOST);
        let fault = format!("killed at boundary {at}, in `{call}`");
        wanted.nothing_is_torn(&fault);
        let resumed = resume();
        assert_eq!(
            resumed.code, 0,
            "{fault}:\n{}\n{}",
            resumed.stdout, resumed.stderr
        );
        wanted.is_reached(&fault, &before);
        tried += 1;
        at += stride();
    }
    assert!(tried > 10, "only {tried} boundaries were found");
    println!(
        "faults: the controller was killed at {tried} boundaries of {} and the run resumed",
        at - 1
    );
}
