//! Compiled scripts, run for real by every kind of shell that a host may have.

#[cfg(test)]
mod host;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod steps;
