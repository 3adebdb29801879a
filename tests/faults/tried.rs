//! What was tried, for `script/test` to count.

use std::io::Write;

use crate::support::state;

/// Notes a fault after which everything held. `kind` is `boundary` or `fault`.
fn note(kind: &str, what: &str) {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(state().join("faults-tried"))
        .unwrap();
    // One write, for two lanes may tell at once.
    file.write_all(format!("{kind}: {what}\n").as_bytes())
        .unwrap();
}

/// A boundary between two calls of an apply, at which somebody was killed.
pub(crate) fn boundary(what: &str) {
    note("boundary", what);
}

/// Any other fault.
pub(crate) fn fault(what: &str) {
    note("fault", what);
}
