//! What a guard on the host says of the server that it watches.
//!
//! A guard lowers the live `maxmemory` of a server while its host is short of memory and raises it again later. It
//! keeps a file of lines `key=value` at [`path`]. What it holds is its doing: it is no drift, and nobody else is to
//! take it back.

/// The folder of all status files; it does not outlive a boot, and neither does what they say.
pub const FOLDER: &str = "/run/cachesmith-guard";

/// The version of the file that is understood here.
const VERSION: &str = "1";

/// The status file of an instance, by the guard's name for it.
#[must_use]
pub fn path(instance: &str) -> String {
    format!("{FOLDER}/{instance}.status")
}

/// What a status file says. What it does not say is empty or zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuardStatus {
    /// Where the watched server answers; 0: only at its socket.
    pub port: u16,
    pub socket: String,
    /// `maxmemory` as it would be without a guard. Bytes.
    pub planned_maxmemory: Option<u64>,
    /// `maxmemory` as the guard has set it. Bytes.
    pub held_maxmemory: Option<u64>,
    /// `steady`, `purging`, `defragmenting`, `shedding`, `recovering`, `off`, or a word of a newer guard.
    pub state: String,
    /// Seconds since 1970 at which it was written.
    pub updated: u64,
    /// Other directives that the guard has set live, by name.
    pub holds: Vec<String>,
    /// What is used of the limit that is nearest to being passed, and that limit. Bytes.
    pub used: u64,
    pub limit: u64,
    /// Why it is in its state, in words.
    pub why: String,
}

/// Reads a status file. Keys that are not known are passed over: a newer guard may say more.
///
/// Nothing where the file is of another version, or where its guard is off.
#[must_use]
pub fn parse(text: &str) -> Option<GuardStatus> {
    let mut status = GuardStatus::default();
    let mut version = None;
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let (key, value) = (key.trim(), value.trim());
        match key {
            "version" => version = Some(value),
            "port" => status.port = value.parse().unwrap_or_default(),
            "socket" => value.clone_into(&mut status.socket),
            "planned_maxmemory" => status.planned_maxmemory = value.parse().ok(),
            "held_maxmemory" => status.held_maxmemory = value.parse().ok(),
            "state" => value.clone_into(&mut status.state),
            "updated" => status.updated = value.parse().unwrap_or_default(),
            "used" => status.used = value.parse().unwrap_or_default(),
            "limit" => status.limit = value.parse().unwrap_or_default(),
            "why" => value.clone_into(&mut status.why),
            "holds" => {
                let names = value.split([' ', ',']).filter(|name| !name.is_empty());
                status.holds = names.map(str::to_ascii_lowercase).collect();
            }
            _ => {}
        }
    }
    (version == Some(VERSION) && status.state != "off").then_some(status)
}

impl GuardStatus {
    /// The limit that the guard holds below the planned one, if it does. Bytes.
    #[must_use]
    pub fn holds_maxmemory_at(&self) -> Option<u64> {
        let (held, planned) = (self.held_maxmemory?, self.planned_maxmemory?);
        // 0 is no limit at all.
        (held != 0 && (planned == 0 || held < planned)).then_some(held)
    }

    /// Whether the live value of a directive is the guard's.
    #[must_use]
    pub fn holds(&self, directive: &str) -> bool {
        if directive == "maxmemory" {
            return self.holds_maxmemory_at().is_some();
        }
        self.holds.iter().any(|name| name == directive)
    }

    /// Whether it is about the server that answers there.
    #[must_use]
    pub fn is_about(&self, port: u16, socket: Option<&str>) -> bool {
        match socket.filter(|socket| !socket.is_empty()) {
            Some(socket) => self.socket == socket,
            None => port != 0 && self.port == port,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: &str = "version=1\nport=6379\nsocket=\nplanned_maxmemory=3145728\nheld_maxmemory=2097152\n\
                        state=shedding\nupdated=1764362400\nholds=active-defrag-cycle-max active-defrag-cycle-min\nsomething=new\n";

    #[test]
    fn what_a_guard_holds_is_known() {
        let status = parse(HELD).unwrap();
        assert_eq!(status.holds_maxmemory_at(), Some(2_097_152));
        assert!(status.holds("maxmemory") && status.holds("active-defrag-cycle-max"));
        assert!(!status.holds("maxmemory-policy"));
        assert!(status.is_about(6379, None) && !status.is_about(6380, None));
        assert!(!status.is_about(6379, Some("/run/redis/redis.sock")));
        assert_eq!(status.updated, 1_764_362_400);
        assert_eq!(path("6379"), "/run/cachesmith-guard/6379.status");
    }

    #[test]
    fn a_guard_that_is_steady_off_or_of_another_version_holds_nothing() {
        let steady = HELD.replace("held_maxmemory=2097152", "held_maxmemory=3145728");
        assert_eq!(parse(&steady).unwrap().holds_maxmemory_at(), None);
        assert_eq!(parse(&HELD.replace("state=shedding", "state=off")), None);
        assert_eq!(parse(&HELD.replace("version=1", "version=2")), None);
        assert_eq!(parse(""), None);
        assert_eq!(
            parse("version=1\nheld_maxmemory=soon\n")
                .unwrap()
                .holds_maxmemory_at(),
            None
        );
    }
}
