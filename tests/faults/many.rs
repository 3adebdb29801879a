//! Two hundred hosts, of which some cannot be reached.

use std::collections::BTreeSet;

use crate::crowd::{Crowd, name};
use crate::support::{Run, command, playbook, run_of};
use crate::tried;

const HOSTS: usize = 200;

const PLAY: &str = r#"- hosts: all
  gather_facts: false
  serial: [10, 100%]
  max_fail_percentage: 10
  tasks:
    - copy: { dest: /srv/file, content: "CONTENT" }
      notify: served
  handlers:
    - name: served
      shell: echo served >>/srv/served
"#;

/// Of every twenty the seventh: one of the first wave, nine of the second.
fn is_away(number: usize) -> bool {
    number % 20 == 7
}

fn cachesmith(crowd: &Crowd, arguments: &[&str]) -> Run {
    let output = crowd.controller(&command(arguments)).output();
    run_of(&output.unwrap())
}

/// What stands on a host: the file's size, and how often the handler ran.
fn stands(crowd: &Crowd, number: usize) -> (usize, usize) {
    let read = |path| std::fs::read_to_string(crowd.file(number, path)).unwrap_or_default();
    (read("srv/file").len(), read("srv/served").lines().count())
}

fn nothing_is_left(crowd: &Crowd, number: usize) {
    let names = |path| -> Vec<String> {
        let folder = std::fs::read_dir(crowd.file(number, path));
        let mut names: Vec<String> = folder
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("srv"), ["file", "served"], "{}", name(number));
    assert_eq!(names("var/cachesmith"), ["last-run"], "{}", name(number));
}

#[test]
fn of_two_hundred_hosts_one_in_twenty_cannot_be_reached() {
    let crowd = Crowd::up(HOSTS);
    let content = "content ".repeat(2000);
    let playbook = playbook("many", &PLAY.replace("CONTENT", &content));
    let inventory = crowd.inventory().display().to_string();
    let away: BTreeSet<usize> = (1..=HOSTS).filter(|number| is_away(*number)).collect();
    for number in &away {
        crowd.no_way("add", *number);
    }
    let apply = ["apply", &playbook, "--yes", "--json", "-i", &inventory];
    let run = cachesmith(&crowd, &apply);
    assert_eq!(run.code, 4, "{}", run.stderr);
    for number in 1..=HOSTS {
        let (status, stand) = if is_away(number) {
            ("unreachable", (0, 0))
        } else {
            ("done", (content.len(), 1))
        };
        let report = run.host(&name(number));
        assert_eq!(report["status"], status, "{report}");
        assert_eq!(stands(&crowd, number), stand, "{}", name(number));
    }

    for number in &away {
        crowd.no_way("delete", *number);
    }
    let run = cachesmith(&crowd, &["resume", "last", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let reached: BTreeSet<String> = run
        .of_kind("host_reached")
        .iter()
        .map(|event| event["host"].as_str().unwrap().to_owned())
        .collect();
    let expected: BTreeSet<String> = away.iter().map(|number| name(*number)).collect();
    assert_eq!(reached, expected, "resume goes to those that are left");

    let again = cachesmith(&crowd, &apply);
    assert_eq!(again.code, 0, "{}", again.stderr);
    for number in 1..=HOSTS {
        assert_eq!(again.host(&name(number))["counts"]["changed"], 0);
        assert_eq!(stands(&crowd, number), (content.len(), 1));
        nothing_is_left(&crowd, number);
    }
    tried::fault(&format!(
        "{} of {HOSTS} hosts could not be reached",
        away.len()
    ));
}
