//! A module's view of a host: typed answers, and a note of every question that has not been asked yet.

use std::cell::RefCell;

use super::decision::Stop;
use super::world::{Answer, Origin, World};
use crate::model::blob::Blob;
use crate::model::probe::FileInfo;
use crate::model::probe::{
    FileState, GroupState, KernelValue, Observation, PackageIndex, PackageState, Probe, Program,
    ProgramResult, RedisAddress, RedisState, RedisUserQuestion, RedisUserState, ServerHealth,
    ServiceState, UnitState, UserState,
};
use crate::model::value::{Map, Unknown, Value};

/// What a module may know. Every method that returns [`Stop::Missing`] has noted the question.
#[derive(Debug)]
pub struct Look<'a> {
    world: &'a World,
    missing: RefCell<Vec<Probe>>,
}

macro_rules! typed_answers {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $probe:expr => $variant:ident -> $answer:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// See [`Look::observe`].
            pub fn $name(&self, $($argument: $type),*) -> Result<&'a $answer, Stop> {
                match self.observe(&$probe)? {
                    Observation::$variant(answer) => Ok(answer),
                    other => Err(wrong_answer(other)),
                }
            }
        )*
    };
}

impl<'a> Look<'a> {
    pub fn new(world: &'a World) -> Self {
        Self {
            world,
            missing: RefCell::new(Vec::new()),
        }
    }

    /// The answer to one probe.
    ///
    /// # Errors
    /// [`Stop::Missing`] when it has to be asked first, [`Stop::Unknown`] when an earlier change decides it,
    /// [`Stop::Failed`] when the host could not answer.
    pub fn observe(&self, probe: &Probe) -> Result<&'a Observation, Stop> {
        match self.world.answer(probe) {
            Answer::Known(Observation::Failed(reason)) => Err(Stop::failed(reason.clone())),
            Answer::Known(observation) => Ok(observation),
            Answer::Unknown(unknown) => Err(Stop::Unknown(unknown.clone())),
            Answer::Missing => {
                self.missing.borrow_mut().push(probe.clone());
                Err(Stop::Missing)
            }
        }
    }

    /// Asks for several answers at once, so that one round trip brings them all. Call it before the first `?`
    /// of a decision that needs more than one answer.
    ///
    /// # Errors
    /// [`Stop::Missing`] when any has to be asked first.
    pub fn ask(&self, probes: &[Probe]) -> Result<(), Stop> {
        let mut result = Ok(());
        for probe in probes {
            if matches!(self.world.answer(probe), Answer::Missing) {
                self.missing.borrow_mut().push(probe.clone());
                result = Err(Stop::Missing);
            }
        }
        result
    }

    /// Where the answer to a probe comes from. A change that was made or decided says nothing of what only the
    /// host can know, such as the time at which a file was written.
    pub fn origin(&self, probe: &Probe) -> Option<Origin> {
        self.world.origin(probe)
    }

    /// Whether an earlier task decided something that has not been made yet: what was observed may have become
    /// old in ways that nobody predicts.
    pub fn anything_decided(&self) -> bool {
        self.world.anything_decided()
    }

    /// Asks the host, whatever is known already.
    pub fn ask_again(&self, probe: &Probe) -> Stop {
        self.missing.borrow_mut().push(probe.clone());
        Stop::Missing
    }

    typed_answers! {
        /// What stands at a path, without its content.
        file(path: &str) = Probe::File(path.to_owned()) => File -> FileState;
        /// What stands at a path, with the content of a regular file.
        content(path: &str) = Probe::Content(path.to_owned()) => File -> FileState;
        /// Everything below a directory: paths relative to it, sorted.
        tree(path: &str) = Probe::Tree(path.to_owned()) => Tree -> Vec<(String, FileInfo)>;
        /// Contents of the files that match a pattern: full paths, sorted.
        glob(pattern: &str) = Probe::Glob(pattern.to_owned()) => Files -> Vec<(String, Blob)>;
        /// A package; what could be installed is known only where it is not.
        package(name: &str) = Probe::Package(name.to_owned()) => Package -> PackageState;
        /// A package, with what could be installed.
        package_offers(name: &str) = Probe::PackageOffers(name.to_owned()) => Package -> PackageState;
        package_index() = Probe::PackageIndex => PackageIndex -> PackageIndex;
        unit(name: &str) = Probe::Unit(name.to_owned()) => Unit -> UnitState;
        service(name: &str) = Probe::Service(name.to_owned()) => Service -> ServiceState;
        kernel_value(key: &str) = Probe::KernelValue(key.to_owned()) => KernelValue -> KernelValue;
        user(name: &str) = Probe::User(name.to_owned()) => User -> Option<UserState>;
        group(name: &str) = Probe::Group(name.to_owned()) => Group -> Option<GroupState>;
        /// Runs a program that changes nothing.
        program(program: &Program) = Probe::Program(Box::new(program.clone())) => Program -> ProgramResult;
        server_health(address: &RedisAddress, watch: u32) =
            Probe::ServerHealth { address: address.clone(), watch } => ServerHealth -> ServerHealth;
        redis_user(question: &RedisUserQuestion) =
            Probe::RedisUser(Box::new(question.clone())) => RedisUser -> RedisUserState;
        redis(address: &RedisAddress) = Probe::Redis(address.clone()) => Redis -> RedisState;
    }

    /// What a probe was answered before the host's wave, where a gate compares with that.
    pub fn before(&self, probe: &Probe) -> Option<&'a Observation> {
        self.world.before.get(probe)
    }

    /// The host's facts as variables (`host`, `redis`, `ansible_*`).
    pub fn facts(&self) -> &'a Map {
        &self.world.facts
    }

    /// A fact by its path, such as `["host", "memory", "total"]`.
    ///
    /// # Errors
    /// [`Stop::Unknown`] when an earlier change decides it.
    pub fn fact(&self, path: &[&str]) -> Result<Option<&'a Value>, Stop> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(None);
        };
        let mut current = self.world.facts.get(*first);
        for part in rest {
            match current {
                Some(Value::Unknown(unknown)) => return Err(Stop::Unknown(unknown.clone())),
                Some(Value::Map(map)) => current = map.get(*part),
                _ => return Ok(None),
            }
        }
        match current {
            Some(Value::Unknown(unknown)) => Err(Stop::Unknown(unknown.clone())),
            other => Ok(other),
        }
    }

    /// Packages that an earlier task of the same run will bring or take, if any.
    pub fn pending_packages(&self) -> Option<&'a Unknown> {
        self.world.pending_packages()
    }

    /// The questions that have to be asked before this decision can be made.
    pub fn into_missing(self) -> Vec<Probe> {
        let mut asked = std::collections::HashSet::new();
        let mut missing = self.missing.into_inner();
        missing.retain(|probe| asked.insert(probe.clone()));
        missing
    }
}

fn wrong_answer(observation: &Observation) -> Stop {
    Stop::failed(format!(
        "the host answered another question than was asked: {observation:?}"
    ))
}
