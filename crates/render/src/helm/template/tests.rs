use std::sync::Arc;

use super::*;
use crate::helm::fault::Fault;
use crate::helm::functions::Entropy;
use crate::helm::value::{Value, from_json, meter};

fn settings() -> Settings {
    Settings { limits: Limits { steps: 2_000_000, ..Limits::default() }, ..Settings::default() }
}

fn render_with(settings: Settings, text: &str, values: serde_json::Value) -> Result<String, TemplateError> {
    let program = Program::parse([("c/templates/x.yaml", text)]).map_err(|mut errors| errors.remove(0))?;
    Session::new(&program, settings).execute("c/templates/x.yaml", from_json(&values))
}

fn render(text: &str, values: serde_json::Value) -> Result<String, TemplateError> {
    render_with(settings(), text, values)
}

fn error(text: &str) -> String {
    render(text, serde_json::json!({"Values": {"str": "s", "map": {"a": 1}, "list": [1, null]}}))
        .unwrap_err()
        .to_string()
}

/// Renders something that must end at a limit, and nothing is left of it.
fn limit(text: &str) -> &'static str {
    limit_within(2_000_000, text)
}

fn limit_within(steps: u64, text: &str) -> &'static str {
    let before = meter::held();
    let settings = Settings { limits: Limits { steps, ..Limits::default() }, ..Settings::default() };
    let found = match render_with(settings, text, serde_json::json!({"Values": {"str": "s"}})) {
        Err(TemplateError { fault: Fault::Limit { what, .. }, .. }) => what,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(meter::held(), before, "{text}");
    found
}

#[test]
fn errors_name_file_line_column_and_what_included_it() {
    let text = "a: 1\n{{ define \"inner\" }}\n  {{ .Values.x.y }}{{ end }}\n{{ include \"inner\" . }}";
    insta::assert_snapshot!(error(text), @r#"
    c/templates/x.yaml:3:13: in "inner" at <.Values.x.y>: nil pointer evaluating interface {}.y
      included from c/templates/x.yaml:4:4 at <include "inner" .>
    "#);
    let table = [
        (
            "{{ .Values.str.x }}",
            r#"c/templates/x.yaml:1:11 at <.Values.str.x>: can't evaluate field x in type interface {}"#,
        ),
        ("{{ upper 3 }}", "c/templates/x.yaml:1:4 at <upper 3>: wrong type for value; expected string; got int"),
        ("{{ .Values.nope | upper }}", "c/templates/x.yaml:1:19 at <upper>: invalid value; expected string"),
        (
            "{{ upper .Values.nope }}",
            "c/templates/x.yaml:1:4 at <upper .Values.nope>: wrong type for value; expected string; got interface {}",
        ),
        ("{{ upper }}", "c/templates/x.yaml:1:4 at <upper>: wrong number of args for upper: want 1 got 0"),
        ("{{ fail \"no\" }}", "c/templates/x.yaml:1:4 at <fail \"no\">: no"),
        (
            "{{ required \"need it\" .Values.nope }}",
            "c/templates/x.yaml:1:4 at <required \"need it\" .Values.nope>: need it",
        ),
        (
            "\n\n  {{ eq 1 1.5 }}",
            "c/templates/x.yaml:3:6 at <eq 1 1.5>: incompatible types for comparison: int and float64",
        ),
        ("{{ uper \"x\" }}", "c/templates/x.yaml:1:4: function \"uper\" not defined; did you mean \"upper\"?"),
        ("{{ if .x }}\n", "c/templates/x.yaml:2:1: unexpected end of file, an {{end}} is missing"),
        ("{{ .x", "c/templates/x.yaml:1:1: unclosed action"),
        ("{{ $x }}", "c/templates/x.yaml:1:4: undefined variable \"$x\""),
        ("a\n {{ \"x }}", "c/templates/x.yaml:2:5: unterminated quoted string"),
        (
            "{{ template \"c.nam\" . }}{{ define \"c.name\" }}{{ end }}",
            "c/templates/x.yaml:1:13 at <\"c.nam\">: template \"c.nam\" not defined; did you mean \"c.name\"?",
        ),
        ("{{ end }}", "c/templates/x.yaml:1:4: unexpected {{end}}"),
        (
            "{{ tpl \"{{ zzzzzz }}\" . }}",
            "text of tpl:1:4: function \"zzzzzz\" not defined\n  included from c/templates/x.yaml:1:4 at <tpl \"{{ zzzzzz }}\" .>",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn every_file_that_cannot_be_parsed_is_named() {
    let errors = Program::parse([("a", "{{ x }}"), ("b", "fine"), ("c", "{{ }}")]).unwrap_err();
    let places: Vec<_> = errors.iter().filter_map(TemplateError::place).map(|place| place.file.as_str()).collect();
    assert_eq!(places, ["a", "c"]);
}

#[test]
fn the_last_definition_counts_unless_it_is_blank() {
    let files = [
        ("a", "{{ define \"t\" }}one{{ end }}{{ define \"u\" }}one{{ end }}"),
        ("b", "{{ define \"t\" }}two{{ end }}{{ define \"u\" }}  {{/* c */}}{{ end }}"),
        ("c", "{{ include \"t\" . }}{{ include \"u\" . }}"),
    ];
    let program = Program::parse(files).unwrap();
    assert_eq!(Session::new(&program, settings()).execute("c", Value::Nil).unwrap(), "twoone");
}

#[test]
fn values_that_one_file_changes_are_seen_by_the_next() {
    let program = Program::parse([("a", "{{ $_ := set .m \"x\" 1 }}"), ("b", "{{ .m.x }}")]).unwrap();
    let root = from_json(&serde_json::json!({"m": {}}));
    let mut session = Session::new(&program, settings());
    session.execute("a", root.clone()).unwrap();
    assert_eq!(session.execute("b", root).unwrap(), "1");
}

#[test]
fn a_file_that_fails_leaves_nothing_for_the_next() {
    let program = Program::parse([
        ("a", "text{{ range until 3 }}{{ with . }}{{ fail \"x\" }}{{ end }}{{ end }}"),
        ("b", "b{{ . }}"),
    ])
    .unwrap();
    let mut session = Session::new(&program, settings());
    assert!(session.execute("a", Value::Nil).is_err());
    assert_eq!(session.execute("b", Value::int(1)).unwrap(), "b1");
}

#[test]
fn strict_refuses_missing_keys() {
    let strict = || Settings { strict: true, ..settings() };
    let refused = render_with(strict(), "{{ .a }}", serde_json::json!({})).unwrap_err();
    assert_eq!(refused.fault.to_string(), "map has no entry for key \"a\"");
    assert_eq!(render_with(strict(), "{{ .a }}", serde_json::json!({"a": 1})).unwrap(), "1");
}

#[test]
fn random_values_and_times_are_refused_unless_drawn() {
    let text = "x: {{ randAlphaNum 8 }}\ny: {{ uuidv4 }}\nz: {{ randInt 5 9 }} {{ shuffle \"abcdef\" }}";
    let refused = render(text, serde_json::json!({})).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "c/templates/x.yaml:1:7 at <randAlphaNum 8>: `randAlphaNum` gives a random value that differs from render to \
         render, so a plan could not be repeated; let the service draw it once with `drawn`, or set the value in its \
         configuration"
    );
    let drawn = |seed| Settings { entropy: Entropy::Drawn { seed: [seed; 32], unix_seconds: 0 }, ..settings() };
    let once = render_with(drawn(1), text, serde_json::json!({})).unwrap();
    assert_eq!(once, render_with(drawn(1), text, serde_json::json!({})).unwrap());
    assert_ne!(once, render_with(drawn(2), text, serde_json::json!({})).unwrap());
}

#[test]
fn what_a_file_draws_does_not_depend_on_other_files() {
    let drawn = || Settings { entropy: Entropy::Drawn { seed: [3; 32], unix_seconds: 0 }, ..settings() };
    let both = Program::parse([("a", "{{ randAlpha 9 }}"), ("b", "{{ randAlpha 9 }}")]).unwrap();
    let mut session = Session::new(&both, drawn());
    let first = session.execute("a", Value::Nil).unwrap();
    let second = session.execute("b", Value::Nil).unwrap();
    assert_ne!(first, second);
    let alone = Program::parse([("b", "{{ randAlpha 9 }}")]).unwrap();
    assert_eq!(Session::new(&alone, drawn()).execute("b", Value::Nil).unwrap(), second);
}

#[test]
fn a_program_gives_the_same_on_many_threads() {
    let text = "{{ range $k, $v := .m }}{{ $k }}={{ toYaml $v | nindent 2 }}{{ end }}{{ include \"t\" . }}{{ define \"t\" }}{{ .m | toJson | sha256sum }}{{ end }}";
    let program = Arc::new(Program::parse([("a", text)]).unwrap());
    let values = serde_json::json!({"m": {"a": [1, 2, {"b": "c"}], "z": "y", "k": {"n": null}}});
    let run = |program: &Program| Session::new(program, settings()).execute("a", from_json(&values)).unwrap();
    let expected = run(&program);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..20).map(|_| run(&program)).collect::<Vec<_>>())).collect();
        for thread in threads {
            assert!(thread.join().unwrap().iter().all(|text| *text == expected));
        }
    });
}

#[test]
fn templates_without_end_stop() {
    assert_eq!(
        limit("{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}"),
        "the number of templates that run inside each other"
    );
    assert_eq!(
        limit(
            "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}"
        ),
        "the number of templates that run inside each other"
    );
    assert_eq!(
        limit("{{ define \"t\" }}{{ tpl . . }}{{ end }}{{ tpl \"{{ tpl . . }}\" \"{{ tpl . . }}\" }}"),
        "the number of templates that run inside each other"
    );
    let nested = error("{{ define \"t\" }}{{ include \"t\" . }}{{ end }}{{ include \"t\" . }}");
    assert!(nested.contains("nested reference name: t"), "{nested}");
    assert!(nested.contains("and 99"), "{nested}");
}

#[test]
fn work_without_end_stops() {
    let steps = "the work of the chart's templates in steps";
    assert_eq!(
        limit(
            "{{ range until 1000 }}{{ range until 1000 }}{{ range until 1000 }}{{ $x := . }}{{ end }}{{ end }}{{ end }}"
        ),
        steps
    );

    assert_eq!(
        limit(
            "{{ $x := list 1 }}{{ $y := list 1 }}{{ range until 40 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}{{ deepEqual $x $y }}"
        ),
        steps
    );
    assert_eq!(limit("{{ range 9000000000000000000 }}{{ end }}"), steps);
    assert_eq!(
        limit("{{ $s := repeat 1000000 \"a\" }}{{ range until 1000 }}{{ $x := regexMatch \"(a|aa)+$\" $s }}{{ end }}"),
        steps
    );
    assert_eq!(
        limit(
            "{{ $s := repeat 1000000 \"ab\" }}{{ range until 1000 }}{{ $x := regexReplaceAll \"((a{1,50}b{1,50}){1,4}c)\" $s \"\" }}{{ end }}"
        ),
        steps
    );
    assert_eq!(
        limit("{{ $s := repeat 100000 \"- a\\n\" }}{{ range until 40 }}{{ $x := fromYamlArray $s }}{{ end }}"),
        steps
    );
}

#[test]
fn texts_and_lists_without_end_stop() {
    let text = "the length of one text in bytes";
    let list = "the length of one list";
    for snippet in [
        "{{ repeat 1000000000000 \"abc\" }}",
        "{{ $x := \"abc\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}",
        "{{ $x := list 1 }}{{ range until 40 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
        "{{ $x := list 1 }}{{ range until 40 }}{{ $x = list $x $x }}{{ end }}{{ toYaml $x }}",
        "{{ $x := list 1 }}{{ range until 40 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := dict \"a\" 1 }}{{ range until 40 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ end }}{{ toToml $x }}",
        "{{ range until 20 }}{{ $x := printf \"%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d\" 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 }}{{ end }}",
        "{{ $x := repeat 100000 \"a\\n\" }}{{ indent 10000 $x }}",
        "{{ $x := repeat 100000 \"a\" }}{{ replace \"a\" $x $x }}",
        "{{ $x := repeat 100000 \"a\" }}{{ regexReplaceAll \"a\" $x $x }}",
        "{{ $x := repeat 100000 \"a\" }}{{ join $x (until 1000) }}",
        "{{ $x := repeat 5000000 \"a \" }}{{ range until 400 }}{{ $x = dict \"a\" $x }}{{ end }}{{ toYaml $x }}",
    ] {
        assert_eq!(limit_within(20_000_000, snippet), text, "{snippet}");
    }
    for snippet in [
        "{{ until 2000000 }}",
        "{{ untilStep 0 9000000000000000000 1 }}",
        "{{ seq 1 2 90000000000 }}",
        "{{ splitList \"\" (repeat 2000000 \"a\") }}",
        "{{ splitList \"a\" (repeat 2000000 \"a\") }}",
        "{{ regexFindAll \"\" (repeat 1500000 \"a\") -1 }}",
        "{{ $x := until 500000 }}{{ concat $x $x $x }}",
    ] {
        assert_eq!(limit(snippet), list, "{snippet}");
    }
    let output = "the output of the chart in bytes";
    assert_eq!(limit("{{ $x := repeat 8000000 \"a\" }}{{ range until 100 }}{{ $x }}{{ end }}"), output);
    let held = "the memory of template values in bytes";
    assert_eq!(
        limit_within(
            20_000_000,
            "{{ $d := dict }}{{ $x := repeat 1000000 \"a\" }}{{ range until 1000 }}{{ $_ := set $d (toString .) (repeat 1000000 \"a\") }}{{ end }}"
        ),
        held
    );
    assert_eq!(
        limit_within(20_000_000, "{{ $d := list }}{{ range until 1000 }}{{ $d = append $d (until 100000) }}{{ end }}"),
        held
    );
}

#[test]
fn deep_values_and_maps_in_themselves_stop() {
    let depth = "the depth of a value";
    for walk in [
        "toYaml $x",
        "toJson $x",
        "toString $x",
        "deepCopy $x",
        "toToml $x",
        "merge (deepCopy (dict)) $x | toString",
        "deepEqual $x (dict \"a\" $x)",
    ] {
        let snippet = format!(
            "{{{{ $x := dict }}}}{{{{ range until 10000 }}}}{{{{ $x = dict \"a\" $x }}}}{{{{ end }}}}{{{{ {walk} }}}}"
        );
        assert_eq!(limit(&snippet), depth, "{snippet}");
        let snippet = format!("{{{{ $x := dict }}}}{{{{ $_ := set $x \"a\" $x }}}}{{{{ {walk} }}}}");
        if walk.starts_with("deepEqual") {
            continue;
        }
        assert_eq!(limit(&snippet), depth, "{snippet}");
    }
    // Two knots of equal form, which are walked until the limit.
    assert_eq!(
        limit(
            "{{ $x := dict }}{{ $_ := set $x \"a\" (dict \"a\" $x) }}{{ $y := dict }}{{ $_ := set $y \"a\" $y }}{{ deepEqual $x $y }}"
        ),
        depth
    );
}

#[test]
fn source_that_nests_too_deeply_is_refused() {
    for source in [
        format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000)),
        "{{ if true }}".repeat(100_000),
        "{{ with true }}{{ range . }}".repeat(50_000),
        "{{ block \"x\" . }}".repeat(50_000),
    ] {
        let error = Program::parse([("x", source)]).unwrap_err().remove(0).to_string();
        assert!(error.contains("nested more than 100 levels deep"), "{error}");
    }
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(99), ")".repeat(99));
    assert_eq!(render(&deep, serde_json::json!({})).unwrap(), "1");
    let chain = format!("{{{{ if false }}}}{}{{{{ end }}}}", "{{ else if false }}x".repeat(5000));
    assert_eq!(render(&chain, serde_json::json!({})).unwrap(), "");
}

#[test]
fn source_with_too_many_parts_is_refused() {
    let error = Program::parse([("x", "{{.}}".repeat(300_000))]).unwrap_err().remove(0).to_string();
    assert!(error.contains("more than 200000 actions and operands"), "{error}");
    let error = Program::parse([("x", format!("{{{{ list {} }}}}", "1 ".repeat(300_000)))]).unwrap_err().remove(0);
    assert!(error.to_string().contains("more than 200000 actions and operands"), "{error}");
}

#[test]
fn patterns_that_would_take_too_long_are_refused() {
    assert_eq!(
        limit("{{ regexMatch \"((a{1000}){1000}){1000}\" \"a\" }}"),
        "the size of a compiled regular expression in bytes"
    );
    assert_eq!(limit("{{ regexMatch (repeat 20000 \"a\") \"a\" }}"), "the length of a regular expression in bytes");
}

proptest::proptest! {
    #[test]
    fn parsing_never_panics(text in "(\\{\\{-? ?|-?\\}\\}|[ a-z.$|()\"'`:=,0-9\\\\/*\n-]|if|else|end|range|with|define|template|block|break|nil|true|printf|include|\\$x|é){0,40}") {
        let _ = Program::parse([("x", text)]);
    }

    #[test]
    fn running_never_panics(text in "(\\{\\{ ?|\\}\\}|if |else|end|range |with |\\$x := |\\$x|\\.a|\\.b|\\.| |\\||\\(|\\)|printf |index |\"%v\"|\"s\"|1|2\\.5|list |dict |set |slice |trunc |substr |regexFind |toYaml |fromYaml |tpl |len |nil|true){0,40}") {
        let _ = render(&text, serde_json::json!({"a": {"b": [1, "x", null]}, "b": "text"}));
    }

    #[test]
    fn functions_never_panic(
        name in proptest::sample::select(crate::helm::functions::names()),
        arguments in proptest::collection::vec("nil|true|-?[0-9]{1,3}|-?[0-9]\\.[0-9]|9223372036854775807|-9223372036854775808|1e300|\"[a-z%é.,/ :\\-{}(\\[*+?$^]{0,6}\"|\"\\\\\\\\xff\"|\\(list 1 \"a\" nil\\)|\\(list\\)|\\(dict \"a\" 1\\)|\\(dict \"a\" \\(dict \"b\" nil\\)\\)|\\(until 3\\)|\\(int64 5\\)|\\$x", 0..5),
    ) {
        let settings = Settings {
            entropy: Entropy::Drawn { seed: [9; 32], unix_seconds: 1_700_000_000 },
            limits: Limits { steps: 200_000, ..Limits::default() },
            ..Settings::default()
        };
        let text = format!("{{{{ $x := dict \"k\" (list \"v\") }}}}{{{{ {name} {} }}}}", arguments.join(" "));
        let _ = render_with(settings, &text, serde_json::json!({}));
    }
}
