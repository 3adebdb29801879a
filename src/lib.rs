//! Cachesmith provisions the hosts that run Redis or Valkey as a cache, and keeps them from dying.

pub mod cli;
pub mod engine;
pub mod error;
pub mod journal;
pub mod load;
pub mod model;
pub mod module;
pub mod redis;
pub mod rollout;
pub mod transport;
pub mod view;
