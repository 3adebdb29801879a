//! The program that runs on the host.

use std::sync::LazyLock;

/// In parts of one subject each; together they are one POSIX sh program.
const PARTS: [&str; 6] = [
    include_str!("program/settings.sh"),
    include_str!("program/memory.sh"),
    include_str!("program/server.sh"),
    include_str!("program/status.sh"),
    include_str!("program/control.sh"),
    include_str!("program/main.sh"),
];

/// The guard: a program for `/bin/sh` that is called with the name of an instance.
pub fn program() -> &'static str {
    static PROGRAM: LazyLock<String> = LazyLock::new(|| PARTS.concat());
    &PROGRAM
}
