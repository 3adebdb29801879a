//! Words that cannot be guessed, to mark our own lines among a host's.

use std::hash::{BuildHasher, RandomState};

/// 128 random bits in hexadecimal. Its randomness is what the standard library seeds its hash maps with, which comes
/// from the operating system.
pub(super) fn nonce() -> String {
    let half = || RandomState::new().hash_one(0_u8);
    format!("{:016x}{:016x}", half(), half())
}

/// A random fraction from 0 up to 1, for waiting times that must not fall together.
pub(super) fn fraction() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 40;
    u32::try_from(bits).map_or(0.0, |bits| f64::from(bits) / f64::from(1_u32 << 24))
}
