//! Reads what people wrote from this machine's disk. With `journal`, the only code that touches it.

pub mod yaml;
