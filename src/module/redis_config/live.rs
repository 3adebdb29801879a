//! The running server that has the file: what it says of itself, and what is kept about it on its host.

use indexmap::IndexMap;

use super::note;
use super::server::Instance;
use crate::model::probe::{Probe, RedisAddress, RedisState};
use crate::model::secret::Secret;
use crate::module::shared::redis_address::{self, OwnAddress, TlsPort, place};
use crate::module::{Failure, Look, Parameters, Stop};
use crate::redis::conf::{Document, Effective};
use crate::redis::config_get;
use crate::redis::guard_status::{self, GuardStatus};
use crate::redis::info::{Info, Role};
use crate::redis::version::Server;

/// A server that answered.
#[derive(Debug)]
pub(in crate::module) struct Live<'a> {
    pub(in crate::module) address: RedisAddress,
    pub(in crate::module) state: &'a RedisState,
    pub(in crate::module) server: Option<Server>,
    pub(in crate::module) info: Info,
    /// What CONFIG GET answered, as it did.
    pub(in crate::module) config: IndexMap<String, String>,
    pub(in crate::module) effective: Effective,
    /// What a guard on the host holds of it.
    pub(in crate::module) guard: Option<GuardStatus>,
    /// Directives that CONFIG GET does not tell, which an earlier run wrote and which a restart has still to bring.
    pub(in crate::module) owed: Vec<String>,
    /// Whether there is a note of them, old ones included.
    pub(in crate::module) has_note: bool,
}

/// Where the server that has the file is asked. `None`: none runs, or the task is about the file alone.
pub(in crate::module) fn address(
    parameters: &Parameters,
    instance: Option<&Instance<'_>>,
    over_tls: &[TlsPort],
) -> Result<Option<RedisAddress>, Stop> {
    if !parameters.boolean("live", true)? {
        return Ok(None);
    }
    let running = instance.filter(|instance| instance.running);
    if redis_address::is_given(parameters) {
        let own = OwnAddress {
            over_tls: over_tls.to_vec(),
            ..OwnAddress::default()
        };
        return redis_address::redis_address(parameters, &own).map(Some);
    }
    let Some(running) = running else {
        return Ok(None);
    };
    let speaks_tls = over_tls.iter().any(|one| one.port == running.tls_port);
    if running.port == 0 && running.socket.is_none() && !speaks_tls {
        return Err(Failure::new(
            "the running server answers neither at a port nor at a unix socket that is known, so it cannot be asked",
        )
        .help("say where with `port` or `socket`, or write the file alone with `live: no`")
        .into());
    }
    let own = OwnAddress {
        port: Some(running.port),
        socket: running.socket,
        tls_port: running.tls_port,
        over_tls: over_tls.to_vec(),
    };
    redis_address::redis_address(parameters, &own).map(Some)
}

/// What is asked of the host about it, beside the file.
pub(in crate::module) fn probes(address: &RedisAddress, path: &str) -> Vec<Probe> {
    vec![
        Probe::Redis(address.clone()),
        guards(),
        Probe::Content(note::path(path)),
    ]
}

fn guards() -> Probe {
    Probe::Glob(format!("{}/*.status", guard_status::FOLDER))
}

impl<'a> Live<'a> {
    /// What the server says. `None`: nothing listens where the task says, and nothing is known to run there.
    ///
    /// # Errors
    /// A server that runs and cannot be asked: what it would do with the file is not known then.
    pub(in crate::module) fn ask(
        look: &Look<'a>,
        address: RedisAddress,
        path: &str,
        before: &Document,
        is_known_to_run: bool,
    ) -> Result<Option<Self>, Stop> {
        let mut address = address;
        let mut state = look.redis(&address)?;
        let wants_password = |state: &RedisState| {
            let said = state.error.as_deref().unwrap_or_default();
            let refusals = ["NOAUTH", "WRONGPASS"];
            !state.alive && refusals.iter().any(|word| said.contains(word))
        };
        // It is asked with the password that its own file holds: without one, and while the task's is a new one.
        if wants_password(state)
            && address.user.is_none()
            && let Some(password) = own_password(before)
            && address.password.as_ref() != Some(&password)
        {
            address.password = Some(password);
            state = look.redis(&address)?;
        }
        if !state.alive {
            let said = state.error.as_deref().unwrap_or("nothing");
            if !is_known_to_run && !wants_password(state) && is_silence(said) {
                return Ok(None);
            }
            return Err(silent(&address, said));
        }
        let config = config_get::parse(&state.config)
            .ok()
            .filter(|config| !config.is_empty())
            .ok_or_else(|| {
                silent(
                    &address,
                    state.error.as_deref().unwrap_or("no configuration"),
                )
            })?;
        let info = Info::parse(&state.info);
        let run_id = info.text("run_id").unwrap_or_default();
        let note = note::read(look, path)?;
        let guard = look
            .glob(&format!("{}/*.status", guard_status::FOLDER))?
            .iter()
            .filter_map(|(_, content)| guard_status::parse(content.as_text()?))
            .find(|status| status.is_about(address.port, address.socket.as_deref()));
        let pairs = config
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(Some(Self {
            server: info.server(),
            effective: Effective::of_config_get(pairs),
            owed: note
                .as_ref()
                .filter(|note| note.run_id == run_id)
                .map(|note| note.names.clone())
                .unwrap_or_default(),
            has_note: note.is_some(),
            address,
            state,
            info,
            config,
            guard,
        }))
    }

    /// What it is told apart by from a server that was started later.
    pub(in crate::module) fn run_id(&self) -> &str {
        self.info.text("run_id").unwrap_or_default()
    }

    /// Seconds since 1970 at which it was started, by its own clock; Redis before 7.0 does not tell.
    pub(in crate::module) fn started(&self) -> Option<i64> {
        let now = self.info.count("server_time_usec")? / 1_000_000;
        let uptime = self.info.count("uptime_in_seconds")?;
        i64::try_from(now.checked_sub(uptime)?).ok()
    }

    /// The server that it follows, as `replicaof` has it.
    pub(in crate::module) fn follows(&self) -> Option<String> {
        if self.info.role() != Some(Role::Replica) {
            return None;
        }
        let host = self.info.text("master_host")?;
        let port = self.info.text("master_port")?;
        Some(format!("{host} {port}"))
    }

    /// Bytes that count against `maxmemory`.
    pub(in crate::module) fn counted_memory(&self) -> u64 {
        crate::redis::eviction::counted_memory(&self.info)
    }
}

/// The password that the file asks of everybody.
fn own_password(before: &Document) -> Option<Secret> {
    let effective = Effective::of_document(before);
    let word = effective
        .named("requirepass")?
        .arguments
        .first()?
        .as_text()?;
    (!word.is_empty()).then(|| Secret::new(word))
}

/// The client found nobody there.
fn is_silence(said: &str) -> bool {
    ["Could not connect", "No such file", "refused"]
        .iter()
        .any(|words| said.contains(words))
}

fn silent(address: &RedisAddress, said: &str) -> Stop {
    let help = if ["NOAUTH", "WRONGPASS"]
        .iter()
        .any(|word| said.contains(word))
    {
        "give `password`, and `user` where accounts are used"
    } else if said.starts_with("LOADING") {
        "it loads its data: run again when it is done, or give the task `retries`"
    } else {
        "see whether its service is well; the account that asks needs +ping, +info, +config|get and +config|set"
    };
    Failure::new(format!(
        "the running server at {} cannot be asked: {said}",
        place(address)
    ))
    .help(help)
    .help("or write the file alone, and leave the server as it is, with `live: no`")
    .into()
}
