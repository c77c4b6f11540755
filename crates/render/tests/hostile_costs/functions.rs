//! Every function in a loop over arguments of every kind: what its work is counted as must bound the time that it takes.
//!
//! A loop ends when its steps are used up. A four-hundredth of the steps may have taken no more than a four-hundredth of
//! the time; what seems slower is tried again with more steps, and what is slower then has work that is not counted.

use std::{fmt::Write as _, sync::Mutex, thread};

use rustix::time::{ClockId, clock_gettime};
use seaway_render::helm::{
    functions::{Entropy, names},
    template::{Limits, Program, Session, Settings},
    value::{Map, MapKind, Str, Value, from_json},
};
use serde_json::json;

/// Nanoseconds of a step, if two seconds are what the default number of them takes.
const STEP_NANOS: f64 = 100.0;

/// Steps of the first try, and of the second.
const STEPS_FIRST: u64 = 50_000;
const STEPS_AGAIN: u64 = 2_000_000;

/// Arguments by name: long and short text of several kinds, lists, maps, numbers.
fn arguments() -> Value {
    let deep = (0..400).fold(json!(1), |inner, _| json!({ "a": inner }));
    let map: serde_json::Map<String, serde_json::Value> = (0..20_000).map(|n| (format!("k{n}"), json!(n))).collect();
    let all = json!({
        "text": "xé".repeat(200_000), "lines": "a: b\n".repeat(100_000), "short": "a", "zero": 0.5,
        "list": (0..30_000).collect::<Vec<_>>(), "texts": vec!["ab"; 30_000], "map": map, "deep": deep,
        "yaml": format!("[{}]", "{},".repeat(30_000)), "words": "aB-c_D ".repeat(30_000), "digits": "1.".repeat(30_000),
        "dot": ".", "versions": ">=1.0.0 || ".repeat(80) + "1.0.0",
        "zone": "America/Argentina/Buenos_Aires", "form": "%d %x %#v %5s %q ".repeat(8_000), "pieces": "5Jan_2Z07 ".repeat(8_000),
    });
    let mut entries: Vec<(Str, Value)> = vec![("number".into(), Value::int(30_000))];
    entries.extend(all.as_object().unwrap().iter().map(|(key, value)| (Str::from(key.as_str()), from_json(value))));
    Map::of(MapKind::Any, entries).into()
}

const ONE: [&str; 18] = [
    ".text",
    ".lines",
    ".short",
    ".number",
    ".list",
    ".texts",
    ".map",
    ".deep",
    ".yaml",
    ".words",
    ".digits",
    "1",
    ".zero",
    ".dot",
    ".versions",
    ".zone",
    ".form",
    ".pieces",
];
const FIRST: [&str; 11] =
    [".text", ".short", ".dot", ".number", ".list", ".map", "1", ".words", ".versions", ".form", ".pieces"];
const SECOND: [&str; 10] = [".text", ".lines", ".short", ".dot", ".number", ".list", ".map", "1", ".zone", ".pieces"];

/// Calls of a function with up to three arguments; those with arguments of the wrong kind end at once.
fn calls(name: &str) -> Vec<String> {
    let mut calls = vec![name.to_owned()];
    calls.extend(ONE.map(|first| format!("{name} {first}")));
    for first in FIRST {
        calls.extend(SECOND.map(|second| format!("{name} {first} {second}")));
    }
    for first in [".text", ".short", ".dot", ".number", ".map", "1"] {
        for second in [".text", ".short", ".number", "1"] {
            calls.extend(
                [".text", ".lines", ".list", "1", ".zone"].map(|third| format!("{name} {first} {second} {third}")),
            );
        }
    }
    calls
}

fn thread_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Nanoseconds for each step of a call in a loop, and how it ended.
fn nanos(call: &str, root: &Value, steps: u64) -> (f64, String) {
    let text = format!("{{{{ range $i := 1000000 }}}}{{{{ with $ }}}}{{{{ $_ := {call} }}}}{{{{ end }}}}{{{{ end }}}}");
    let program = match Program::parse([("t", text.as_str())]) {
        Ok(program) => program,
        Err(errors) => return (0.0, errors[0].to_string()),
    };
    let entropy = Entropy::Drawn { seed: [3; 32], unix_seconds: 1_700_000_000 };
    let limits = Limits { steps, ..Limits::default() };
    let before = thread_seconds();
    let mut session = Session::new(&program, Settings { limits, entropy, ..Settings::default() });
    let answer = session.execute("t", root.clone());
    drop(session);
    let seconds = thread_seconds() - before;
    (seconds * 1e9 / steps as f64, answer.map_or_else(|error| error.to_string(), |_| "done".to_owned()))
}

#[test]
#[cfg_attr(debug_assertions, ignore = "says nothing about builds that users have")]
fn the_work_of_every_function_is_counted() {
    let is_called = |name: &&&str| !matches!(**name, "include" | "tpl" | "fail" | "and" | "or");
    let known = names();
    let names: Vec<&str> = known.iter().filter(is_called).copied().collect();
    let (next, slow) = (Mutex::new(names.into_iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let name = next.lock().unwrap().next();
            let Some(name) = name else { return };
            let (root, before) = (arguments(), thread_seconds());
            for call in calls(name) {
                if nanos(&call, &root, STEPS_FIRST).0 > STEP_NANOS {
                    let (found, how) = nanos(&call, &arguments(), STEPS_AGAIN);
                    if found > STEP_NANOS {
                        slow.lock().unwrap().push((found, call, how));
                    }
                }
            }
            println!("{name:<28} {:>6.2} CPU s", thread_seconds() - before);
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let mut slow = slow.into_inner().unwrap();
    slow.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut report = String::new();
    for (found, call, how) in &slow {
        writeln!(report, "{found:>7.0} ns  {call}  {}", how.chars().take(160).collect::<String>()).unwrap();
    }
    assert!(slow.is_empty(), "{} calls take longer than {STEP_NANOS} ns a step:\n{report}", slow.len());
}

/// Processor seconds and steps of a template with a seed.
fn drawn(text: &str, seed: u8) -> (f64, u64) {
    let program = Program::parse([("t", text)]).unwrap();
    let entropy = Entropy::Drawn { seed: [seed; 32], unix_seconds: 1_700_000_000 };
    let limits = Limits { steps: u64::MAX, ..Limits::default() };
    let mut session = Session::new(&program, Settings { limits, entropy, ..Settings::default() });
    let before = thread_seconds();
    session.execute("t", Value::Nil).unwrap();
    (thread_seconds() - before, session.steps_used())
}

/// How long a key takes is chance, so what counts is that its steps are never too few for its time.
#[test]
#[cfg_attr(debug_assertions, ignore = "says nothing about builds that users have")]
fn keys_are_counted_as_what_they_take() {
    for (what, text) in [
        ("genCA (2048 bits)", "{{ $k := genCA `a` 1 }}"),
        ("genCA + genSignedCert", "{{ $c := genCA `a` 1 }}{{ $k := genSignedCert `b` nil nil 1 $c }}"),
        ("genPrivateKey (4096 bits)", "{{ $k := genPrivateKey `rsa` }}"),
        ("bcrypt", "{{ $k := bcrypt `a` }}"),
        ("derivePassword", "{{ $k := derivePassword 1 `long` `a` `b` `c` }}"),
    ] {
        let mut runs: Vec<(f64, u64)> = (0..20).map(|seed| drawn(text, seed)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let slowest = runs.iter().map(|(seconds, steps)| seconds * 1e9 / *steps as f64).fold(0.0, f64::max);
        let fitting = runs.iter().filter(|(_, steps)| *steps <= Limits::default().steps).count();
        let ((median, middle), (most, last)) = (runs[10], runs[19]);
        println!(
            "{what:<28} of 20: median {:.0} ms and {middle} steps, longest {:.0} ms and {last} steps; {slowest:.0} ns a step, \
             {fitting} within the limit",
            median * 1e3,
            most * 1e3
        );
        assert!(slowest <= STEP_NANOS, "{what}: {slowest:.0} ns for each step");
    }
}
