//! What a task found beside what it changes.

use crate::model::change::Change;
use crate::module::Check;

/// A task that changes something is told by its changes: what it found and cannot change is put beside the last one.
pub fn beside(changes: &mut [Change], found: &[Check]) {
    if let Some(last) = changes.last_mut() {
        last.notes.extend(found.iter().map(words));
    }
}

/// A check in one line.
fn words(check: &Check) -> String {
    let advice = check.advice.as_deref().unwrap_or_default();
    format!(
        "{} is to be {}, and is {}: {advice}",
        check.name, check.expected, check.found
    )
}
