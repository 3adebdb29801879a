use super::*;

#[test]
fn what_is_not_known_is_left_out() {
    let variables = variables(&Facts::default());
    let host = variables["host"].as_map().unwrap();
    for name in ["name", "kernel", "cores", "uptime", "clock"] {
        assert!(!host.contains_key(name), "{name}");
    }
    assert!(!host["memory"].as_map().unwrap().contains_key("total"));
    for name in [
        "ansible_memtotal_mb",
        "ansible_distribution",
        "ansible_date_time",
    ] {
        assert!(!variables.contains_key(name), "{name}");
    }
}
