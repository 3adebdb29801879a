//! Becoming another user on a host, from its variables.

use super::settings::Settings;
use crate::error::Result;
use crate::model::secret::Secret;

/// What a host's variables say about becoming another user. They win over the `become` words of a playbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Become {
    /// `ansible_become`; `None` leaves it to the playbook.
    pub enabled: Option<bool>,
    /// `ansible_become_user`; `None` leaves it to the playbook.
    pub user: Option<String>,
    /// The password that sudo asks for.
    pub password: Option<Secret>,
    /// `ansible_become_exe`: another program than `sudo`.
    pub executable: Option<String>,
    /// `ansible_become_flags` as words; `None` means the usual ones.
    pub flags: Option<Vec<String>>,
}

impl Become {
    /// Reads `ansible_become*` and the older `ansible_sudo_*`.
    ///
    /// # Errors
    /// Another method than sudo, or a value of the wrong kind.
    pub fn read(settings: &Settings<'_>) -> Result<Self> {
        const METHOD: &str = "ansible_become_method";
        if let Some(method) = settings.text(&[METHOD])?
            && !matches!(method.as_str(), "sudo" | "ansible.builtin.sudo")
        {
            return Err(settings.error(
                METHOD,
                format!(
                    "host `{}` would become another user by `{method}`, and only `sudo` is supported",
                    settings.host
                ),
                "remove the variable, or set it to `sudo`",
            ));
        }
        let password = settings.text(&[
            "ansible_become_password",
            "ansible_become_pass",
            "ansible_sudo_pass",
        ])?;
        Ok(Self {
            enabled: settings.boolean(&["ansible_become"])?,
            user: settings.argument(&["ansible_become_user", "ansible_sudo_user"])?,
            password: password.map(Secret::new),
            executable: settings.argument(&["ansible_become_exe", "ansible_sudo_exe"])?,
            flags: settings
                .words(&["ansible_become_flags", "ansible_sudo_flags"])?
                .map(|(_, words)| words),
        })
    }
}
