use crate::host::hosts;
use cachesmith::model::probe::{Observation, Probe, Program, RedisAddress};

#[test]
fn smoke() {
    for host in hosts() {
        let probes = vec![
            Probe::File("/etc/passwd".into()),
            Probe::Content("/etc/hostname".into()),
            Probe::Content("/nonexistent/x".into()),
            Probe::File("/etc/os-release".into()),
            Probe::Content("/etc/os-release".into()),
            Probe::KernelValue("vm.max_map_count".into()),
            Probe::KernelValue("net.ipv4.tcp_rmem".into()),
            Probe::KernelValue("vm.nosuch".into()),
            Probe::BootId,
            Probe::Package("bash".into()),
            Probe::Package("redis-server".into()),
            Probe::Package("mail-transport-agent".into()),
            Probe::Package("nosuch".into()),
            Probe::PackageIndex,
            Probe::Unit("ssh.service".into()),
            Probe::User("root".into()),
            Probe::User("daemon".into()),
            Probe::User("nobody2".into()),
            Probe::Group("adm".into()),
            Probe::Program(Box::new(Program::shell("echo hi; echo err >&2; exit 3"))),
            Probe::Port {
                host: "127.0.0.1".into(),
                port: 1,
            },
            Probe::Redis(RedisAddress {
                port: 6379,
                ..Default::default()
            }),
            Probe::Tree("/etc/apt".into()),
            Probe::Glob("/etc/apt/*.d".into()),
            Probe::Glob("/etc/host*".into()),
            Probe::File("relative".into()),
        ];
        for (p, o) in probes.iter().zip(host.observe(&probes)) {
            let text = match &o {
                Observation::Tree(t) => format!("{t:#?}").chars().take(600).collect(),
                o => format!("{o:?}"),
            };
            println!("{} {p:?}\n     {text}", host.name);
        }
    }
}
