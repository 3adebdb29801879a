//! Names of filters and tests that the reading of templates itself has to know.

/// Filters that take a value that is not defined.
pub(super) const FILTERS_OF_UNDEFINED: &[&str] = &["default", "mandatory", "type_debug"];

/// Tests that take a value that is not defined.
pub(super) const TESTS_OF_UNDEFINED: &[&str] = &["defined", "undefined"];

/// The part of a task's result that a test looks at. `result is changed` can be answered while the rest of the
/// result is not known yet.
pub(super) fn part_of_a_result(test: &str) -> Option<&'static str> {
    match test {
        "changed" | "change" => Some("changed"),
        "failed" | "failure" | "succeeded" | "success" => Some("failed"),
        "skipped" | "skip" => Some("skipped"),
        _ => None,
    }
}
