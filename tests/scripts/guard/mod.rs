//! The guard of `redis_guard`, run for real on a host of files.

mod server;
mod shedding;
mod stage;
