//! CONFIG SET on running servers, with a client that stands in for redis-cli: it keeps a directive a file.

use std::fs;
use std::path::Path;

use cachesmith::model::blob::Blob;
use cachesmith::model::probe::RedisAddress;
use cachesmith::model::secret::Secret;
use cachesmith::model::step::{Action, ConfigSetting, Guard, Outcome, Pace, Step, StepStatus};

use crate::host::{Host, executable, hosts, in_parallel, told};

/// No directive takes the value `bad`. A server under test never has a space or a quote in a value.
const CLIENT: &str = r#"
cat /proc/[0-9]*/cmdline >>'STATE/seen' 2>/dev/null
[ -e 'STATE/dead' ] && exit 1
printf '%s' "$REDISCLI_AUTH" >'STATE/auth'
while read -r command verb name value more; do
	case $command.$verb in
	PING.*) echo "$verb" ;;
	CONFIG.GET) printf '%s\n%s\n' "$name" "$(cat "STATE/directives/$name")" ;;
	CONFIG.SET)
		set -- "$name" "$value" $more
		case " $* " in
		*' "bad" '*) echo "ERR Invalid argument 'bad' for CONFIG SET '$name'"; echo; continue ;;
		esac
		while [ $# -ge 2 ]; do
			value=${2#\"}
			printf '%s' "${value%\"}" >"STATE/directives/$1"
			echo "$1=${value%\"}" >>'STATE/log'
			shift 2
		done
		echo OK
		;;
	INFO.memory)
		limit=$(cat STATE/directives/maxmemory) used=$(cat STATE/used)
		# What is above the limit goes until the next question.
		if [ "$limit" -gt 0 ] && [ "$used" -gt "$limit" ] && [ ! -e STATE/stuck ]; then
			echo $(( $(cat STATE/evicted) + (used - limit) / 100 )) >STATE/evicted
			used=$limit; echo "$used" >STATE/used
		fi
		printf 'used_memory:%s\r\nmem_not_counted_for_evict:10\r\nmaxmemory:%s\r\n' "$((used + 10))" "$limit"
		;;
	INFO.stats) printf 'evicted_keys:%s\r\ncurrent_eviction_exceeded_time:0\r\n' "$(cat STATE/evicted)" ;;
	esac
done
"#;

struct Server {
    directory: tempfile::TempDir,
    host: Host,
}

impl Server {
    fn of(host: &Host, directives: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        fs::create_dir(path.join("directives")).unwrap();
        fs::create_dir(path.join("programs")).unwrap();
        for (name, value) in directives {
            fs::write(path.join("directives").join(name), value).unwrap();
        }
        let text = CLIENT.replace("STATE", path.to_str().unwrap());
        executable(&path.join("programs/redis-cli"), &text);
        Self {
            host: host.with_programs(&path.join("programs")),
            directory,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    fn is(&self, directive: &str) -> String {
        self.file(&format!("directives/{directive}"))
    }

    fn carry_out(&self, step: Step) -> Outcome {
        let outcome = self.host.carry_out_one(step);
        let seen = self.file("seen");
        assert!(
            !seen.contains("hunter2"),
            "{}: a secret is in a process list",
            self.host.name
        );
        outcome
    }
}

fn address() -> RedisAddress {
    RedisAddress {
        port: 6379,
        password: Some(Secret::new("hunter2 of $(the) server")),
        ..RedisAddress::default()
    }
}

fn set(pairs: &[(&str, &str, &str)], at_once: bool) -> Step {
    let setting = |(name, value, before): &(&str, &str, &str)| ConfigSetting {
        name: (*name).to_owned(),
        value: Blob::from(*value),
        before: Blob::from(*before),
        secret: *name == "requirepass",
    };
    Step::new(Action::ConfigSet {
        address: address(),
        settings: pairs.iter().map(setting).collect(),
        at_once,
    })
}

fn guard(values: &[(&str, &str)]) -> Guard {
    Guard::Config {
        address: address(),
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Blob::from(*value)))
            .collect(),
    }
}

#[test]
fn directives_are_set_while_they_are_as_they_were() {
    for host in hosts() {
        for at_once in [true, false] {
            let server = Server::of(
                &host,
                &[("timeout", "0"), ("save", ""), ("requirepass", "")],
            );
            let step = || {
                set(
                    &[
                        ("timeout", "60", "0"),
                        ("save", "", ""),
                        ("requirepass", "hunter2", ""),
                    ],
                    at_once,
                )
            };
            let good = guard(&[("timeout", "0"), ("save", ""), ("requirepass", "")]);
            let moved = server.carry_out(step().guarded(guard(&[("timeout", "1"), ("save", "")])));
            assert_eq!(
                moved.status,
                StepStatus::GuardFailed,
                "{} {}",
                host.name,
                told(&moved)
            );
            assert_eq!(server.is("timeout"), "0");
            let done = server.carry_out(step().guarded(good));
            assert_eq!(
                done.status,
                StepStatus::Done,
                "{} {}",
                host.name,
                told(&done)
            );
            assert_eq!(
                (server.is("timeout"), server.is("requirepass")),
                ("60".into(), "hunter2".into())
            );
            assert_eq!(server.file("auth"), "hunter2 of $(the) server");
        }
    }
}

#[test]
fn a_refused_directive_leaves_none_and_its_words_are_kept_only_where_they_hold_no_secret() {
    for host in hosts() {
        let server = Server::of(
            &host,
            &[
                ("timeout", "0"),
                ("hz", "10"),
                ("save", "900"),
                ("requirepass", ""),
            ],
        );
        let pairs = [
            ("timeout", "60", "0"),
            ("hz", "20", "10"),
            ("save", "bad", "900"),
        ];
        let refused = server.carry_out(set(&pairs, false));
        assert_eq!(
            refused.status,
            StepStatus::Failed,
            "{} {}",
            host.name,
            told(&refused)
        );
        let said = refused.stderr.to_lossy().into_owned();
        assert!(
            said.contains("CONFIG SET save: ERR Invalid argument"),
            "{said}"
        );
        assert!(
            said.contains("what was set before it is as it was"),
            "{said}"
        );
        // The last one is put back first.
        assert_eq!(server.file("log"), "timeout=60\nhz=20\nhz=10\ntimeout=0\n");

        let secret = server.carry_out(set(&[("requirepass", "bad", "")], false));
        assert_eq!(secret.status, StepStatus::Failed);
        assert!(
            !secret.stderr.to_lossy().contains("'bad'"),
            "{}",
            told(&secret)
        );

        let refused = server.carry_out(set(&pairs, true));
        assert_eq!(refused.status, StepStatus::Failed);
        assert_eq!(server.is("timeout"), "0");

        fs::write(server.path().join("dead"), "").unwrap();
        let dead = server.carry_out(set(&[("timeout", "60", "0")], true));
        assert!(
            dead.stderr.to_lossy().contains("does not answer"),
            "{}",
            told(&dead)
        );
        let dead = server
            .carry_out(set(&[("timeout", "60", "0")], true).guarded(guard(&[("timeout", "0")])));
        assert_eq!(dead.status, StepStatus::GuardFailed, "{}", told(&dead));
    }
}

#[test]
fn memory_is_lowered_in_steps_and_stops_when_its_time_is_over() {
    in_parallel(hosts(), |host| {
        let server = Server::of(&host, &[("maxmemory", "0")]);
        fs::write(server.path().join("used"), "100000").unwrap();
        fs::write(server.path().join("evicted"), "5").unwrap();
        let lower = |to: u64, time_limit: u64| {
            Step::new(Action::LowerMaxmemory {
                address: address(),
                pace: Pace {
                    to,
                    percent: 2,
                    most_bytes: 1500,
                    evictions_per_second: 100,
                    time_limit,
                },
            })
        };
        let done = server.carry_out(lower(96_000, 60));
        assert_eq!(
            done.status,
            StepStatus::Done,
            "{} {}",
            host.name,
            told(&done)
        );
        assert_eq!(
            server.file("log"),
            "maxmemory=98500\nmaxmemory=97000\nmaxmemory=96000\n",
            "{}",
            host.name
        );
        fs::write(server.path().join("stuck"), "").unwrap();
        let stopped = server.carry_out(lower(90_000, 1));
        assert_eq!(stopped.status, StepStatus::Failed, "{}", told(&stopped));
        let said = stopped.stderr.to_lossy().into_owned();
        assert!(said.contains("it is stopped at 94500 bytes"), "{said}");
        assert_eq!(server.is("maxmemory"), "94500");
    });
}
