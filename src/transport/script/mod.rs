//! Probes and steps as one POSIX sh program, and its answer as observations.

pub mod facts;
