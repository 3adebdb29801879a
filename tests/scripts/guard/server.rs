//! What the guard does about the server: roles, restarts, refusals, what others set.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::stage::Stage;
use crate::host::{hosts, in_parallel};

const MIB: u64 = 1024 * 1024;

#[test]
fn a_replica_is_purged_and_not_lowered_until_it_is_promoted() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(5, "resident 930");
        stage.write("server/info/role", "slave");
        let told = stage.run();
        assert!(told.limits().is_empty(), "{told:?}");
        assert!(told.orders.contains(&"purge".to_owned()));
        assert!(
            told.log
                .contains("it is a replica, and its primary evicts for it"),
            "{}",
            told.log
        );

        let told = stage
            .turns(5, r#"printf master >"$FAKE/info/role"; resident 930"#)
            .run();
        assert!(!told.limits().is_empty(), "{told:?}");
    });
}

#[test]
fn a_server_that_would_refuse_writes_is_not_lowered() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(5, "resident 930");
        stage.write("server/config/maxmemory-policy", "noeviction");
        let told = stage.run();
        assert!(told.limits().is_empty(), "{told:?}");
        assert!(
            told.log.contains("its policy is noeviction"),
            "{}",
            told.log
        );
    });
}

/// A guard that is killed leaves its status behind; the next one goes on.
#[test]
fn what_an_earlier_guard_held_is_adopted() {
    in_parallel(hosts(), |host| {
        let mut stage = Stage::new(&host).turns(8, "resident 940");
        let first = stage.run();
        let held = *first.limits().last().unwrap();
        assert!(held < 500);
        stage = stage.turns(200, "resident 300");
        let second = stage.run();
        assert!(
            second
                .log
                .contains(&format!("adopted: maxmemory of {held} MiB")),
            "{}",
            second.log
        );
        assert_eq!(second.limits().last(), Some(&500), "{second:?}");
    });
}

#[test]
fn what_somebody_else_has_set_is_the_ceiling() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host)
            .turns(6, "resident 930")
            .turns(200, "resident 200");
        stage.write("server/config/maxmemory", &(300 * MIB).to_string());
        let told = stage.run();
        assert!(
            told.log
                .contains("a maxmemory of 300 MiB that somebody else has set"),
            "{}",
            told.log
        );
        assert!(told.limits().iter().all(|mib| *mib <= 300), "{told:?}");
        assert_eq!(told.limits().last(), Some(&300));

        // Set while it is held.
        let set = format!(
            r#"printf {} >"$FAKE/config/maxmemory"; resident 200"#,
            450 * MIB
        );
        let stage = Stage::new(&host)
            .turns(6, "resident 930")
            .turns(1, &set)
            .turns(100, "resident 200");
        let told = stage.run();
        assert!(
            told.log
                .contains("somebody else has set maxmemory to 450 MiB"),
            "{}",
            told.log
        );
        let live = fs::read_to_string(stage.at("server/config/maxmemory")).unwrap();
        assert_eq!(live, (450 * MIB).to_string());
    });
}

#[test]
fn a_server_that_is_started_again_is_found() {
    in_parallel(hosts(), |host| {
        let restart = format!(
            r#"rm -r "$GUARD_PROC/42"; printf {} >"$FAKE/config/maxmemory"; mkdir -p "$GUARD_PROC/43/task/43"; echo 0::/ >"$GUARD_PROC/43/cgroup"; printf 43 >"$FAKE/info/process_id"; resident 100"#,
            500 * MIB
        );
        let told = Stage::new(&host)
            .turns(6, "resident 930")
            .turns(1, &restart)
            .turns(5, ":")
            .run();
        assert_eq!(told.complaints, "");
        assert!(told.log.contains("lost: process 42"), "{}", told.log);
        assert!(
            told.log.contains("attached: 127.0.0.1:6379, process 43"),
            "{}",
            told.log
        );
        assert_eq!(told.says("pid"), "43");
        assert_eq!(told.says("holds"), "");
    });
}

#[test]
fn a_server_that_refuses_is_waited_for() {
    for (refusal, code, reason) in [
        (
            "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n",
            "1",
            "it does not accept connections",
        ),
        (
            "Could not connect to Redis at 127.0.0.1:6379: SSL_connect failed: certificate verify failed\n",
            "1",
            "nobody that it is told to trust vouches for its certificate",
        ),
        (
            "Could not negotiate a TLS connection: Invalid private key\n",
            "1",
            "no TLS with it: Could not negotiate a TLS connection: Invalid private key",
        ),
        (
            "NOAUTH Authentication required.\n",
            "0",
            "it wants another password",
        ),
        (
            "LOADING Redis is loading the dataset in memory\n",
            "0",
            "it is loading its data",
        ),
        (
            "BUSY Redis is busy running a script.\n",
            "0",
            "a script keeps it busy",
        ),
        (
            "NOPERM User guard has no permissions\n",
            "0",
            "the account may not do",
        ),
        (
            "ERR max number of clients reached\n",
            "0",
            "it has as many clients as it takes",
        ),
        ("", "124", "it did not answer within 5 seconds"),
        ("# Memory\r\nused_memory:many\r\n", "0", "is not understood"),
    ] {
        in_parallel(hosts(), |host| {
            let stage = Stage::new(&host)
                .turns(5, ":")
                .turns(1, r#"rm "$FAKE/refusal""#)
                .turns(9, "resident 930");
            stage.write("server/refusal", refusal);
            stage.write("server/code", code);
            let told = stage.run();
            assert!(told.log.contains(reason), "{refusal}: {}", told.log);
            assert_eq!(
                told.log.matches("cannot be asked").count(),
                1,
                "{}",
                told.log
            );
            assert!(!told.limits().is_empty(), "{refusal}: {told:?}");
        });
        // In the middle of things.
        in_parallel(hosts(), |host| {
            let refuse = format!(
                r#"printf '{}' >"$FAKE/refusal"; echo {code} >"$FAKE/code"; resident 930"#,
                refusal.replace('\n', "")
            );
            let stage = Stage::new(&host)
                .turns(5, &refuse)
                .turns(5, r#"rm -f "$FAKE/refusal"; resident 930"#);
            let told = stage.run();
            assert!(told.log.contains("trouble:"), "{refusal}: {}", told.log);
            assert!(!told.limits().is_empty(), "{refusal}: {told:?}");
            assert_eq!(told.complaints, "");
        });
    }
}

#[test]
fn the_password_is_in_the_environment_alone() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host)
            .turns(3, "resident 930")
            .setting("user=guard");
        let file = stage.at("password");
        fs::write(&file, "hunter2 with \\ signs\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let stage = stage.setting(&format!("password_file={}", file.display()));
        let told = stage.run();
        let passwords = fs::read_to_string(stage.at("server/passwords")).unwrap();
        assert!(
            passwords
                .lines()
                .all(|line| line == "hunter2 with \\ signs"),
            "{passwords}"
        );
        let arguments = fs::read_to_string(stage.at("server/arguments")).unwrap();
        assert!(
            arguments
                .lines()
                .all(|line| line == "-h 127.0.0.1 -p 6379 --user guard"),
            "{arguments}"
        );
        assert!(!format!("{told:?}").contains("hunter2"));
    });
}

#[test]
fn a_socket_is_used_where_there_is_no_port() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host)
            .setting("port=0")
            .setting("socket=/run/a b.sock")
            .turns(1, ":");
        stage.run();
        let arguments = fs::read_to_string(stage.at("server/arguments")).unwrap();
        assert!(
            arguments.lines().all(|line| line == "-s /run/a b.sock"),
            "{arguments}"
        );
    });
}

#[test]
fn a_port_of_tls_is_asked_with_the_files_that_the_settings_name() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host)
            .setting("tls=yes")
            .setting("tls_ca_file=/etc/a ca.crt")
            .turns(1, ":");
        stage.run();
        let arguments = || fs::read_to_string(stage.at("server/arguments")).unwrap();
        let authority = "-h 127.0.0.1 -p 6379 --tls --cacert /etc/a ca.crt";
        assert!(
            arguments().lines().all(|line| line == authority),
            "{}",
            arguments()
        );
        fs::remove_file(stage.at("server/arguments")).unwrap();
        let stage = stage
            .setting("tls_ca_folder=/etc/cas")
            .setting("tls_certificate=/etc/own.crt")
            .setting("tls_key=/etc/own.key")
            .setting("user=guard");
        stage.run();
        let whole = format!(
            "{authority} --cacertdir /etc/cas --cert /etc/own.crt --key /etc/own.key --user guard"
        );
        let arguments = fs::read_to_string(stage.at("server/arguments")).unwrap();
        assert!(arguments.lines().all(|line| line == whole), "{arguments}");
    });
}

#[test]
fn settings_that_are_wrong_end_it_with_a_reason() {
    in_parallel(hosts(), |host| {
        for line in [
            "planned_maxmemory=0",
            "floor=much",
            "password_file=/nowhere",
        ] {
            let told = Stage::new(&host).setting(line).run();
            assert_eq!(told.code, Some(78), "{told:?}");
            assert!(told.log.contains("settings:"), "{told:?}");
        }
    });
}

/// What is said of the host is worth less than the host.
#[test]
fn a_status_that_cannot_be_written_stops_nothing() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host).turns(6, "resident 930");
        fs::remove_dir(stage.at("run")).unwrap();
        let told = stage.run();
        assert_eq!(told.code, Some(0));
        assert_eq!(told.complaints, "");
        assert!(told.log.contains("cannot be written"), "{}", told.log);
        assert!(!told.limits().is_empty(), "{told:?}");
    });
}

#[test]
fn a_host_without_a_client_is_told_of() {
    in_parallel(hosts(), |host| {
        let stage = Stage::new(&host)
            .setting("client=/nowhere/redis-cli")
            .turns(3, ":");
        let told = stage.run();
        assert!(
            told.log.contains("there is no redis-cli or valkey-cli"),
            "{}",
            told.log
        );
        assert_eq!(told.says("state"), "off");
    });
}
