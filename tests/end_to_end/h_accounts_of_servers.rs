//! Accounts (ACL) and passwords of running servers: they come, change and go while clients are connected, nothing
//! restarts, and no password is seen anywhere.

use crate::support::{cachesmith, fleet, inventory_of, on, playbook, state};

/// One of each: Redis 7.0, Redis 8.0, Valkey 8.1.
const SERVERS: [(&str, &str); 3] = [("bw2", "redis"), ("tr1", "redis"), ("tr2", "valkey")];

const PLAYBOOK: &str = "playbooks/redis-cache.yml";

fn run(command: &str, playbook: &str, options: &[&str]) -> crate::support::Run {
    let mut words = vec![command, playbook, "--json"];
    if command == "apply" {
        words.push("--yes");
    }
    words.extend(options);
    cachesmith(&words)
}

/// A plan in which nothing is left to do, but for kernel values that all hosts of this machine share.
#[track_caller]
fn settled(options: &[&str]) -> crate::support::Run {
    run("plan", PLAYBOOK, options).settled()
}

/// What a client says that logs in with an account; the password goes by the environment.
fn as_account(host: &str, flavour: &str, account: &str, password: &str, words: &str) -> String {
    let client = format!("REDISCLI_AUTH='{password}' {flavour}-cli --no-auth-warning");
    on(
        host,
        &format!("{client} --user {account} {words} 2>&1 || true"),
    )
}

/// The run id of a server that wants a password or not.
fn run_id(host: &str, flavour: &str, password: &str) -> String {
    let auth = if password.is_empty() {
        String::new()
    } else {
        format!("REDISCLI_AUTH='{password}' ")
    };
    on(
        host,
        &format!("{auth}{flavour}-cli info server | tr -d '\\r' | sed -n 's/^run_id://p'"),
    )
}

/// Extra variables, in a file: an argument would be seen by everybody.
fn variables(name: &str, text: &str) -> String {
    let path = state().join(format!("{name}.yml"));
    std::fs::write(&path, text).expect("the file can be written");
    format!("@{}", path.display())
}

/// Nothing that a run said, or keeps, holds a password or what a server keeps of one.
#[track_caller]
fn holds_none_of(secrets: &[&str], said: &[&crate::support::Run]) {
    let mut texts: Vec<String> = said
        .iter()
        .flat_map(|run| [run.stdout.clone(), run.stderr.clone()])
        .collect();
    let mut folders = vec![state().join("xdg")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                texts.push(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    for secret in secrets {
        assert!(
            texts.iter().all(|text| !text.contains(secret)),
            "{secret} is seen"
        );
    }
}

const USERS: &str = "cache_users:
  - name: app
    password: app password 1
    keys: [\"app:*\"]
    commands: [\"+@read\", \"+@write\", \"-@dangerous\"]
  - name: reader
    password: [reader-1-old, reader-1-new]
    keys: [\"%R~app:*\", \"allkeys\"]
    channels: [\"news:*\"]
    commands: [\"get\", \"mget\", \"subscribe\"]
";

const USERS_LATER: &str = "cache_users:
  - name: app
    password: app password 2
    keys: [\"app:*\", \"other:*\"]
    commands: [\"+@read\", \"+@write\"]
  - { name: reader, state: absent }
";

/// `app password 1`, as servers keep it.
fn sha256(host: &str, text: &str) -> String {
    let said = on(host, &format!("printf %s '{text}' | sha256sum"));
    said.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn a_accounts_come_change_and_go() {
    for (host, flavour) in SERVERS {
        fleet(&["reset", host]);
        let package = format!("cache_package={flavour}-server");
        let first = variables("users", USERS);
        let options = ["-l", host, "-e", &package, "-e", &first];
        let before = run_id(host, flavour, "");
        let plan = run("plan", PLAYBOOK, &options).expect(2);
        assert!(
            plan.stdout.contains("account app of the server"),
            "{}",
            plan.stdout
        );
        let applied = run("apply", PLAYBOOK, &options).expect(0);
        settled(&options);
        assert_eq!(run_id(host, flavour, ""), before, "{host} was restarted");

        let app = |password: &str, words: &str| as_account(host, flavour, "app", password, words);
        let reader =
            |password: &str, words: &str| as_account(host, flavour, "reader", password, words);
        assert_eq!(app("app password 1", "set app:1 x").trim(), "OK", "{host}");
        assert!(
            app("app password 1", "set other:1 x").contains("NOPERM"),
            "{host}"
        );
        assert!(
            app("app password 1", "flushall").contains("NOPERM"),
            "{host}"
        );
        for password in ["reader-1-old", "reader-1-new"] {
            assert_eq!(reader(password, "get app:1").trim(), "x", "{host}");
        }
        assert!(
            reader("reader-1-new", "set app:1 y").contains("NOPERM"),
            "{host}"
        );

        // A start finds the same accounts in the file.
        let file = format!("/etc/{flavour}/{flavour}.conf");
        let fingerprint = sha256(host, "app password 1");
        let lines = on(host, &format!("grep ^user {file}"));
        assert!(
            lines.contains(&format!("#{fingerprint}")),
            "{host}: {lines}"
        );
        assert!(!lines.contains("app password"), "{host}: {lines}");
        on(host, &format!("systemctl restart {flavour}-server"));
        on(
            host,
            &format!("until {flavour}-cli ping | grep -q PONG; do sleep 0.2; done"),
        );
        settled(&options);

        // A client that is connected stays so while its password changes.
        on(
            host,
            &format!(
                "mkfifo /run/lines; nohup sh -c 'REDISCLI_AUTH=\"app password 1\" exec {flavour}-cli --no-auth-warning --user app </run/lines >/run/client.out 2>&1' >/dev/null 2>&1 & \
                 exec 9>/run/lines; echo 'set app:1 before' >&9; \
                 nohup sleep 600 >/run/lines 2>/dev/null & echo $! >/run/holder.pid; sleep 0.5"
            ),
        );
        let later = variables("users-later", USERS_LATER);
        let options = ["-l", host, "-e", &package, "-e", &later];
        let before = run_id(host, flavour, "");
        run("plan", PLAYBOOK, &options).expect(2);
        let changed = run("apply", PLAYBOOK, &options).expect(0);
        settled(&options);
        run("verify", PLAYBOOK, &options).expect(0);
        assert_eq!(run_id(host, flavour, ""), before, "{host} was restarted");
        on(
            host,
            "echo 'get app:1' >/run/lines; sleep 0.5; kill $(cat /run/holder.pid)",
        );
        let answers = on(host, "cat /run/client.out");
        assert_eq!(
            answers.trim(),
            "OK\nbefore",
            "{host}: the client was cut off"
        );
        assert_eq!(
            app("app password 2", "set other:1 x").trim(),
            "OK",
            "{host}"
        );
        assert!(
            app("app password 1", "get app:1").contains("WRONGPASS"),
            "{host}"
        );
        assert!(
            reader("reader-1-new", "get app:1").contains("WRONGPASS"),
            "{host}"
        );
        let lines = on(host, &format!("grep -c '^user ' {file}"));
        assert_eq!(lines.trim(), "1", "{host}");

        // Somebody changes it by hand: it is seen, and put back.
        on(host, &format!("{flavour}-cli acl setuser app +flushall ~*"));
        let drift = run("plan", PLAYBOOK, &options).expect(2);
        assert!(
            drift.stdout.contains("account app of the server"),
            "{}",
            drift.stdout
        );
        run("apply", PLAYBOOK, &options).expect(0);
        settled(&options);
        let said = [&plan, &applied, &changed, &drift];
        holds_none_of(
            &[
                "app password",
                "reader-1-",
                &fingerprint,
                &sha256(host, "app password 2"),
            ],
            &said,
        );
        // Nothing is left of what the server was asked about.
        let all = on(host, &format!("{flavour}-cli acl list"));
        assert!(!all.contains("cachesmith-"), "{all}");
    }
}

#[test]
fn b_accounts_in_a_file_of_their_own_and_the_way_in() {
    let (host, flavour) = ("tr1", "redis");
    fleet(&["reset", host]);
    on(
        host,
        "printf 'user default on nopass ~* &* +@all\\nuser ops on >ops-secret ~* &* +@all\\nuser other on nopass ~o:* +get\\n' >/etc/redis/users.acl; \
         chown redis:redis /etc/redis/users.acl; chmod 640 /etc/redis/users.acl; \
         echo 'aclfile /etc/redis/users.acl' >>/etc/redis/redis.conf; systemctl restart redis-server; \
         until redis-cli ping | grep -q PONG; do sleep 0.2; done",
    );
    let task = |name: &str, arguments: &str| {
        let text = format!(
            "- hosts: {host}\n  become: true\n  tasks:\n    - redis_user: {{ {arguments}, login_user: ops, login_password: ops-secret }}\n"
        );
        playbook(name, &text)
    };
    let app = task(
        "acl-app",
        "name: app, password: app-secret, keys: ['a:*'], commands: ['+@all', '-@admin']",
    );
    run("apply", &app, &[]).expect(0);
    run("plan", &app, &[]).expect(0);
    let file = on(
        host,
        "cat /etc/redis/users.acl; stat -c '%U %G %a' /etc/redis/users.acl",
    );
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[1], "user ops on >ops-secret ~* &* +@all");
    assert!(lines[3].starts_with("user app on #"), "{file}");
    assert_eq!(lines[4], "redis redis 640");
    assert_eq!(
        as_account(host, flavour, "app", "app-secret", "set a:1 x").trim(),
        "OK"
    );

    // The way in stays open.
    for (name, arguments, words) in [
        (
            "acl-gone",
            "name: ops, state: absent",
            "the account is to go",
        ),
        (
            "acl-off",
            "name: ops, enabled: no, commands: [allcommands]",
            "nobody could",
        ),
        (
            "acl-new",
            "name: ops, password: new-secret, commands: [allcommands]",
            "is not among the new ones",
        ),
        (
            "acl-less",
            "name: ops, password: ops-secret, commands: ['+@all', '-@admin']",
            "do not let it run",
        ),
        (
            "acl-typo",
            "name: app, password: app-secret, commands: ['+gett']",
            "does not take the rules",
        ),
    ] {
        let refused = run("plan", &task(name, arguments), &[]);
        assert_eq!(refused.code, 3, "{}", refused.stdout);
        assert!(refused.stdout.contains(words), "{}", refused.stdout);
    }
    let undone = on(
        host,
        "cat /etc/redis/users.acl; stat -c '%U %G %a' /etc/redis/users.acl",
    );
    assert_eq!(undone, file);
}

#[test]
fn c_a_password_changes_under_clients_that_stay() {
    for (host, flavour) in SERVERS {
        fleet(&["reset", host]);
        let package = format!("cache_package={flavour}-server");
        let with = |password: &str| {
            let name = format!("password-{host}");
            inventory_of(&name, &format!("cache_password: {password}\n"));
            format!("@{}", state().join(format!("{name}.yml")).display())
        };
        let first = with("first-secret");
        let options = ["-l", host, "-e", &package, "-e", &first];
        run("apply", PLAYBOOK, &options).expect(0);
        settled(&options);
        let id = run_id(host, flavour, "first-secret");
        assert!(!id.trim().is_empty(), "{host}");
        on(
            host,
            &format!(
                "mkfifo /run/lines; nohup sh -c 'REDISCLI_AUTH=first-secret exec {flavour}-cli --no-auth-warning </run/lines >/run/client.out 2>&1' >/dev/null 2>&1 & \
                 exec 9>/run/lines; echo 'set a before' >&9; \
                 nohup sleep 600 >/run/lines 2>/dev/null & echo $! >/run/holder.pid; sleep 0.5"
            ),
        );
        let second = with("second-secret");
        let options = ["-l", host, "-e", &package, "-e", &second];
        let plan = run("plan", PLAYBOOK, &options).expect(2);
        let applied = run("apply", PLAYBOOK, &options).expect(0);
        let settled = settled(&options);
        run("verify", PLAYBOOK, &options).expect(0);
        on(
            host,
            "echo 'get a' >/run/lines; sleep 0.5; kill $(cat /run/holder.pid)",
        );
        let answers = on(host, "cat /run/client.out");
        assert_eq!(
            answers.trim(),
            "OK\nbefore",
            "{host}: the client was cut off"
        );
        assert_eq!(
            run_id(host, flavour, "second-secret"),
            id,
            "{host} was restarted"
        );
        let old = on(
            host,
            &format!("REDISCLI_AUTH=first-secret {flavour}-cli ping 2>&1 || true"),
        );
        assert!(old.contains("WRONGPASS") && old.contains("NOAUTH"), "{old}");
        let held = on(
            host,
            &format!(
                "REDISCLI_AUTH=second-secret {flavour}-cli --no-auth-warning config get masterauth"
            ),
        );
        assert!(held.contains("second-secret"), "{held}");
        holds_none_of(
            &["first-secret", "second-secret"],
            &[&plan, &applied, &settled],
        );
    }
}
