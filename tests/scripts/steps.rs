use crate::host::{hosts, told};
use cachesmith::model::blob::Blob;
use cachesmith::model::probe::Program;
use cachesmith::model::step::{Action, Attributes, Step};

#[test]
fn smoke() {
    for host in hosts() {
        let dir = tempfile::tempdir().unwrap();
        let p = |n: &str| dir.path().join(n).to_str().unwrap().to_owned();
        let steps = vec![
            Step::new(Action::WriteFile {
                path: p("a"),
                content: Blob::from("hallo\nwelt"),
                attributes: Attributes::default(),
                validate: Some(vec!["cat".into(), "%s".into()]),
                backup: None,
            }),
            Step::new(Action::WriteFile {
                path: p("b"),
                content: Blob::from(vec![0u8, 1, 2, 255]),
                attributes: Attributes::default(),
                validate: None,
                backup: None,
            }),
            Step::new(Action::Program {
                program: Box::new(Program::shell("echo hi; echo err >&2; exit 3")),
                accepted: vec![3],
            }),
            Step::new(Action::KernelValue {
                key: "kernel.hostname".into(),
                value: std::fs::read_to_string("/proc/sys/kernel/hostname")
                    .unwrap()
                    .trim()
                    .into(),
            }),
            Step::new(Action::SetAttributes {
                path: p("a"),
                attributes: Attributes {
                    mode: Some(0o600),
                    owner: Some("daemon".into()),
                    group: Some("adm".into()),
                },
            }),
            Step::new(Action::Remove { path: p("a") }),
            Step::new(Action::KernelValue {
                key: "vm.swappiness".into(),
                value: "fnord".into(),
            }),
            Step::new(Action::Remove { path: p("b") }),
        ];
        for o in host.carry_out(&steps) {
            println!("{} {}", host.name, told(&o));
        }
        println!(
            "{:?}",
            std::fs::read_dir(dir.path())
                .unwrap()
                .map(|e| e.unwrap().file_name())
                .collect::<Vec<_>>()
        );
    }
}
