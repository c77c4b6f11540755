//! Templates of charts: parsing and running them answers within the limits, twice the same, and leaves nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaway_render::helm::functions::Entropy;
use seaway_render::helm::template::{Limits, Program, Session, Settings, TemplateError};
use seaway_render::helm::value::{Map, MapKind, Str, Value, from_json, meter};
use serde_json::json;

/// Small enough that a run that uses all of it takes some milliseconds.
const LIMITS: Limits = Limits { steps: 20_000, output_bytes: 1 << 20, held_bytes: 4 << 20, depth: 200 };

fn root() -> Value {
    let values = json!({
        "str": "text", "int": 3, "float": 2.5, "yes": true, "nul": null, "list": ["a", 1, null],
        "map": {"a": 1, "b": {"c": "d"}}, "tmpl": "{{ .Values.str }}",
    });
    let entries = [("Values", from_json(&values)), ("Release", from_json(&json!({"Name": "r"})))];
    Map::of(MapKind::Values, entries.map(|(key, value)| (Str::from(key), value)).to_vec()).into()
}

fn render(files: &[(&str, &str)]) -> Vec<Result<String, TemplateError>> {
    let program = match Program::parse(files.iter().copied()) {
        Ok(program) => program,
        Err(errors) => return errors.into_iter().map(Err).collect(),
    };
    let entropy = Entropy::Drawn { seed: [5; 32], unix_seconds: 1_700_000_000 };
    let mut session = Session::new(&program, Settings { limits: LIMITS, entropy, ..Settings::default() });
    let root = root();
    files.iter().map(|(name, _)| session.execute(name, root.clone())).collect()
}

fuzz_target!(|source: &str| {
    let (first, second) = source.split_once("\n---\n").unwrap_or((source, ""));
    let files = [("c/templates/_a.tpl", first), ("c/templates/b.yaml", second)];
    let before = meter::held();
    let answers = render(&files);
    assert_eq!(meter::held(), before, "a render holds nothing when it is over");
    assert_eq!(answers, render(&files), "two renders differ");
    for error in answers.into_iter().filter_map(Result::err) {
        for place in &error.places {
            let file = files.iter().find(|(name, _)| *name == place.file).map(|(_, text)| *text);
            if let Some(text) = file {
                let lines = text.split('\n').count();
                assert!((1..=lines).contains(&(place.line as usize)), "{place} is outside of its file");
            }
        }
        assert!(!error.to_string().is_empty());
    }
});
