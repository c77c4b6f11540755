use serde_json::{Value, json};

use super::{CoalesceError, Coalescer, Layer, Rules, Values, layered, schema};
use crate::{Tree, helm::chart::Chart};

fn set(texts: &[&str]) -> Result<Value, String> {
    let layers: Vec<Layer> = texts.iter().map(|text| Layer::Set((*text).to_owned())).collect();
    layered(&layers).map(Value::Object).map_err(|error| error.to_string())
}

#[test]
fn single_values_are_set_as_on_helms_command_line() {
    let cases = [
        ("a=1", json!({"a": 1})),
        ("a=1,b=x", json!({"a": 1, "b": "x"})),
        ("a.b.c=true", json!({"a": {"b": {"c": true}}})),
        ("a=null", json!({"a": null})),
        ("a=", json!({"a": ""})),
        ("a={}", json!({"a": [""]})),
        ("a={x,1,}", json!({"a": ["x", 1, ""]})),
        ("a={x,y},b=2", json!({"a": ["x", "y"], "b": 2})),
        ("a[1].b=x", json!({"a": [null, {"b": "x"}]})),
        ("a[0][1]=x", json!({"a": [[null, "x"]]})),
        ("a[0].b=1,a[0].c=2", json!({"a": [{"b": 1, "c": 2}]})),
        (r"a\.b/c=d\,e", json!({"a.b/c": "d,e"})),
        ("a=007,b=0,c=0x1F,d=1.5,e=1e3", json!({"a": "007", "b": 0, "c": "0x1F", "d": "1.5", "e": "1e3"})),
        ("a=b=c", json!({"a": "b=c"})),
    ];
    for (text, expected) in cases {
        assert_eq!(set(&[text]).unwrap(), expected, "{text}");
    }
    assert_eq!(set(&["a.b=1", "a.c=2"]).unwrap(), json!({"a": {"b": 1, "c": 2}}));
    for bad in ["a", "a,b=1", "a[x]=1", "a[99999999]=1", "a={1", "a.b=1,a.b.c=2", "a[0]b=1"] {
        assert!(set(&[bad]).is_err(), "{bad}");
    }
    assert!(set(&[&format!("{}=1", ["a"; 40].join("."))]).unwrap_err().contains("more than 30 parts"));
}

#[test]
fn layers_cover_each_other() {
    let layers = [
        Layer::File { name: "a.yaml".to_owned(), text: "a: {x: 1, w2: [1]}\nb: 1".to_owned() },
        Layer::File { name: "b.yaml".to_owned(), text: "a: {w2: [2], z: null}".to_owned() },
        Layer::SetJson(r#"j={"k":[1,{"l":null}]},n=0.1"#.to_owned()),
        Layer::SetJson(r#"{"a":{"w":9}}"#.to_owned()),
        Layer::SetString("s=1,t=true".to_owned()),
        Layer::SetLiteral("l={a},b=c".to_owned()),
        Layer::SetFile { path: "f.g".to_owned(), text: "x,y={".to_owned() },
    ];
    let expected = json!({
        "a": {"x": 1.0, "w2": [2.0], "z": null, "w": 9.0}, "b": 1.0, "j": {"k": [1.0, {"l": null}]}, "n": 0.1,
        "s": "1", "t": "true", "l": "{a},b=c", "f": {"g": "x,y={"}
    });
    assert_eq!(layered(&layers).map(Value::Object), Ok(expected));
    let bad = [Layer::File { name: "a.yaml".to_owned(), text: "a: [".to_owned() }];
    assert!(layered(&bad).unwrap_err().to_string().starts_with("a.yaml:2:1: "));
}

fn chart(files: &[(&str, &str)]) -> Chart {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()));
    Chart::from_tree(&Tree::of("", files).unwrap(), "").unwrap()
}

#[test]
fn nulls_remove_and_globals_go_down() {
    let chart = chart(&[
        ("Chart.yaml", "name: top\nversion: 1.0.0"),
        ("values.yaml", "a: {x: 1, z: 2, none: null}\nb: 1\nglobal: {g: top, t: {u: 1}}\ndb: {port: 1, host: null}"),
        ("charts/db/Chart.yaml", "name: db\nversion: 1.0.0"),
        ("charts/db/values.yaml", "port: 2\nhost: h\nname: db\nglobal: {own: 1, t: {u: 2, v: 3}}"),
    ]);
    let given = json!({"a": {"x": null}, "b": null, "c": null, "global": {"h": "given"}});
    let Value::Object(given) = given else { unreachable!() };
    let mut coalescer = Coalescer::new(Rules::Helm4);
    let values = coalescer.coalesce(&chart, given).unwrap();
    let global = json!({"g": "top", "h": "given", "own": 1.0, "t": {"u": 1.0, "v": 3.0}});
    assert_eq!(
        json!(values),
        json!({
            "a": {"z": 2.0, "none": null}, "c": null, "global": {"g": "top", "h": "given", "t": {"u": 1.0}},
            "db": {"port": 1.0, "name": "db", "global": global},
        })
    );
    assert_eq!(coalescer.warnings.into_texts(), Vec::<String>::new());
    let Value::Object(given) = json!({"a": {"x": null, "none": null, "new": null}}) else { unreachable!() };
    let a = |rules| Coalescer::new(rules).coalesce(&chart, given.clone()).unwrap()["a"].clone();
    assert_eq!(a(Rules::Helm4), json!({"z": 2.0, "none": null, "new": null}));
    assert_eq!(a(Rules::Helm3), json!({"z": 2.0, "new": null}));
    let Value::Object(given) = json!({"db": "no"}) else { unreachable!() };
    assert!(Coalescer::new(Rules::Helm4).coalesce(&chart, given).is_err());
    let Value::Object(given) = json!({"a": "no mapping"}) else { unreachable!() };
    assert_eq!(Coalescer::new(Rules::Helm4).coalesce(&chart, given).unwrap()["a"], json!("no mapping"));
}

/// What Helm 3 and Helm 4 made of these charts.
#[test]
fn inner_globals_are_common_to_all_charts() {
    let chart = chart(&[
        ("Chart.yaml", "name: top\nversion: 1.0.0"),
        ("values.yaml", "global: {a: {b: {top: 1}}, c: {top: 1}}"),
        ("charts/one/Chart.yaml", "name: one\nversion: 1.0.0"),
        ("charts/one/values.yaml", "global: {a: {b: {top: 2, one: 2}, own: {one: 2}}, c: {one: 2}}"),
        ("charts/one/charts/in/Chart.yaml", "name: in\nversion: 1.0.0"),
        ("charts/one/charts/in/values.yaml", "global: {a: {b: {one: 3, in: 3}, own: {in: 3}}}"),
        ("charts/two/Chart.yaml", "name: two\nversion: 1.0.0"),
        ("charts/two/values.yaml", "global: {a: {b: {two: 4}}}"),
    ]);
    let values = Coalescer::new(Rules::Helm4).coalesce(&chart, Values::new()).unwrap();
    let common = json!({"top": 1.0, "one": 2.0, "in": 3.0, "two": 4.0});
    let one = json!({"a": {"b": common, "own": {"one": 2.0, "in": 3.0}}, "c": {"top": 1.0, "one": 2.0}});
    let others = json!({"a": {"b": common}, "c": {"top": 1.0}});
    let found = [&values["global"], &values["one"]["global"], &values["one"]["in"]["global"], &values["two"]["global"]];
    assert_eq!(found, [&others, &one, &one, &others]);
}

/// A hundred charts, each with as many keys in a mapping that all have in common.
#[test]
fn inner_globals_do_not_multiply_beyond_the_limit() {
    let mut files = vec![
        ("Chart.yaml".to_owned(), "name: top\nversion: 1.0.0".to_owned()),
        ("values.yaml".to_owned(), "global: {a: {b: {}}}".to_owned()),
    ];
    for n in 0..100 {
        files.push((format!("charts/c{n}/Chart.yaml"), format!("name: c{n}\nversion: 1.0.0")));
        let keys: Vec<String> = (0..100).map(|key| format!("k{n}-{key}: 1")).collect();
        files.push((format!("charts/c{n}/values.yaml"), format!("global: {{a: {{b: {{{}}}}}}}", keys.join(", "))));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = Coalescer::new(Rules::Helm4).coalesce(&chart(&files), Values::new());
    assert_eq!(found.map(|_| ()), Err(CoalesceError::TooMany));
}

#[test]
fn schemas_are_checked_without_leaving_them() {
    let check = |schema: &str, values: &str| {
        let chart = chart(&[
            ("Chart.yaml", "name: top\nversion: 1.0.0"),
            ("values.yaml", values),
            ("values.schema.json", schema),
        ]);
        schema::check(&chart, &chart.values, &mut 20_000_000).join("; ")
    };
    assert_eq!(check(r#"{"properties": {"a": {"type": "integer"}}}"#, "a: 1.0"), "");
    let typed = check(r#"{"properties": {"a": {"type": "integer"}}}"#, "a: secret");
    assert!(typed.starts_with("top: at /a: ") && !typed.contains("secret"), "{typed}");
    assert!(check(r#"{"required": ["b"]}"#, "a: 1").contains("top: at the values: "));
    for reference in ["file:///etc/passwd", "http://127.0.0.1/x", "https://example.com/x.json"] {
        let finding = check(&format!(r#"{{"properties": {{"a": {{"$ref": "{reference}"}}}}}}"#), "a: 1");
        assert!(finding.contains("`$ref` leads out of it"), "{finding}");
    }
    assert!(check(r#"{"$ref": "other.json"}"#, "a: 1").contains("cannot be used"));
    let linear = check(r#"{"properties": {"a": {"pattern": "^(a+)+$"}}}"#, &format!("a: {}b", "a".repeat(5000)));
    assert!(linear.contains("at /a"), "{linear}");
    assert!(
        check(r#"{"properties": {"a": {"pattern": "(((a{500}){500}){500})"}}}"#, "a: b").contains("cannot be used")
    );
    let levels: Vec<String> = (0..40)
        .map(|n| format!(r##""d{n}": {{"allOf": [{{"$ref": "#/$defs/d{0}"}}, {{"$ref": "#/$defs/d{0}"}}]}}"##, n + 1))
        .collect();
    let bomb = format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{}, "d40": {{}}}}}}"##, levels.join(","));
    assert!(check(&bomb, "a: 1").contains("more than 300000 subschemas"));
    assert!(check(r##"{"properties": {"a": {"$ref": "#"}}}"##, "a: {a: {a: {}}}").is_empty());
}
