//! The program against real hosts. `script/test fleet` boots them and sets `CACHESMITH_FLEET_STATE`.
//!
//! Tests share the hosts, so they run one after another, in the order of their names (`--test-threads=1`); each resets the hosts it needs.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod a_provision;
mod b_accounts;
mod c_faults;
mod d_handlers;
mod e_guard;
mod e_unit;
mod g_redis_config;
mod h_accounts_of_servers;
mod h_topology;
mod i_replicas;
mod j_guard_of_a_pair;
mod k_tls;
mod l_locks;
mod m_saved_plans;
mod p_roles;
mod r_rollback;
mod support;
mod w_gates;
mod w_rolling;
mod x_kept_connections;
