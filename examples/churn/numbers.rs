//! Numbers that look random and can be had again from their seed.

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): different numbers stay different.
pub fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A sequence of them.
pub struct Numbers(u64);

impl Numbers {
    /// Sequences of different streams of one seed do not meet in any run of this program.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mixed(seed ^ mixed(stream)))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }
}
