//! What the guard does about memory.

use std::fs;

use super::stage::Stage;
use crate::host::{hosts, in_parallel};

const MIB: u64 = 1024 * 1024;

#[test]
fn while_memory_is_not_short_nothing_is_asked_of_the_server() {
    in_parallel(hosts(), |host| {
        let told = Stage::new(&host).turns(20, ":").run();
        assert_eq!(told.code, Some(0), "{told:?}");
        assert_eq!(told.complaints, "");
        assert!(told.orders.is_empty(), "{told:?}");
        assert_eq!(told.says("state"), "off");
        assert_eq!(told.says("holds"), "");
        assert!(
            told.log.contains("stopped: nothing was held"),
            "{}",
            told.log
        );
    });
}

/// 1000 MiB: memory is short above 920, not short below 880.
#[test]
fn maxmemory_goes_down_in_small_steps_and_comes_back() {
    in_parallel(hosts(), |host| {
        let told = Stage::new(&host)
            .turns(6, "resident 930")
            .turns(200, "resident 400")
            .run();
        assert_eq!(told.complaints, "");
        // First what costs nothing.
        assert_eq!(told.orders[0], "purge", "{told:?}");
        let limits = told.limits();
        let lowest = limits
            .iter()
            .position(|mib| mib == limits.iter().min().unwrap())
            .unwrap();
        assert!(lowest >= 3, "{limits:?}");
        assert!(
            limits[..=lowest].is_sorted_by(|one, next| one >= next && one - next <= 6),
            "{limits:?}"
        );
        assert!(limits[lowest..].is_sorted(), "{limits:?}");
        assert_eq!(limits.last(), Some(&500));
        assert!(
            told.log.contains("calm: maxmemory is back at 500 MiB"),
            "{}",
            told.log
        );
        assert_eq!(told.says("holds"), "");
        assert_eq!(told.says("held_maxmemory"), (500 * MIB).to_string());
    });
}

#[test]
fn the_floor_is_never_passed() {
    in_parallel(hosts(), |host| {
        let told = Stage::new(&host).turns(200, "resident 990").run();
        assert_eq!(told.limits().iter().min(), Some(&100), "{told:?}");
        assert_eq!(
            told.limits().last(),
            Some(&100),
            "the last safe value stays: {told:?}"
        );
        assert!(
            told.log
                .contains("floor: maxmemory is at its floor of 100 MiB")
        );
        assert!(told.log.contains("stopped: maxmemory stays at 100 MiB"));
        assert_eq!(told.says("holds"), "maxmemory");
        // What is not ordered is not counted.
        assert_eq!(told.says("sheds"), told.limits().len().to_string());
    });
}

/// Between the marks nothing moves.
#[test]
fn between_the_marks_what_is_held_stays() {
    in_parallel(hosts(), |host| {
        let told = Stage::new(&host)
            .turns(4, "resident 930")
            .turns(100, "resident 915")
            .run();
        let limits = told.limits();
        assert!(limits.is_sorted_by(|one, next| one >= next), "{limits:?}");
        assert!(
            told.log.contains("stopped: maxmemory stays"),
            "{}",
            told.log
        );
    });
}

#[test]
fn other_processes_count() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(5, ":");
        stage.resident(77, 430);
        stage.write("proc/77/stat", "77 (other) S 1 77 77 0\n");
        let told = stage.run();
        assert!(!told.limits().is_empty(), "{told:?}");
        // A child of the server's shares its pages.
        let stage = Stage::new(&host).turns(5, ":");
        stage.resident(77, 430);
        stage.write("proc/77/stat", "77 (redis-server) S 42 77 77 0\n");
        assert!(stage.run().limits().is_empty());
    });
}

#[test]
fn available_memory_counts() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(5, ":");
        stage.write(
            "proc/meminfo",
            "MemTotal: 1024000 kB\nMemFree: 1 kB\nMemAvailable: 61440 kB\n",
        );
        assert!(!stage.run().limits().is_empty());
    });
}

#[test]
fn the_smallest_limit_of_all_groups_counts_without_cached_files() {
    in_parallel(hosts(), |host| {
        for (cached, sheds) in [(300, false), (0, true)] {
            let stage = Stage::new(&host).turns(5, ":");
            let bytes = |mib: u64| (mib * MIB).to_string();
            let line = |mib: u64| format!("{}\n", bytes(mib));
            stage.write("proc/42/cgroup", "0::/system.slice/redis-server.service\n");
            let slice = "cgroups/system.slice";
            stage.write(&format!("{slice}/memory.max"), &line(800));
            stage.write(&format!("{slice}/memory.current"), &line(790));
            let stat = format!("anon 1\nfile {}\nkernel 5\nshmem 0\n", bytes(cached));
            stage.write(&format!("{slice}/memory.stat"), &stat);
            stage.write(&format!("{slice}/redis-server.service/memory.max"), "max");
            let told = stage.run();
            assert_eq!(!told.limits().is_empty(), sheds, "{told:?}");
            if sheds {
                assert_eq!(told.says("limit"), bytes(800));
            }

            let stage = Stage::new(&host).turns(5, ":");
            stage.write("proc/42/cgroup", "4:memory:/a/b\n0::/\n");
            stage.write(
                "cgroups/memory/a/b/memory.limit_in_bytes",
                "9223372036854771712",
            );
            stage.write("cgroups/memory/a/memory.limit_in_bytes", &line(800));
            stage.write("cgroups/memory/a/memory.usage_in_bytes", &line(790));
            let stat = format!(
                "cache 0\nrss 1\ntotal_cache {}\ntotal_rss 1\ntotal_shmem 0\n",
                bytes(cached)
            );
            stage.write("cgroups/memory/a/memory.stat", &stat);
            assert_eq!(!stage.run().limits().is_empty(), sheds);
        }
    });
}

#[test]
fn a_limit_of_its_own_and_marks_of_ones_own() {
    in_parallel(hosts(), |host| {
        let own = |marks: &str| {
            let limit = format!("limit={}", 600 * MIB);
            Stage::new(&host)
                .setting(&limit)
                .setting(marks)
                .turns(5, ":")
                .run()
        };
        assert!(own("").limits().is_empty());
        assert!(!own("high=80\nlow=70").limits().is_empty());
    });
}

#[test]
fn defragmentation_is_pushed_only_where_it_is_proven_and_put_back() {
    const PLANNED: [(&str, &str); 5] = [
        ("activedefrag", "yes"),
        ("active-defrag-cycle-min", "1"),
        ("active-defrag-cycle-max", "25"),
        ("active-defrag-threshold-lower", "10"),
        ("active-defrag-threshold-upper", "40"),
    ];
    in_parallel(hosts(), |host| {
        for (proven, on) in [("yes", "yes"), ("no", "yes"), ("yes", "no")] {
            let stage = Stage::new(&host)
                .setting(&format!("defragmentation={proven}"))
                .turns(3, "resident 900")
                .turns(60, "resident 400");
            for (name, value) in PLANNED {
                stage.write(&format!("server/config/{name}"), value);
            }
            stage.write("server/config/activedefrag", on);
            let told = stage.run();
            if proven == "yes" && on == "yes" {
                assert!(
                    told.orders
                        .contains(&"active-defrag-cycle-max 50".to_owned()),
                    "{told:?}"
                );
            } else {
                assert!(
                    told.orders.iter().all(|order| !order.contains("defrag")),
                    "{told:?}"
                );
            }
            for (name, value) in PLANNED.iter().skip(1) {
                let live = fs::read_to_string(stage.at(&format!("server/config/{name}"))).unwrap();
                assert_eq!(live, *value, "{name}");
            }
        }
    });
}

/// Its share is half: the other server is to make room, unless memory is nearly gone.
#[test]
fn one_that_uses_less_than_its_share_is_spared() {
    in_parallel(hosts(), |host| {
        for (others, sheds) in [(530, false), (575, true)] {
            let stage = Stage::new(&host).setting("share=50").turns(5, ":");
            stage.resident(42, 400);
            stage.resident(77, others);
            stage.write("proc/77/stat", "77 (redis-server) S 1 77 77 0\n");
            let told = stage.run();
            assert_eq!(!told.limits().is_empty(), sheds, "{told:?}");
        }
    });
}

/// Evicting copies pages while a child holds the old ones.
#[test]
fn while_there_is_a_child_only_the_last_mark_counts() {
    in_parallel(hosts(), |host| {
        for (resident, sheds) in [(930, false), (970, true)] {
            let stage = Stage::new(&host).turns(5, ":");
            stage.write("proc/42/task/42/children", "43 ");
            stage.resident(42, resident);
            assert_eq!(!stage.run().limits().is_empty(), sheds);
        }
    });
}

/// Under a `volatile-` policy without keys that expire, a server over its limit refuses writes.
#[test]
fn what_cannot_evict_is_not_squeezed() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(15, "resident 930");
        stage.write("server/config/maxmemory-policy", "volatile-lfu");
        stage.write("server/stuck", "");
        let told = stage.run();
        assert!(
            told.log.contains("stuck: nothing was evicted"),
            "{}",
            told.log
        );
        assert_eq!(told.limits().last(), Some(&500), "{told:?}");
        assert!(told.log.contains("it would refuse writes"), "{}", told.log);
    });
}

/// What a purge gives back is no reason to evict.
#[test]
fn what_nobody_uses_is_given_back_before_anything_is_evicted() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(6, "resident 940");
        stage.write("server/spare", &(40 * MIB).to_string());
        let told = stage.run();
        assert!(told.orders.len() >= 3, "{told:?}");
        assert!(told.orders.iter().all(|order| order == "purge"), "{told:?}");
    });
}

/// The guard saw an empty server last, up to half a minute ago, and the host is full all at once.
#[test]
fn a_step_starts_from_what_is_in_use_now() {
    in_parallel(hosts(), |host| {
        let filled = format!(r#"printf {} >"$FAKE/info/used_memory""#, 480 * MIB);
        let quiet = [
            // At once, and after a while in which it could not be asked.
            format!("{filled}; resident 970"),
            format!(
                r#"{filled}; resident 970; case $uptime in *3.*) rm -f "$FAKE/refusal" ;; *) echo BUSY >"$FAKE/refusal" ;; esac"#
            ),
        ];
        for press in quiet {
            let stage = Stage::new(&host).turns(3, "resident 100").turns(12, &press);
            stage.write("server/info/used_memory", &(2 * MIB).to_string());
            stage.resident(42, 100);
            let told = stage.run();
            let first = told.limits().first().copied();
            assert!(first.is_some_and(|mib| mib >= 455), "{told:?}");
        }
    });
}

/// What an allocator needs for its books comes back with no purge, and keeps no small server above its mark.
#[test]
fn what_a_purge_does_not_give_back_is_no_reason_to_wait() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host)
            .setting(&format!("limit={}", 80 * MIB))
            .setting(&format!("planned_maxmemory={}", 50 * MIB))
            .setting(&format!("floor={}", 10 * MIB))
            .turns(12, "resident 65");
        stage.resident(42, 65);
        stage.write("server/config/maxmemory", &(50 * MIB).to_string());
        stage.write("server/info/used_memory", &(45 * MIB).to_string());
        stage.write("server/spare", &(2 * MIB).to_string());
        let told = stage.run();
        assert!(!told.orders.contains(&"purge".to_owned()), "{told:?}");
        assert!(told.limits().len() > 5, "{told:?}");
    });
}
