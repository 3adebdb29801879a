use super::*;

#[test]
fn the_program_is_read_by_a_shell() {
    let output = std::process::Command::new("sh")
        .arg("-n")
        .arg("-c")
        .arg(snippet())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
