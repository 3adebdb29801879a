use super::*;

fn scope(layers: &[(&str, Value)], raw: &[(&str, Value)]) -> Scope {
    let map = |pairs: &[(&str, Value)]| -> Map {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    };
    Scope::new(
        Arc::default(),
        vec![Layer::templated(map(layers)), Layer::raw(map(raw))],
        Arc::default(),
    )
}

#[test]
fn variables_refer_to_variables_and_results_are_data() {
    let scope = scope(
        &[("a", "{{ b }}-x".into()), ("b", 7_i64.into())],
        &[("out", "{{ b }}".into())],
    );
    assert_eq!(scope.text("{{ a }}").unwrap(), "7-x".into());
    assert_eq!(scope.text("{{ out }}").unwrap(), "{{ b }}".into());
}

#[test]
fn unknowns_spread_and_never_decide() {
    let mut result = Map::new();
    result.insert("changed".into(), true.into());
    result.insert("stdout".into(), Value::unknown("`uname` runs"));
    let scope = scope(&[], &[("r", Value::Map(result))]);
    assert_eq!(scope.text("{{ r.changed }}").unwrap(), Value::Bool(true));
    assert!(matches!(
        scope.text("x{{ r.stdout }}").unwrap(),
        Value::Unknown(_)
    ));
    assert!(matches!(scope.text("{{ r }}").unwrap(), Value::Unknown(_)));
    assert!(matches!(
        scope.condition("r.stdout == 'x'").unwrap(),
        Evaluated::Unknown(_)
    ));
    assert_eq!(
        scope.condition("r.stdout == 'x' and false").unwrap(),
        Evaluated::Known(false)
    );
    assert_eq!(
        scope.condition("r.changed").unwrap(),
        Evaluated::Known(true)
    );
}

#[test]
fn circles_and_near_names_are_told() {
    let scope = scope(
        &[
            ("a", "{{ b }}".into()),
            ("b", "{{ a }}".into()),
            ("memory", 1_i64.into()),
        ],
        &[],
    );
    assert!(
        scope
            .text("{{ a }}")
            .unwrap_err()
            .message
            .contains("a -> b -> a")
    );
    let error = scope.text("{{ memroy }}").unwrap_err();
    assert_eq!(error.message, "`memroy` is not defined");
    assert_eq!((error.line, error.column, error.length), (1, 4, 6));
    assert_eq!(error.help[0], "did you mean `memory`?");
    let error = scope
        .text("x\n{{ m.total }} {{ host.memry.total }}")
        .unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.line, error.column),
        ("`m` is not defined", 2, 4)
    );
    assert!(
        scope
            .condition("'words'")
            .unwrap_err()
            .message
            .contains("must be true or false")
    );
}
