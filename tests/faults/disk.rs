//! A disk that is full from some point of an apply on.

use std::process::Command;

use crate::shims;
use crate::support::state;
use crate::tried;
use crate::world::World;

const HOST: &str = "bw2";

/// Where it becomes full: before the lease, the note of what is owed, two files, a backup, an account, a kernel value's file,
/// the file behind the second script's first, and the handlers.
const FROM: &[&str] = &[
    "mv -f /var/lib/cachesmith/lease*",
    "mkdir -p /var/lib/cachesmith/pending",
    "install -d *",
    "cp -p /etc/fault-old *",
    "useradd *",
    "sync /etc/sysctl.d/.cachesmith-*",
    "mv -f * /etc/fault-rendered",
    "systemctl restart -- fault-first*",
    "systemctl restart -- fault-second*",
];

/// The disks of all hosts are one file system here: room for so many KiB beyond what is used.
fn resize(room: Option<u64>) {
    let disks = state().join("disk");
    let size = match room {
        Some(room) => {
            let said = Command::new("df")
                .args(["--output=used", "--block-size=1K"])
                .arg(&disks)
                .output()
                .unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            let used: u64 = said.lines().nth(1).unwrap().trim().parse().unwrap();
            format!("size={}k", used + room)
        }
        None => "size=4096m".to_owned(),
    };
    let status = Command::new("mount")
        .args(["-o", &format!("remount,{size}")])
        .arg(&disks)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_disk_that_becomes_full() {
    let world = World::new(HOST);
    for call in FROM {
        let (mut controller, call, before) = world.held_in(call, &[]);
        let fault = format!("the disk was full from `{call}` on");
        resize(Some(0));
        shims::release(HOST);
        let code = controller.wait().unwrap().code();
        shims::settle(HOST);
        world.nothing_is_torn(&fault);
        resize(None);
        // Nothing needs room behind the first of the handlers.
        if code != Some(0) {
            assert_eq!(code, Some(3), "{fault}");
            world.resume(&fault);
        }
        world.is_reached(&fault, &before);
        world.has_converged(&fault);
        tried::fault(&format!("{fault}; the run ended with {code:?}"));
    }
}
