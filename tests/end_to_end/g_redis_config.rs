//! Running servers: what can be set live is set live, a bad file never moves, and nothing that lives is touched by a
//! trial.

use crate::support::{cachesmith, command, fleet, on, playbook, run_of};

/// What is asked of a server before it is trusted with a file.
const TRIAL: &str = include_str!("../../src/module/redis_config/trial.sh");

/// One of each: Redis 7.0, Redis 8.0, Valkey 8.1.
const SERVERS: [(&str, &str); 3] = [("bw2", "redis"), ("tr1", "redis"), ("tr2", "valkey")];

const PLAYBOOK: &str = "playbooks/redis-cache.yml";

/// The options with which `redis-cache` is about one host.
fn of_host(host: &str, flavour: &str) -> Vec<String> {
    let package = format!("cache_package={flavour}-server");
    ["-l", host, "-e", &package].map(str::to_owned).to_vec()
}

fn run(command: &str, playbook: &str, options: &[String]) -> crate::support::Run {
    let mut words = vec![command, playbook, "--json"];
    if command == "apply" {
        words.push("--yes");
    }
    words.extend(options.iter().map(String::as_str));
    cachesmith(&words)
}

/// A field of INFO, or a directive's value.
fn info(host: &str, flavour: &str, field: &str) -> String {
    let words = format!("{flavour}-cli info all | tr -d '\\r' | sed -n 's/^{field}://p'");
    on(host, &words).trim().to_owned()
}

fn config(host: &str, flavour: &str, directive: &str) -> String {
    let words = format!("{flavour}-cli config get {directive}");
    on(host, &words)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

fn number(host: &str, flavour: &str, field: &str) -> u64 {
    info(host, flavour, field)
        .parse()
        .unwrap_or_else(|error| panic!("{field} of {host}: {error}"))
}

/// Gives a server some 70 MB of keys, under a limit of its own.
fn fill(host: &str, flavour: &str) {
    on(
        host,
        &format!(
            "{flavour}-cli config set maxmemory 300mb maxmemory-policy allkeys-lru >/dev/null; \
             {flavour}-benchmark -q -P 50 -r 100000000 -n 600000 -d 100 set key:__rand_int__ x >/dev/null"
        ),
    );
}

/// A playbook with one task about one host's server.
fn task(name: &str, host: &str, arguments: &str) -> String {
    let text = format!(
        "- hosts: {host}\n  become: true\n  tasks:\n    - name: Configuration\n      redis_config:\n{arguments}\n      register: told\n    - debug: {{ var: told.restart_needed }}\n"
    );
    playbook(name, &text)
}

#[test]
fn a_a_full_server_is_hardened_without_a_restart() {
    for (host, flavour) in SERVERS {
        fleet(&["reset", host]);
        // A client writes and reads on without a pause.
        fill(host, flavour);
        on(
            host,
            &format!(
                "nohup sh -c 'while :; do {flavour}-cli set live:1 x; {flavour}-cli get live:1; done' >/run/client.out 2>&1 & echo $! >/run/client.pid"
            ),
        );
        let (run_id, keys) = (
            info(host, flavour, "run_id"),
            on(host, &format!("{flavour}-cli dbsize")),
        );
        let evicted = number(host, flavour, "evicted_keys");

        let options = of_host(host, flavour);
        run("plan", PLAYBOOK, &options).expect(2);
        run("apply", PLAYBOOK, &options).expect(0);
        run("plan", PLAYBOOK, &options).expect(0);

        on(host, "kill $(cat /run/client.pid)");
        assert_eq!(
            info(host, flavour, "run_id"),
            run_id,
            "{host} was restarted"
        );
        assert_eq!(
            config(host, flavour, "maxmemory-policy"),
            "allkeys-lfu",
            "{host}"
        );
        assert_ne!(config(host, flavour, "maxmemory"), "314572800", "{host}");
        let answers = on(host, "sort -u /run/client.out");
        assert_eq!(
            answers.trim(),
            "OK\nx",
            "{host}: a client saw something else"
        );
        // There is room for all of it, and the plan announced no eviction.
        assert_eq!(number(host, flavour, "evicted_keys"), evicted, "{host}");
        let count = |text: &str| text.trim().parse::<u64>().unwrap_or_default();
        let now = on(host, &format!("{flavour}-cli dbsize"));
        assert!(
            count(&now) >= count(&keys),
            "{host}: {keys} keys became {now}"
        );
    }
}

#[test]
fn b_memory_below_what_is_used_costs_what_was_announced() {
    let (host, flavour) = SERVERS[0];
    // What is set here by hand is not for the guard of the test before to judge.
    on(host, "systemctl stop 'cachesmith-guard@*'");
    fill(host, flavour);
    let used = number(host, flavour, "used_memory");
    let target = used - used / 10;
    let playbook = task(
        "lower",
        host,
        &format!(
            "        directives: {{ maxmemory: {target} }}\n        evictions_per_second: 50000"
        ),
    );
    let plan = run("plan", &playbook, &[]).expect(2);
    assert!(
        plan.stdout.contains("in use are evicted"),
        "{}",
        plan.stdout
    );
    let (keys, run_id) = (on(host, "redis-cli dbsize"), info(host, flavour, "run_id"));
    run("apply", &playbook, &[]).expect(0);
    let count = |text: &str| text.trim().parse::<u64>().unwrap();
    let gone = count(&keys) - count(&on(host, "redis-cli dbsize"));
    let words: Vec<&str> = plan.stdout.split(' ').collect();
    let announced = words
        .windows(4)
        .find(|words| words[..3] == ["which", "are", "about"])
        .map(|words| count(words[3]))
        .unwrap();
    assert!(
        0 < gone && gone <= announced + announced / 10,
        "{announced} evictions were announced, and {gone} keys are gone"
    );
    assert_eq!(config(host, flavour, "maxmemory"), target.to_string());
    assert_eq!(info(host, flavour, "run_id"), run_id);
    run("plan", &playbook, &[]).expect(0);

    // It stops when its time is over, says where, and the limit stays.
    let less = target / 2;
    let playbook = task(
        "lower-slowly",
        host,
        &format!(
            "        directives: {{ maxmemory: {less} }}\n        evictions_per_second: 1000\n        lower_within: 3"
        ),
    );
    let stopped = run("apply", &playbook, &[]);
    assert_eq!(stopped.code, 3, "{}", stopped.stdout);
    assert!(
        stopped.stdout.contains("it is stopped at"),
        "{}",
        stopped.stdout
    );
    let held: u64 = config(host, flavour, "maxmemory").parse().unwrap();
    assert!(less < held && held < target, "{held}");

    // Where nothing was ever evicted, data may not be disposable.
    on(
        host,
        "redis-cli config set maxmemory 0 maxmemory-policy noeviction",
    );
    let playbook = task(
        "lower-undeclared",
        host,
        &format!("        directives: {{ maxmemory: {less}, maxmemory-policy: allkeys-lru }}"),
    );
    let refused = run("plan", &playbook, &[]);
    assert!(
        refused.stdout.contains("disposable: yes"),
        "{}",
        refused.stdout
    );
    assert_eq!(config(host, flavour, "maxmemory"), "0");
}

#[test]
fn c_only_what_nothing_else_brings_restarts_a_server() {
    for (host, flavour) in SERVERS {
        let io_threads = "        directives: { io-threads: 2, timeout: 33 }";
        let before = info(host, flavour, "run_id");
        let never = task(
            "never",
            host,
            &format!("{io_threads}\n        restart: never"),
        );
        let applied = run("apply", &never, &[]).expect(0);
        assert!(
            applied
                .stdout
                .contains("restart pending: io-threads 1 -> 2"),
            "{}",
            applied.stdout
        );
        assert_eq!(info(host, flavour, "run_id"), before, "{host}");
        assert_eq!(config(host, flavour, "timeout"), "33", "{host}");
        let again = run("plan", &never, &[]).expect(0);
        assert!(
            again.stdout.contains("restart pending: io-threads 1 -> 2"),
            "{}",
            again.stdout
        );

        let needed = task("needed", host, io_threads);
        let plan = run("plan", &needed, &[]).expect(2);
        assert!(
            plan.stdout.contains("io-threads 1 -> 2 needs it"),
            "{}",
            plan.stdout
        );
        run("apply", &needed, &[]).expect(0);
        let restarted = info(host, flavour, "run_id");
        assert_ne!(restarted, before, "{host}");
        assert_eq!(config(host, flavour, "io-threads"), "2", "{host}");
        run("plan", &needed, &[]).expect(0);

        // What CONFIG GET does not tell is remembered on the host until a server has it.
        let renamed = "        directives: { rename-command: [\"DEBUG NOTHING\"] }";
        let never = task("never", host, &format!("{renamed}\n        restart: never"));
        run("apply", &never, &[]).expect(0);
        let again = run("plan", &never, &[]).expect(0);
        assert!(
            again
                .stdout
                .contains("restart pending: rename-command debug"),
            "{}",
            again.stdout
        );
        run("apply", &task("needed", host, renamed), &[]).expect(0);
        assert_ne!(info(host, flavour, "run_id"), restarted, "{host}");
        let said = on(host, &format!("{flavour}-cli debug help 2>&1"));
        assert!(said.contains("unknown command"), "{said}");
        assert_eq!(on(host, "ls /var/lib/cachesmith"), "last-run\n", "{host}");

        let now = info(host, flavour, "run_id");
        let always = task(
            "always",
            host,
            "        directives: { timeout: 34 }\n        restart: always",
        );
        run("apply", &always, &[]).expect(0);
        assert_ne!(info(host, flavour, "run_id"), now, "{host}");
        run("plan", &always, &[]).expect(0);
    }
}

#[test]
fn d_a_bad_file_is_caught_before_it_moves_and_a_trial_touches_nothing() {
    for (host, flavour) in SERVERS {
        on(
            host,
            &format!(
                "{flavour}-cli config set dir /var/lib/{flavour} save '900 1' >/dev/null; {flavour}-cli save >/dev/null; \
                 printf '\\nunixsocket /run/{flavour}/live.sock\\n' >>/etc/{flavour}/{flavour}.conf; systemctl restart {flavour}-server"
            ),
        );
        let whole = format!("/etc/{flavour}/{flavour}.conf");
        let living = || {
            on(
                host,
                &format!(
                    "{flavour}-cli -s /run/{flavour}/live.sock info server | grep run_id; \
                     stat -c '%i %s %Y' /run/{flavour}/live.sock /run/{flavour}/*.pid /var/lib/{flavour}/dump.rdb {whole}; \
                     cat /run/{flavour}/*.pid; ls -A /tmp | grep -v -e systemd-private -e '-unix$'; true"
                ),
            )
        };
        let before = living();

        // Without a connection to any server: refused by what is known of its version.
        for (directives, said) in [
            ("{ maxmemmory: 100mb }", "maxmemmory"),
            ("{ maxmemory: 100MiB }", "100MiB"),
            ("{ maxmemory-policy: allkeys-lfuu }", "allkeys-lfuu"),
            ("{ activedefrag: yes }", "is not for this server"),
        ] {
            let planted = task(
                "planted",
                host,
                &format!("        directives: {directives}"),
            );
            let plan = run("plan", &planted, &[]);
            assert_ne!(plan.code, 2, "{directives} was planned");
            assert!(
                plan.stdout.contains(said),
                "{host} {directives}: {}",
                plan.stdout
            );
        }
        let doubtful = task("planted", host, "        directives: { maxmemory: 900m }");
        let plan = run("plan", &doubtful, &[]).expect(2);
        assert!(plan.stdout.contains("is a unit of 1000"), "{}", plan.stdout);

        // On the host, by its own server.
        let folder = "/root/trial";
        fleet(&[
            "ssh",
            host,
            &format!(
                "mkdir -p {folder}; cat >{folder}/trial.sh <<'END_OF_TRIAL'\n{TRIAL}\nEND_OF_TRIAL"
            ),
        ]);
        let tried = |content: &str| {
            let words = format!(
                "cat >{folder}/new.conf; sh {folder}/trial.sh /usr/bin/{flavour}-server {folder}/new.conf {flavour} \
                 'include loadmodule rename-command sentinel user list-max-ziplist-entries list-max-ziplist-value lua-replicate-commands' 2>&1; echo \"code $?\""
            );
            on(
                host,
                &format!("{{ {words}; }} <<'END_OF_FILE'\n{content}\nEND_OF_FILE"),
            )
        };
        for (content, said) in [
            ("maxmemmory 100mb", "maxmemmory"),
            ("maxmemory 100MiB", "memory value"),
            ("maxmemory-policy allkeys-lfuu", "must be one of"),
            ("activedefrag yes", "cannot be enabled"),
            ("aclfile /nonexistent", "ACL"),
            (
                "requirepass planted-secret\nmaxmemory-samples planted-secret",
                "maxmemory-samples",
            ),
        ] {
            let answer = tried(content);
            assert!(
                answer.contains("code 1") && answer.contains(said),
                "{host} {content}: {answer}"
            );
            assert!(!answer.contains("planted-secret"), "{answer}");
        }
        let own = on(host, &format!("cat {whole}"));
        let answer = tried(&own);
        assert_eq!(answer.trim(), "code 0", "{host}");
        assert_eq!(living(), before, "{host}: a trial touched what lives");
        on(host, &format!("rm -r {folder}"));
    }
}

#[test]
fn e_a_file_that_its_server_does_not_start_with_does_not_take_its_place() {
    let (host, flavour) = SERVERS[1];
    let before = on(
        host,
        "sha256sum /etc/redis/redis.conf; redis-cli config get timeout",
    );
    // No version's catalogue can know that this file is not there.
    let planted = task(
        "planted",
        host,
        "        directives: { aclfile: /nonexistent, timeout: 77 }",
    );
    let failed = run("apply", &planted, &[]);
    assert_eq!(failed.code, 3, "{}", failed.stdout);
    assert!(
        failed.stdout.contains("the server does not start with it"),
        "{}",
        failed.stdout
    );
    let after = on(
        host,
        "sha256sum /etc/redis/redis.conf; redis-cli config get timeout",
    );
    assert_eq!(after, before);
    assert_eq!(
        on(
            host,
            "ls -A /etc/redis /tmp | grep -v systemd-private | grep cachesmith; true"
        ),
        ""
    );
    assert_eq!(info(host, flavour, "role"), "master");
}

#[test]
fn f_the_record_of_a_run_knows_what_was_set() {
    let (host, flavour) = SERVERS[1];
    let old = config(host, flavour, "timeout");
    let set = task("set", host, "        directives: { timeout: 91 }");
    let applied = run("apply", &set, &[]).expect(0);
    let name = applied.of_kind("run_started")[0]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = run_of(&command(&["show", &name]).output().unwrap());
    let undo = format!("set timeout to {old} in the running server");
    assert!(shown.stdout.contains(&undo), "{}", shown.stdout);
    assert_eq!(config(host, flavour, "timeout"), "91");
}
