//! Numbers in sets that are joined one after another.

/// Sets that grow together.
pub(super) struct Groups(Vec<usize>);

impl Groups {
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    pub(super) fn root(&mut self, index: usize) -> usize {
        let mut root = index;
        while self.0[root] != root {
            // Each step halves the way of whoever asks next.
            self.0[root] = self.0[self.0[root]];
            root = self.0[root];
        }
        root
    }

    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}
