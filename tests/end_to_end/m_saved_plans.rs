//! A saved plan does exactly what it says, on hosts that are as they were.

use std::path::PathBuf;

use crate::support::{Run, cachesmith, command, fleet, on, playbook, run_of, state};

const HOSTS: [&str; 3] = ["bw1", "bw3", "bw4"];

fn plan_file(name: &str) -> PathBuf {
    let path = state().join(format!("{name}.plan"));
    let _ = std::fs::remove_file(&path);
    path
}

fn without_inventory(arguments: &[&str]) -> Run {
    run_of(&command(arguments).output().unwrap())
}

/// A file, a kernel value of each host's own, a handler, and a secret.
fn site(name: &str) -> String {
    playbook(
        name,
        "- hosts: all\n  tasks:\n    - name: The file\n      copy: { dest: /etc/saved.conf, content: \"one\\ntwo\\n\" }\n      notify: told\n    - name: The value\n      sysctl: { name: net.core.somaxconn, value: 2048, sysctl_file: /etc/sysctl.d/60-saved.conf }\n    - name: The secret\n      copy: { dest: /etc/saved.secret, content: \"pass-{{ secret_word }}\", mode: \"0600\" }\n      no_log: true\n  handlers:\n    - { name: told, command: touch /run/told }\n",
    )
}

#[test]
fn a_a_host_that_moved_is_refused_with_what_moved_and_the_others_get_exactly_the_plan() {
    for host in HOSTS {
        fleet(&["reset", host]);
        on(host, "printf 'old\\ntwo\\n' > /etc/saved.conf");
    }
    let (site, file) = (site("saved"), plan_file("saved"));
    let out = file.display().to_string();
    let limit = HOSTS.join(",");
    let arguments = [
        "plan",
        &site,
        "-l",
        &limit,
        "-e",
        "secret_word=hunter2",
        "--out",
        &out,
    ];
    let planned = cachesmith(&arguments).expect(2);
    assert!(
        planned.stdout.contains("cachesmith apply"),
        "{}",
        planned.stdout
    );

    // Nobody else reads it, and nothing in it is in clear.
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        !text.contains("hunter2") && !text.contains("saved.conf"),
        "{text}"
    );
    let shown = without_inventory(&["show", &out]).expect(0);
    assert!(shown.stdout.contains("/etc/saved.conf"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("hunter2"));

    // By hand, on one host.
    on(
        "bw3",
        "printf 'by hand\\ntwo\\n' > /etc/saved.conf; cp -p /etc/saved.conf /root/before",
    );
    let applied = without_inventory(&["apply", &out, "--json"]).expect(7);
    let moved = applied.host("bw3");
    assert_eq!(moved["status"], "refused", "{moved}");
    let message = moved["failure"]["message"].as_str().unwrap();
    for line in [
        "The file:",
        "/etc/saved.conf has been changed",
        "-old",
        "+by hand",
    ] {
        assert!(message.contains(line), "{line} in {message}");
    }
    on(
        "bw3",
        "cmp /etc/saved.conf /root/before && test ! -e /etc/saved.secret && test ! -e /run/told && test ! -e /etc/sysctl.d/60-saved.conf",
    );
    for host in ["bw1", "bw4"] {
        assert_eq!(applied.host(host)["status"], "done");
        on(
            host,
            "test \"$(cat /etc/saved.conf)\" = \"$(printf 'one\\ntwo')\" && test \"$(cat /etc/saved.secret)\" = pass-hunter2 && test -e /run/told && test \"$(sysctl -n net.core.somaxconn)\" = 2048",
        );
    }
    cachesmith(&["plan", &site, "-l", "bw1,bw4", "-e", "secret_word=hunter2"]).expect(0);
    // What was applied has moved, too: by the plan itself.
    without_inventory(&["apply", &out]).expect(7);
}

#[test]
fn b_what_it_was_made_from_must_be_the_same() {
    fleet(&["reset", "bw4"]);
    let (site, file) = (site("inputs"), plan_file("inputs"));
    let out = file.display().to_string();
    let arguments = [
        "plan",
        &site,
        "-l",
        "bw4",
        "-e",
        "secret_word=x",
        "--out",
        &out,
    ];
    cachesmith(&arguments).expect(2);
    let text = std::fs::read_to_string(&site).unwrap();
    std::fs::write(&site, text.replace("2048", "4096")).unwrap();
    let refused = without_inventory(&["apply", &out]).expect(7);
    assert_eq!(refused.stdout, "");
    assert!(
        refused.stderr.contains(&site) && refused.stderr.contains("has changed"),
        "{}",
        refused.stderr
    );
    on("bw4", "test ! -e /etc/saved.conf");
    std::fs::write(&site, text).unwrap();

    let old = without_inventory(&["apply", &out, "--max-age", "0s"]).expect(64);
    assert!(old.stderr.contains("more than nothing"), "{}", old.stderr);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let old = without_inventory(&["apply", &out, "--max-age", "1s"]).expect(7);
    assert!(old.stderr.contains("--max-age"), "{}", old.stderr);
    let more = without_inventory(&["apply", &out, "-l", "bw4"]).expect(5);
    assert!(more.stderr.contains("`--limit`"), "{}", more.stderr);

    let torn = state().join("torn.plan");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&torn, &whole[..whole.len() - 40]).unwrap();
    let torn = torn.display().to_string();
    let said = without_inventory(&["apply", &torn]).expect(5);
    assert!(said.stderr.contains("is torn"), "{}", said.stderr);
    let future = state().join("future.plan");
    std::fs::write(
        &future,
        whole.replacen("\"cachesmith_plan\":1", "\"cachesmith_plan\":9", 1),
    )
    .unwrap();
    let said = without_inventory(&["show", &future.display().to_string()]).expect(5);
    assert!(said.stderr.contains("version 9"), "{}", said.stderr);
    let mut other = command(&["apply", &out]);
    other.env("XDG_STATE_HOME", state().join("xdg").join("carol"));
    let said = run_of(&other.output().unwrap()).expect(5);
    assert!(said.stderr.contains("another journal"), "{}", said.stderr);

    without_inventory(&["apply", &out]).expect(0);
}

/// What a plan could not know is done; what it said nothing of is not.
#[test]
fn c_what_was_unknown_is_permitted_and_nothing_else() {
    fleet(&["reset", "bw4"]);
    let unknown = playbook(
        "unknown",
        "- hosts: all\n  tasks:\n    - name: Asked\n      command: cat /etc/hostname\n      register: name\n    - name: Unknown\n      copy: { dest: /root/named, content: \"{{ name.stdout }}\" }\n      when: name.stdout | length > 0\n  post_checks:\n    - command: test -e /root/named\n",
    );
    let file = plan_file("unknown");
    let out = file.display().to_string();
    cachesmith(&["plan", &unknown, "-l", "bw4", "--out", &out]).expect(2);
    without_inventory(&["apply", &out]).expect(0);
    on(
        "bw4",
        "test \"$(cat /root/named)\" = \"$(cat /etc/hostname)\"",
    );

    // The first task changes what the second one was planned from.
    fleet(&["reset", "bw4"]);
    on("bw4", "echo 1 > /root/two");
    let unforeseen = playbook(
        "unforeseen",
        "- hosts: all\n  tasks:\n    - { name: One, shell: echo 2 > /root/two }\n    - { name: Two, copy: { dest: /root/two, content: \"3\\n\" } }\n",
    );
    let file = plan_file("unforeseen");
    let out = file.display().to_string();
    cachesmith(&["plan", &unforeseen, "-l", "bw4", "--out", &out]).expect(2);
    let applied = without_inventory(&["apply", &out, "--json"]).expect(3);
    let message = applied.host("bw4")["failure"]["message"].to_string();
    assert!(message.contains("what the plan does not say"), "{message}");
    assert_eq!(on("bw4", "cat /root/two").trim(), "2");
}

/// The playbook that comes along: on a bare host, on one that serves, and with less memory on one that is in use. One host
/// after the other, for they share the kernel of this machine.
#[test]
fn d_the_built_in_playbook_is_applied_as_it_was_planned() {
    const PLAYBOOK: &str = "playbooks/redis-cache.yml";
    const SECRET: &str = "hidden-word";
    let password = format!("cache_password={SECRET}");
    let client = format!("REDISCLI_AUTH={SECRET} redis-cli --no-auth-warning");
    for host in ["bw4", "tr1"] {
        fleet(&["reset", host]);
        let file = plan_file("built-in");
        let out = file.display().to_string();
        let plan = |more: &[&str]| {
            let words = ["plan", PLAYBOOK, "-l", host, "-e", &password, "--out", &out];
            let planned = cachesmith(&[&words, more].concat());
            assert_eq!(planned.code, 2, "{}{}", planned.stdout, planned.stderr);
            assert!(!planned.stdout.contains(SECRET), "{}", planned.stdout);
        };
        plan(&[]);
        let applied = without_inventory(&["apply", &out, "--json"]).expect(0);
        assert!(!applied.stdout.contains(SECRET), "{}", applied.stdout);
        assert_eq!(on(host, &format!("{client} ping")).trim(), "PONG");

        // What the server holds is another thing at every moment.
        let fill = |keys: u32| {
            on(
                host,
                &format!(
                    "redis-benchmark -a {SECRET} -q -t set -P 50 -r 100000000 -n {keys} -d 300 >/dev/null 2>&1"
                ),
            );
        };
        fill(200_000);
        plan(&["-e", "{cache_sizing: {maxmemory: 60mb}}"]);
        fill(5000);
        let applied = without_inventory(&["apply", &out, "--json"]).expect(0);
        assert_eq!(applied.host(host)["status"], "done");
        let limit = on(host, &format!("{client} config get maxmemory"));
        assert!(limit.contains("62914560"), "{limit}");
    }
}
