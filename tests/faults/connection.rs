//! Faults of connections in the middle of a change.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::inside::inside;
use crate::shims;
use crate::support::fleet;
use crate::tried;
use crate::world::{Look, World};

const HOST: &str = "bw2";

/// Where a file is flushed it is written, and not yet in its place.
const IN_THE_MIDDLE_OF_A_FILE: &str = "sync /etc/fault/.cachesmith-*";

/// So that a silent host is noticed in seconds.
const IMPATIENT: &str =
    r#"{"ansible_ssh_extra_args": "-o ServerAliveInterval=1 -o ServerAliveCountMax=3"}"#;

fn end(world: &World, fault: &str, before: &Look) {
    shims::settle(HOST);
    world.nothing_is_torn(fault);
    world.resume(fault);
    world.is_reached(fault, before);
    world.has_converged(fault);
    tried::fault(fault);
}

fn code(controller: &mut Child) -> Option<i32> {
    controller.wait().unwrap().code()
}

#[test]
fn a_cut_connection_and_a_host_that_never_answers() {
    let world = World::new(HOST);

    let (mut controller, call, before) = world.held_in(IN_THE_MIDDLE_OF_A_FILE, &[]);
    let fault = format!("the connection was cut in `{call}`");
    // What carries it on the host ends, as when the network takes it away for good.
    inside(HOST, "pkill -f 'sshd: root@notty'");
    assert_eq!(code(&mut controller), Some(4), "{fault}");
    shims::release(HOST);
    end(&world, &fault, &before);

    let (mut controller, call, before) = world.held_in(IN_THE_MIDDLE_OF_A_FILE, &[]);
    let fault = format!("sshd was restarted in `{call}`");
    inside(HOST, "systemctl restart ssh");
    shims::release(HOST);
    assert_eq!(code(&mut controller), Some(0), "{fault}");
    world.is_reached(&fault, &before);
    world.has_converged(&fault);
    tried::fault(&fault);

    let (mut controller, call, before) = world.held_in(IN_THE_MIDDLE_OF_A_FILE, &["-e", IMPATIENT]);
    let fault = format!("the host accepted connections and never answered from `{call}` on");
    fleet(&["freeze", HOST]);
    assert_eq!(code(&mut controller), Some(4), "{fault}");
    // Nor does it answer who comes anew: that ends too, and soon.
    let begun = Instant::now();
    let late = world.apply(&["-e", "ansible_ssh_timeout=3"]).output();
    assert_eq!(late.unwrap().status.code(), Some(4), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{fault}");
    fleet(&["thaw", HOST]);
    shims::release(HOST);
    end(&world, &fault, &before);

    let (mut controller, call, before) = world.held_in(IN_THE_MIDDLE_OF_A_FILE, &["-e", IMPATIENT]);
    let fault = format!("the network cable was pulled in `{call}`");
    fleet(&["cut", HOST]);
    shims::release(HOST);
    assert_eq!(code(&mut controller), Some(4), "{fault}");
    fleet(&["mend", HOST]);
    end(&world, &fault, &before);
}
