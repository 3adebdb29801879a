//! What a running server says of itself in INFO.
//!
//! Numbers are not believed blindly. Counters that ran below zero appear as numbers near 2^64 (seen in Valkey 8.1.5,
//! valkey#2994), and a server that cannot read /proc answers 0 for its resident memory.

use indexmap::IndexMap;

use super::version::Server;

/// No host has as many bytes (64 PiB); a larger number is a counter that ran below zero.
const BELIEVABLE_BYTES: u64 = 1 << 56;

/// The fields of INFO, in the order of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    fields: IndexMap<String, String>,
}

impl Info {
    /// Reads what INFO answers: `name:value` lines, sections as `# Name`, line ends of any kind.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let fields = text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.starts_with('#'));
        let pairs = fields.filter_map(|line| line.split_once(':'));
        Self {
            fields: pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A field as it was answered.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// A whole number that is not negative.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// A number of bytes, if it is believable.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<u64> {
        self.count(name).filter(|bytes| *bytes < BELIEVABLE_BYTES)
    }

    /// Whether the field holds a number of bytes that cannot be true.
    #[must_use]
    pub fn is_unbelievable(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| {
            text.parse::<i128>()
                .is_ok_and(|number| !(0..i128::from(BELIEVABLE_BYTES)).contains(&number))
        })
    }

    /// A decimal number, if it is finite.
    #[must_use]
    pub fn decimal(&self, name: &str) -> Option<f64> {
        self.text(name)?
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }

    /// A flag that is answered as 0 or 1.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)? {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }

    /// Product and version.
    #[must_use]
    pub fn server(&self) -> Option<Server> {
        Server::from_info(|name| self.text(name))
    }

    /// Whether it is a primary, a replica or a Sentinel.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self.text("role") {
            Some("master") => Some(Role::Primary),
            Some("slave") => Some(Role::Replica),
            None if self.text("redis_mode") == Some("sentinel") => Some(Role::Sentinel),
            _ => None,
        }
    }

    /// How much of the memory that the allocator holds in its pages is in use: `allocator_active / allocator_allocated`.
    /// Computed here, because Valkey from 8.1 on answers 1.00 for it where it cannot defragment.
    #[must_use]
    pub fn fragmentation(&self) -> Option<Fragmentation> {
        let active = self.bytes("allocator_active").filter(|bytes| *bytes > 0)?;
        let allocated = self
            .bytes("allocator_allocated")
            .filter(|bytes| *bytes > 0)?;
        Some(Fragmentation { active, allocated })
    }

    /// Keys in all databases, and how many of them expire.
    #[must_use]
    pub fn keys(&self) -> Keys {
        let databases = self.fields.iter().filter(|(name, _)| {
            name.strip_prefix("db").is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        });
        databases.fold(Keys::default(), |sum, (_, value)| Keys {
            total: sum
                .total
                .saturating_add(part(value, "keys").unwrap_or_default()),
            expiring: sum
                .expiring
                .saturating_add(part(value, "expires").unwrap_or_default()),
        })
    }

    /// What clients' commands have cost since the server began to count; commands that ask and manage are left out.
    #[must_use]
    pub fn commands(&self) -> Commands {
        let told = self.fields.iter().filter_map(|(name, value)| {
            let command = name.strip_prefix("cmdstat_")?;
            let command = command.split('|').next().unwrap_or(command);
            (!MANAGING.contains(&command)).then_some(value)
        });
        told.fold(Commands::default(), |sum, value| Commands {
            calls: sum
                .calls
                .saturating_add(part(value, "calls").unwrap_or_default()),
            microseconds: sum
                .microseconds
                .saturating_add(part(value, "usec").unwrap_or_default()),
        })
    }

    /// The replicas that are connected to this primary.
    #[must_use]
    pub fn replicas(&self) -> Vec<Replica> {
        let lines = self.fields.iter().filter(|(name, value)| {
            let number = name.strip_prefix("slave");
            number.is_some_and(|number| {
                number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty()
            }) && value.contains("ip=")
        });
        lines
            .map(|(_, value)| Replica {
                address: format!(
                    "{}:{}",
                    text_part(value, "ip").unwrap_or("?"),
                    text_part(value, "port").unwrap_or("?")
                ),
                online: text_part(value, "state") == Some("online"),
                offset: part(value, "offset"),
                lag_seconds: part(value, "lag"),
            })
            .collect()
    }
}

/// How often commands were called, and how long they took together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commands {
    pub calls: u64,
    pub microseconds: u64,
}

/// Commands that say nothing of what clients wait for.
const MANAGING: [&str; 20] = [
    "acl",
    "auth",
    "bgrewriteaof",
    "bgsave",
    "client",
    "cluster",
    "command",
    "config",
    "debug",
    "hello",
    "info",
    "latency",
    "memory",
    "monitor",
    "ping",
    "psync",
    "replconf",
    "save",
    "slowlog",
    "sync",
];

/// What a server is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Primary,
    Replica,
    Sentinel,
}

/// External fragmentation of the allocator's memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragmentation {
    /// Bytes in pages that hold something.
    pub active: u64,
    /// Bytes that are in use in them.
    pub allocated: u64,
}

impl Fragmentation {
    /// 1 is none at all.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.active as f64 / self.allocated as f64
    }

    /// Bytes that are wasted.
    #[must_use]
    pub fn wasted(&self) -> u64 {
        self.active.saturating_sub(self.allocated)
    }
}

/// Numbers of keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    pub total: u64,
    /// Those with a time to live.
    pub expiring: u64,
}

/// A replica as its primary sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Host and port.
    pub address: String,
    /// Whether it has all data and follows.
    pub online: bool,
    /// Bytes of the replication stream that it has confirmed.
    pub offset: Option<u64>,
    /// Seconds since it last confirmed.
    pub lag_seconds: Option<u64>,
}

fn text_part<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value
        .split(',')
        .find_map(|part| part.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

fn part(value: &str, name: &str) -> Option<u64> {
    text_part(value, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAMPLE: &str = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\nexecutable:/tmp/a:b\r\n\r\n\
        # Memory\r\nused_memory:18446744073709551000\r\nallocator_active:3200\r\nallocator_allocated:1000\r\nmem_fragmentation_ratio:13.90\r\n\
        mem_fragmentation_bytes:-120\r\n# Replication\r\nrole:master\r\nconnected_slaves:2\r\n\
        slave0:ip=10.0.0.2,port=6379,state=online,offset=1204,lag=1\r\nslave1:ip=10.0.0.3,port=6380,state=wait_bgsave,offset=0,lag=0\r\n\
        slave_expires_tracked_keys:0\r\n# Keyspace\r\ndb0:keys=10,expires=4,avg_ttl=0\r\ndb12:keys=1,expires=1,avg_ttl=0,subexpiry=0\r\n";

    #[test]
    fn fields_are_read_and_doubted() {
        let info = Info::parse(SAMPLE);
        assert_eq!(info.server(), Some(Server::valkey(8, 1, 1)));
        assert_eq!(info.text("executable"), Some("/tmp/a:b"));
        assert_eq!(info.bytes("used_memory"), None);
        assert!(
            info.is_unbelievable("used_memory") && info.is_unbelievable("mem_fragmentation_bytes")
        );
        assert!(
            !info.is_unbelievable("allocator_active") && !info.is_unbelievable("no_such_field")
        );
        assert_eq!(info.decimal("mem_fragmentation_ratio"), Some(13.9));
        let fragmentation = info.fragmentation().unwrap();
        assert!((fragmentation.ratio() - 3.2).abs() < 1e-9);
        assert_eq!(fragmentation.wasted(), 2200);
        assert_eq!(
            info.keys(),
            Keys {
                total: 11,
                expiring: 5
            }
        );
        assert_eq!(info.role(), Some(Role::Primary));
    }

    #[test]
    fn replicas_are_listed() {
        let replicas = Info::parse(SAMPLE).replicas();
        assert_eq!(replicas.len(), 2);
        assert_eq!(replicas[0].address, "10.0.0.2:6379");
        assert!(replicas[0].online && !replicas[1].online);
        assert_eq!(
            (replicas[0].offset, replicas[0].lag_seconds),
            (Some(1204), Some(1))
        );
    }

    #[test]
    fn nothing_is_made_of_zeros() {
        let info = Info::parse("allocator_active:0\nallocator_allocated:0\nloading:2\n");
        assert_eq!(info.fragmentation(), None);
        assert_eq!(info.flag("loading"), None);
        assert_eq!(Info::parse("").role(), None);
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(text in "\\PC{0,60}(\r\n\\PC{0,30}){0,5}") {
            let info = Info::parse(&text);
            let _ = (info.keys(), info.replicas(), info.fragmentation(), info.role());
        }
    }
}
