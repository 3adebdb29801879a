//! Cachesmith provisions the hosts that run Redis or Valkey as a cache, and keeps them from dying.
//!
//! This page is the map of the house. Read it, then follow one `plan` through the code in this order:
//!
//! 1. [`cli`]: a command's arguments. `cli::play` is `plan`, `apply` and `verify`.
//! 2. [`load`]: inventory, playbook, roles and variables, from disk. Everything that can be wrong without a
//!    connection is found here, with its place in a file.
//! 3. [`engine`]: `run` leads all hosts through all plays; `host` leads one host; `walk` decides what comes next.
//! 4. [`module`]: one kind of task each: parameters and observations in, changes out.
//! 5. [`transport`]: the questions and steps of a host as one POSIX shell script, moved over SSH.
//! 6. [`view`]: events, grouped and printed.
//!
//! ```text
//! inventory ┐                          per host, side by side
//! playbook  ├─ load ─ play × hosts ─▶ facts ─▶ observe ─▶ decide ─▶ carry out ─▶ post-check ─▶ journal
//! variables ┘                          1 trip   1 trip     pure      1 trip       1 trip
//!                                                │
//!                              a plan ends after decide; events leave at every arrow ─▶ views
//! ```
//!
//! # Words
//!
//! | word | meaning | where |
//! | --- | --- | --- |
//! | probe, observation | a read-only question to a host, and its answer | [`model::probe`] |
//! | step | one instruction to a host, guarded by what was observed | [`model::step`] |
//! | change | a resource before and after, the steps that make it and those that undo it | [`model::change`] |
//! | facts | what a host is: memory, limits, kernel, servers | [`model::facts`] |
//! | decision | what a module makes of parameters and observations | [`module::Decision`] |
//! | wave | hosts that are changed at the same time | [`rollout`] |
//! | event | something that happened, as data | [`model::event`] |
//! | run, journal | one apply, and its durable record | [`journal`] |
//!
//! # Layers
//!
//! A layer uses what stands to its right and nothing else; a test holds it.
//!
//! `main, cli` → [`engine`] → [`module`], [`redis`], [`rollout`] → [`model`]. At the sides, for `cli` and `engine`
//! only: [`transport`] (the only code that talks to hosts), [`load`] and [`journal`] (the only code that touches this
//! machine's disk), [`view`] (the only code that prints).
//!
//! # Three rules
//!
//! Deciding is pure: a dry run is the same flow, ended earlier. Round trips are counted: a host costs a constant number
//! of them, however many tasks there are. Every change knows its inverse, and the inverse is recorded first.
//! `docs/architecture.md` says more.

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

/// The allocator of every program that leads runs. Hosts are worked on in several threads, and what they tell is given back
/// by another one. The C library's splits its memory at that: a host then costs more time, and twice the memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
