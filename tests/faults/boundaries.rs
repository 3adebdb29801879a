//! Somebody is killed at every boundary of an apply, and a later run goes on.

use crate::shims;
use crate::tried;
use crate::world::World;

/// What is killed while a call is held.
#[derive(Clone, Copy)]
enum Victim {
    /// The program on this machine: what it began on the host comes to its end there.
    Controller,
    /// All shells of the script on the host, as by its OOM killer: they clean nothing up.
    Script,
}

impl std::fmt::Display for Victim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Controller => "the controller",
            Self::Script => "the script",
        })
    }
}

/// Of so many boundaries one is tried: a multiple of `CACHESMITH_FAULTS_STRIDE`, which is 1 where it is not set.
fn stride(victim: Victim) -> usize {
    let wanted = std::env::var("CACHESMITH_FAULTS_STRIDE").ok();
    let wanted = wanted.and_then(|text| text.parse().ok()).unwrap_or(1);
    match victim {
        Victim::Controller => wanted,
        Victim::Script => 3 * wanted,
    }
}

fn at_every_boundary(host: &'static str, victim: Victim) {
    let world = World::new(host);
    let stride = stride(victim);
    let (mut tried, mut at) = (0, 1);
    loop {
        let before = world.fresh();
        let Some((mut controller, call)) = world.held(at) else {
            break;
        };
        let fault = format!("{host}: {victim} was killed at boundary {at}, in `{call}`");
        let code = match victim {
            Victim::Controller => {
                world.kill(&mut controller);
                None
            }
            Victim::Script => {
                shims::kill_script(host);
                let code = controller.wait().unwrap().code();
                shims::settle(host);
                code
            }
        };
        world.nothing_is_torn(&fault);
        match code {
            // It had said that all was done, and was taking away what it had made beside.
            Some(0) => world.apply_again(&fault),
            None | Some(3 | 4) => world.resume(&fault),
            _ => panic!("{fault}: the run ended with {code:?}"),
        }
        world.is_reached(&fault, &before);
        // What an undisturbed run leaves has converged, and this is the same: it is tried now and then all the same.
        if tried % 8 == 0 {
            world.has_converged(&fault);
        }
        tried::boundary(&fault);
        tried += 1;
        at += stride;
    }
    assert!(
        tried * stride > 40,
        "only {tried} boundaries were found on {host}"
    );
}

/// On two hosts of different releases at the same time.
#[test]
fn whoever_is_killed_at_any_boundary_the_run_goes_on() {
    std::thread::scope(|scope| {
        let lanes = [
            scope.spawn(|| at_every_boundary("bw2", Victim::Controller)),
            scope.spawn(|| at_every_boundary("tr1", Victim::Script)),
        ];
        for lane in lanes {
            lane.join().unwrap();
        }
    });
}
