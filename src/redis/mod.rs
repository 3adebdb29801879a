//! What is known of Redis and Valkey, as pure functions: no host is asked, nothing is read or written here.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`acl`] | what may an account do, however its rules are spelled |
//! | [`units`] | how many bytes is `1gb`, and how is a number of bytes shown |
//! | [`version`] | which server is it |
//! | [`catalogue`] | which directives are there, and what is wrong with a configuration |
//! | [`capability`] | can this build defragment, and is that wise in this version |
//! | [`conf`] | `redis.conf` taken apart, merged, compared |
//! | [`eviction`] | how is a limit of memory lowered below what is used |
//! | [`from_facts`] | what follows from a host's facts: the variable `redis` |
//! | [`guard_status`] | what does a guard on the host hold, so that nobody else takes it back |
//! | [`health`] | is a running server what it was meant to be, and well |
//! | [`info`], [`config_get`] | what does a running server say of itself |
//! | [`lint`] | what is wrong with a configuration file and what it includes |
//! | [`sizing`] | how much memory may a server use on a host, and why |

pub mod acl;
pub mod capability;
pub mod catalogue;
pub mod conf;
pub mod config_get;
pub mod eviction;
pub mod from_facts;
pub mod guard_status;
pub mod health;
pub mod info;
pub mod lint;
pub mod sizing;
pub mod units;
pub mod version;
