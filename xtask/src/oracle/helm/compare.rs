//! One chart with one set of values, rendered by Helm and by Seaway.

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::Context;
use seaway_render::helm::{
    functions::Entropy,
    release::{Capabilities, Document, Options, Renderer, parse_stream},
    values::Layer,
};
use serde_json::Value;

use super::{cases::Case, fetch::Helm};

const NAMESPACE: &str = "harbour";
const RELEASE: &str = "rel";

/// What came out.
pub(super) struct Outcome {
    pub(super) chart: String,
    pub(super) case: String,
    pub(super) helm: String,
    pub(super) verdict: Verdict,
    pub(super) real_secs: f64,
    pub(super) own_secs: f64,
}

pub(super) enum Verdict {
    Equal {
        same_bytes: bool,
    },
    /// The same documents in another order.
    Reordered(String),
    BothRefuse {
        real: String,
        own: String,
    },
    Differs(String),
}

type Documents = Vec<(String, Value)>;

pub(super) fn run(case: &Case, helm: &Helm) -> anyhow::Result<Outcome> {
    let start = Instant::now();
    let real = real(case, helm)?;
    let real_secs = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let own = own(case, helm);
    let own_secs = start.elapsed().as_secs_f64();
    let verdict = verdict(&real, &own);
    let (chart, name, helm) = (case.chart.clone(), case.name.clone(), helm.name.to_owned());
    Ok(Outcome { chart, case: name, helm, verdict, real_secs, own_secs })
}

fn real(case: &Case, helm: &Helm) -> anyhow::Result<Result<Documents, String>> {
    let mut command = Command::new(&helm.program);
    command.args(["template", RELEASE]).arg(&case.folder);
    command.args(["--namespace", NAMESPACE, "--include-crds", "--kube-version", case.cluster.version]);
    for api in case.cluster.apis {
        command.args(["--api-versions", api]);
    }
    if case.cluster.is_upgrade {
        command.arg("--is-upgrade");
    }
    for file in &case.values {
        command.arg("--values").arg(file);
    }
    for (flag, text) in &case.flags {
        command.arg(flag).arg(text);
    }
    // Nothing of this machine takes part: no plugins, no repositories, no cluster.
    command.env_clear().env("HOME", "/nonexistent").env("HELM_NO_PLUGINS", "1").stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot start {}", helm.program.display()))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(parse_stream(&String::from_utf8_lossy(&output.stdout)))
}

fn own(case: &Case, helm: &Helm) -> Result<Documents, String> {
    let mut options = Options::new(RELEASE, NAMESPACE);
    let apis = case.cluster.apis.iter().map(|api| (*api).to_owned());
    options.capabilities = Capabilities::of(case.cluster.version, apis).ok_or("not a version")?;
    options.is_upgrade = case.cluster.is_upgrade;
    options.capabilities.helm_version = helm.version.to_owned();
    options.entropy = Entropy::Drawn { seed: [7; 32], unix_seconds: 1_700_000_000 };
    for file in &case.values {
        let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
        options.layers.push(Layer::File { name: file.display().to_string(), text });
    }
    for (flag, text) in &case.flags {
        options.layers.push(match flag.as_str() {
            "--set" => Layer::Set(text.clone()),
            "--set-string" => Layer::SetString(text.clone()),
            "--set-json" => Layer::SetJson(text.clone()),
            "--set-literal" => Layer::SetLiteral(text.clone()),
            other => return Err(format!("the oracle does not know `{other}`")),
        });
    }
    let chart = case.load()?;
    let release = Renderer::new(chart).render(&options).map_err(|error| error.to_string())?;
    let hooks = release.hooks.into_iter().map(|hook| hook.document);
    let all = release.definitions.into_iter().chain(release.documents).chain(hooks);
    Ok(all.filter(|document| !document.is_empty()).map(|Document { text, value, .. }| (text, value)).collect())
}

fn verdict(real: &Result<Documents, String>, own: &Result<Documents, String>) -> Verdict {
    match (real, own) {
        (Err(real), Err(own)) => Verdict::BothRefuse { real: real.trim().to_owned(), own: own.clone() },
        (Ok(_), Err(own)) => Verdict::Differs(format!("only Seaway refuses: {own}")),
        (Err(real), Ok(_)) => Verdict::Differs(format!("only Helm refuses: {real}")),
        (Ok(real), Ok(own)) => documents(real, own),
    }
}

fn documents(real: &Documents, own: &Documents) -> Verdict {
    if real.iter().map(|(_, value)| value).eq(own.iter().map(|(_, value)| value)) {
        let bytes = |documents: &Documents| documents.iter().map(|(text, _)| plain(text)).collect::<Vec<_>>();
        return Verdict::Equal { same_bytes: bytes(real) == bytes(own) };
    }
    let sorted = |documents: &Documents| {
        let mut all: Vec<String> = documents.iter().map(|(_, value)| value.to_string()).collect();
        all.sort_unstable();
        all
    };
    if sorted(real) == sorted(own) {
        let kinds =
            |documents: &Documents| documents.iter().map(|(_, value)| kind(value)).collect::<Vec<_>>().join(", ");
        return Verdict::Reordered(format!("- {}\n+ {}", kinds(real), kinds(own)));
    }
    let mut how = String::new();
    for (index, (real_text, real_value)) in real.iter().enumerate() {
        let own = own.get(index);
        if own.is_some_and(|(_, value)| value == real_value) {
            continue;
        }
        let own_text = own.map_or("", |(text, _)| text);
        how.push_str(&format!("document {index}:\n{}", lines(&plain(real_text), &plain(own_text))));
    }
    if own.len() != real.len() {
        how.push_str(&format!("{} documents of Helm, {} of Seaway\n", real.len(), own.len()));
    }
    Verdict::Differs(how)
}

fn kind(document: &Value) -> String {
    document.get("kind").and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// Without the line that Helm puts before each document.
fn plain(text: &str) -> String {
    let rest = text.strip_prefix("# Source: ").and_then(|rest| rest.split_once('\n')).map_or(text, |(_, rest)| rest);
    rest.trim().to_owned()
}

fn lines(real: &str, own: &str) -> String {
    let (mut real, mut own) = (real.lines(), own.lines());
    let mut out = String::new();
    for _ in 0..10_000 {
        match (real.next(), own.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => out.push_str(&format!("- {}\n+ {}\n", a.unwrap_or_default(), b.unwrap_or_default())),
        }
    }
    out
}
