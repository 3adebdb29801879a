//! Events gathered into what many hosts have in common. Nothing here knows how it is shown.

mod cause;
mod changes;
mod checks;
mod difference;
mod fold;
mod hosts;
mod own_name;
mod section;
mod task;

pub use cause::{Cause, Causes, Place};
pub use changes::{ChangeGroup, Changes};
pub use checks::{CheckGroup, Checks, Verdict};
pub use difference::{Sign, TextDifference};
pub use fold::{fold, natural};
pub use hosts::{Groups, HostSet, Hosts, size};
pub use section::Section;
pub use task::TaskGroup;
