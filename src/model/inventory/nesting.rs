//! Puts groups into groups, and refuses circles.

use std::collections::HashSet;

use super::builder::Builder;
use super::group::{ALL, GroupId, UNGROUPED};
use crate::error::Result;
use crate::model::diagnostic::Diagnostic;
use crate::model::source::At;

impl Builder {
    /// Puts a group into another one.
    ///
    /// # Errors
    /// A group that would be inside itself; `all` or `ungrouped` used otherwise than they can be.
    pub fn child(&mut self, parent: GroupId, child: GroupId, at: &At) -> Result<()> {
        if child == ALL {
            return Err(Diagnostic::error("`all` cannot be inside another group")
                .at(at)
                .help("every group is inside `all` without being written there")
                .into());
        }
        if parent == UNGROUPED || (child == UNGROUPED && parent != ALL) {
            return Err(
                Diagnostic::error("`ungrouped` cannot be nested with other groups")
                    .at(at)
                    .help("`ungrouped` holds the hosts that are in no other group; give these hosts a group of their own")
                    .into(),
            );
        }
        if let Some(path) = self.path(child, parent) {
            return Err(self.cycle(parent, child, &path, at).into());
        }
        self.link(parent, child, Some(at));
        Ok(())
    }

    pub(super) fn link(&mut self, parent: GroupId, child: GroupId, at: Option<&At>) {
        if !self.groups[parent.0].children.contains_key(&child) {
            self.groups[parent.0].children.insert(child, at.cloned());
            self.groups[child.0].parents.push(parent);
        }
    }

    /// The groups on a way down from one group to another, both included.
    fn path(&self, from: GroupId, to: GroupId) -> Option<Vec<GroupId>> {
        let mut seen = HashSet::from([from]);
        let mut ways = vec![vec![from]];
        while let Some(way) = ways.pop() {
            let last = *way.last()?;
            if last == to {
                return Some(way);
            }
            for child in self.groups[last.0].children.keys() {
                if seen.insert(*child) {
                    let mut longer = way.clone();
                    longer.push(*child);
                    ways.push(longer);
                }
            }
        }
        None
    }

    fn cycle(&self, parent: GroupId, child: GroupId, path: &[GroupId], at: &At) -> Diagnostic {
        let (parent, child) = (self.group_name(parent), self.group_name(child));
        let mut diagnostic = if path.len() == 1 {
            Diagnostic::error(format!("group `{child}` cannot be inside itself"))
        } else {
            Diagnostic::error(format!(
                "group `{child}` cannot be inside `{parent}`, because `{parent}` is inside `{child}`"
            ))
        }
        .at(at);
        for pair in path.windows(2) {
            if let Some(Some(place)) = self.groups[pair[0].0].children.get(&pair[1]) {
                let (outer, inner) = (self.group_name(pair[0]), self.group_name(pair[1]));
                diagnostic = diagnostic.related(place, format!("`{inner}` is put into `{outer}`"));
            }
        }
        diagnostic.help("remove one of these memberships")
    }
}
