//! Functions: Tera's own. A plan must come out the same each time, so nothing here looks at the clock, at the
//! environment or at files.

use super::catalogue::Entry;
use super::catalogue::{Argument, Group};

pub static GROUPS: &[Group<()>] = &[Group {
    title: "All",
    entries: &[
        Entry::teras(
            "range",
            &[
                Argument::required("end", "the number before which it ends"),
                Argument::optional("start", "the first number, 0 unless given"),
                Argument::optional("step_by", "the distance, 1 unless given"),
            ],
            "A list of numbers.",
        ),
        Entry::teras(
            "throw",
            &[Argument::required("message", "what is said")],
            "Ends the rendering with an error of your own.",
        ),
    ],
}];
