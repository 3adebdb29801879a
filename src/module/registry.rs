//! All modules by name.

use super::{Module, Spec};

/// Every module. Add a new one here; its file is its documentation.
static MODULES: &[&dyn Module] = &[
    &super::apt_repository::AptRepository,
    &super::assert::Assert,
    &super::blockinfile::Blockinfile,
    &super::command::Command,
    &super::command::Shell,
    &super::copy::Copy,
    &super::debug::Debug,
    &super::fail::Fail,
    &super::file::File,
    &super::get_url::GetUrl,
    &super::group::Group,
    &super::lineinfile::Lineinfile,
    &super::package::Package,
    &super::reboot::Reboot,
    &super::redis_check::RedisCheck,
    &super::redis_config::RedisConfig,
    &super::redis_gate::RedisGate,
    &super::redis_guard::RedisGuard,
    &super::redis_unit::RedisUnit,
    &super::redis_user::RedisUser,
    &super::service::Service,
    &super::set_fact::SetFact,
    &super::slurp::Slurp,
    &super::stat::Stat,
    &super::sysctl::Sysctl,
    &super::template::Template,
    &super::transparent_hugepage::TransparentHugepage,
    &super::unarchive::Unarchive,
    &super::user::User,
    &super::wait_for::WaitFor,
];

/// Prefixes that Ansible's collections put before a module's name.
const COLLECTIONS: &[&str] = &[
    "ansible.builtin.",
    "ansible.legacy.",
    "ansible.posix.",
    "community.general.",
];

/// The module with this name or alias, with or without its collection.
pub fn find(name: &str) -> Option<&'static dyn Module> {
    let name = COLLECTIONS
        .iter()
        .find_map(|collection| name.strip_prefix(collection))
        .unwrap_or(name);
    MODULES
        .iter()
        .copied()
        .find(|module| module.spec().name == name || module.spec().aliases.contains(&name))
}

/// All specifications, for checks and documentation.
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    MODULES.iter().map(|module| module.spec())
}
