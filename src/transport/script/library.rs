//! The parts of a script that are the same for every host, as shell files that can be read and checked alone.

use std::sync::OnceLock;

/// A part of the library. The order is the order in the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Frame,
    Born,
    Name,
    Room,
    Beside,
    Uid,
    Date,
    Put,
    RemoveEmpty,
    Flush,
    Lease,
    LeaseHold,
    Lock,
    Limit,
    Files,
    Writable,
    Tree,
    Glob,
    Packages,
    Index,
    Units,
    Service,
    Accounts,
    RedisClient,
    RedisHealth,
    Redis,
    Port,
    Listener,
    Watch,
    Program,
    ProgramProbe,
    EarlyProgram,
    Step,
    Settle,
    Guard,
    Attributes,
    Prepare,
    Write,
    Paths,
    Note,
    Kernel,
    ProgramStep,
    RedisSet,
    RedisLower,
    RedisUser,
    RedisFailover,
    Reboot,
}

/// How many there are.
const COUNT: usize = Part::Reboot as usize + 1;

impl Part {
    pub(super) fn text(self) -> &'static PartText {
        static TEXTS: [OnceLock<PartText>; COUNT] = [const { OnceLock::new() }; COUNT];
        TEXTS[self as usize].get_or_init(|| PartText::of(self.file()))
    }

    /// The file as it is.
    fn file(self) -> &'static str {
        match self {
            Self::Frame => include_str!("shell/frame.sh"),
            Self::Born => include_str!("shell/born.sh"),
            Self::Name => include_str!("shell/name.sh"),
            Self::Room => include_str!("shell/room.sh"),
            Self::Beside => include_str!("shell/beside.sh"),
            Self::Uid => include_str!("shell/uid.sh"),
            Self::Date => include_str!("shell/date.sh"),
            Self::Put => include_str!("shell/put.sh"),
            Self::RemoveEmpty => include_str!("shell/remove_empty.sh"),
            Self::Flush => include_str!("shell/flush.sh"),
            Self::Lease => include_str!("shell/lease.sh"),
            Self::LeaseHold => include_str!("shell/lease_hold.sh"),
            Self::Lock => include_str!("shell/lock.sh"),
            Self::Limit => include_str!("shell/limit.sh"),
            Self::Files => include_str!("shell/files.sh"),
            Self::Writable => include_str!("shell/writable.sh"),
            Self::Tree => include_str!("shell/tree.sh"),
            Self::Glob => include_str!("shell/glob.sh"),
            Self::Packages => include_str!("shell/packages.sh"),
            Self::Index => include_str!("shell/index.sh"),
            Self::Units => include_str!("shell/units.sh"),
            Self::Service => include_str!("shell/service.sh"),
            Self::Accounts => include_str!("shell/accounts.sh"),
            Self::RedisClient => include_str!("shell/redis_client.sh"),
            Self::RedisHealth => include_str!("shell/redis_health.sh"),
            Self::Redis => include_str!("shell/redis.sh"),
            Self::Port => include_str!("shell/port.sh"),
            Self::Listener => include_str!("shell/listener.sh"),
            Self::Watch => include_str!("shell/watch.sh"),
            Self::Program => include_str!("shell/program.sh"),
            Self::ProgramProbe => include_str!("shell/program_probe.sh"),
            Self::EarlyProgram => include_str!("shell/early_program.sh"),
            Self::Step => include_str!("shell/step.sh"),
            Self::Settle => include_str!("shell/settle.sh"),
            Self::Guard => include_str!("shell/guard.sh"),
            Self::Attributes => include_str!("shell/attributes.sh"),
            Self::Prepare => include_str!("shell/prepare.sh"),
            Self::Write => include_str!("shell/write.sh"),
            Self::Paths => include_str!("shell/paths.sh"),
            Self::Note => include_str!("shell/note.sh"),
            Self::Kernel => include_str!("shell/kernel.sh"),
            Self::ProgramStep => include_str!("shell/program_step.sh"),
            Self::RedisSet => include_str!("shell/redis_set.sh"),
            Self::RedisLower => include_str!("shell/redis_lower.sh"),
            Self::RedisUser => include_str!("shell/redis_user.sh"),
            Self::RedisFailover => include_str!("shell/redis_failover.sh"),
            Self::Reboot => include_str!("shell/reboot.sh"),
        }
    }

    /// What else it calls.
    pub(super) fn needs(self) -> &'static [Self] {
        match self {
            Self::Files | Self::Packages | Self::Index | Self::Units => &[Self::Limit],
            Self::Accounts | Self::RedisClient | Self::Port | Self::Glob => &[Self::Limit],
            Self::Name | Self::Lease => &[Self::Born],
            Self::Beside => &[Self::Name],
            Self::Room => &[Self::Beside],
            Self::LeaseHold => &[
                Self::Lease,
                Self::Uid,
                Self::Date,
                Self::Put,
                Self::RemoveEmpty,
            ],
            Self::Lock => &[Self::LeaseHold],
            Self::Redis => &[Self::RedisClient],
            Self::RedisHealth => &[Self::RedisClient],
            Self::RedisSet => &[Self::RedisClient, Self::Guard],
            Self::RedisLower | Self::RedisUser => &[Self::RedisSet],
            Self::RedisFailover => &[Self::RedisSet, Self::Program],
            Self::Tree => &[Self::Limit, Self::Files],
            Self::Program => &[Self::Room, Self::Listener, Self::Watch],
            Self::ProgramProbe | Self::ProgramStep => &[Self::Program],
            Self::Settle => &[Self::Flush],
            Self::Prepare => &[Self::Write],
            Self::Write => &[Self::Program, Self::Attributes, Self::Put, Self::Settle],
            Self::Paths => &[Self::Attributes, Self::Beside, Self::Settle],
            Self::Note => &[
                Self::Uid,
                Self::Beside,
                Self::Date,
                Self::Put,
                Self::RemoveEmpty,
                Self::Flush,
            ],
            Self::Kernel => &[Self::Guard],
            Self::Service | Self::Guard => &[Self::Limit, Self::Born],
            _ => &[],
        }
    }
}

/// A part as a script has it: without comments, which are for whoever reads the file.
#[derive(Debug, Default)]
pub(super) struct PartText {
    /// Functions.
    pub(super) definitions: String,
    /// What each script that has the part begins with.
    pub(super) beginning: String,
}

impl PartText {
    /// In the files, a function begins and ends at the beginning of a line.
    fn of(file: &str) -> Self {
        let mut text = Self::default();
        let mut end = None;
        for line in without_comments(file) {
            let inside = end.is_some();
            if end == Some(line) {
                end = None;
            } else if !inside && let Some((_, body)) = line.split_once("() ") {
                end = match body {
                    "{" => Some("}"),
                    "(" => Some(")"),
                    _ => None,
                };
            }
            let is_definition = inside || line.contains("() ");
            let place = if is_definition {
                &mut text.definitions
            } else {
                &mut text.beginning
            };
            place.push_str(line);
            place.push('\n');
        }
        text
    }
}

/// The lines of a shell file without its comments.
pub(super) fn without_comments(file: &str) -> impl Iterator<Item = &str> {
    file.lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Parts share one name space: a second function of a name would take the place of the first without a word.
    #[test]
    fn no_two_functions_have_the_same_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/transport/script/shell");
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            for name in text.lines().filter_map(|line| line.split_once("() ")) {
                let other = known.insert(name.0.to_owned(), file.clone());
                assert_eq!(other, None, "{} is in {file} too", name.0);
            }
        }
        assert!(known.len() > 100, "{known:?}");
    }
}
