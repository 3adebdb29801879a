//! Whose shell a task runs in.

use super::{Setting, Target, Walk};
use crate::model::playbook::Keywords;
use crate::model::template::{Evaluated, Scope};
use crate::model::value::Value;
use crate::module::Failure;

/// Whose shell a task runs in. Variables (`ansible_become`, `ansible_become_user`) win over keywords, as in Ansible.
pub(super) fn target(
    setting: &Setting,
    keywords: &Keywords,
    scope: &Scope,
) -> Result<Evaluated<Target>, Failure> {
    let host = match Walk::words(keywords.delegate_to.as_ref(), scope)? {
        Evaluated::Known(host) => host.unwrap_or_else(|| setting.host.clone()),
        Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
    };
    let delegated = host != setting.host;
    let variable = |name: &str| -> Result<Option<Value>, Failure> {
        if delegated {
            return Ok(None);
        }
        scope
            .variable(name)
            .map_err(|error| Failure::new(format!("`{name}`: {}", error.message)))
    };
    let wanted = match variable("ansible_become")? {
        Some(value) => value.truth().unwrap_or(false),
        None => match Walk::flag(keywords.become_.as_ref(), scope, false)? {
            Evaluated::Known(flag) => flag,
            Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
        },
    };
    if !wanted {
        return Ok(Evaluated::Known(Target {
            host,
            account: None,
        }));
    }
    if let Evaluated::Known(Some(method)) = Walk::words(keywords.become_method.as_ref(), scope)?
        && method != "sudo"
        && !method.ends_with(".sudo")
    {
        return Err(
            Failure::new(format!("`become_method: {method}` is not supported"))
                .help("use `sudo`; it is the only way to another account here"),
        );
    }
    let account = match variable("ansible_become_user")?.and_then(|value| value.scalar_text()) {
        Some(account) => account,
        None => match Walk::words(keywords.become_user.as_ref(), scope)? {
            Evaluated::Known(account) => account.unwrap_or_else(|| "root".to_owned()),
            Evaluated::Unknown(unknown) => return Ok(Evaluated::Unknown(unknown)),
        },
    };
    Ok(Evaluated::Known(Target {
        host,
        account: Some(account),
    }))
}
