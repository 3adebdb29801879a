//! Clocks that are wrong. A host that shares its kernel with this machine has no clock of its own, so what is wrong is
//! everything by which programs learn the time there: `date`, and the times of files.

use crate::inside::inside;
use crate::tried;
use crate::world::World;

const HOST: &str = "bw2";

/// Three years ahead or behind, as after a battery that went empty.
fn skew(years: &str) {
    inside(
        HOST,
        &format!(
            "printf '#!/bin/sh\\nexec /usr/bin/date -d \"{years} years\" \"$@\"\\n' >/usr/local/sbin/date
            chmod 755 /usr/local/sbin/date
            touch -d '{years} years' /etc/redis/redis.conf /etc/fault-old /etc/systemd/system/fault-*.service"
        ),
    );
}

#[test]
fn clocks_that_are_wrong_and_leases_that_have_run_out() {
    let world = World::new(HOST);
    for years in ["+3", "-3"] {
        let fault = format!("the host's clock was {years} years off");
        let before = world.fresh();
        skew(years);
        let (mut controller, _) = world
            .held(20)
            .unwrap_or_else(|| panic!("{fault}: there is nothing to hold"));
        world.kill(&mut controller);
        // Whatever the clock says, the lease holds: somebody else is kept out, and changes nothing.
        let files = crate::world::Look::at(HOST).files;
        let other = world.apply_elsewhere();
        assert_eq!(other.code, 7, "{fault}: {}{}", other.stdout, other.stderr);
        assert_eq!(crate::world::Look::at(HOST).files, files, "{fault}");
        world.nothing_is_torn(&fault);
        world.resume(&fault);
        world.is_reached(&fault, &before);
        world.has_converged(&fault);
        inside(HOST, "rm -f /usr/local/sbin/date");
        tried::fault(&fault);
    }

    let fault = "the controller never came back, and its lease ran out";
    let before = world.fresh();
    let (mut controller, _) = world.held(20).unwrap();
    world.kill(&mut controller);
    assert_eq!(world.apply_elsewhere().code, 7, "{fault}");
    // As if it had been renewed for the last time fifteen minutes ago, by the count of the kernel.
    inside(
        HOST,
        "read -r up rest </proc/uptime; sed -i \"s/^until .*/until ${up%%.*}/\" /var/lib/cachesmith/lease",
    );
    let other = world.apply_elsewhere();
    assert_eq!(other.code, 0, "{fault}: {}{}", other.stdout, other.stderr);
    world.is_reached(fault, &before);
    world.has_converged(fault);
    tried::fault(fault);
}
