//! Kustomizations beside `kubectl kustomize`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Bench, Row, Unit, inputs,
    process::{Ended, measure},
    report::median,
};

/// Seaway may take this part of `kubectl kustomize`.
const GOAL: f64 = 1.0 / 10.0;
/// The example's tree, and its overlay.
const EXAMPLE: (&str, &str) = ("examples/sources/services/cart/deploy", "overlays/int");
const CASES: &str = "tests/kustomize";
const CHARTS: &str = "tests/kustomize/helm-charts";

pub(super) fn rows(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let mut rows = example(bench)?;
    rows.push(cases(bench)?);
    Ok(rows)
}

fn real(bench: &Bench<'_>, folder: &Path) -> anyhow::Result<Ended> {
    let mut command = Command::new(&bench.args.kubectl);
    command.arg("kustomize").arg(folder).env("HOME", bench.work.path()).env_remove("KUBECONFIG");
    measure(command)?.expect_code("`kubectl kustomize`", &[0])
}

fn example(bench: &Bench<'_>) -> anyhow::Result<Vec<Row>> {
    let (tree, overlay) = (std::path::absolute(EXAMPLE.0)?, EXAMPLE.1);
    let workspace = bench.work.path().join("workspaces/kustomize");
    inputs::workspace(&workspace, &format!("{{kustomize: {{path: deploy, overlay: {overlay}}}}}"))?;
    inputs::copy(&tree, &workspace.join("bench/deploy"))?;
    let (mut own, mut kubectl) = (Vec::new(), Vec::new());
    for _ in 0..bench.args.rounds {
        own.push(bench.seaway.run(&workspace, &["render", "bench", "-e", "prod"], &[0])?.wall.as_secs_f64());
        kubectl.push(real(bench, &tree.join(overlay))?.wall.as_secs_f64());
    }
    let times = bench.repeated.seaway_kustomize(&tree, overlay, bench.args.repeats)?;
    let kubectl = median(&kubectl);
    let row = |what: &str, samples| {
        Row::median_of("kustomize: the example", what, Unit::Seconds, samples)
            .goal(kubectl * GOAL)
            .against("kubectl kustomize", kubectl)
    };
    Ok(vec![
        row("seaway render, whole process", own),
        row("read and build, in a process that runs", times.once),
        row("build what was read", times.again),
    ])
}

/// All cases that are built, one after the other: the sums of both.
fn cases(bench: &Bench<'_>) -> anyhow::Result<Row> {
    let (mut own, mut kubectl, mut count) = (0.0, 0.0, 0);
    for case in folders(Path::new(CASES))?.iter().flat_map(|feature| folders(feature)).flatten() {
        // `kubectl` runs Helm for charts; what that takes is measured by itself.
        if !case.join("expected.yaml").exists() || case.starts_with(CHARTS) {
            continue;
        }
        let overlay = if case.join("overlay").is_dir() { "overlay" } else { "" };
        let case = std::path::absolute(case)?;
        kubectl += real(bench, &case.join(overlay))?.wall.as_secs_f64();
        own += median(&bench.repeated.seaway_kustomize(&case, overlay, 5)?.once);
        count += 1;
    }
    let row = Row::one("kustomize: tests", "read and build all, in a process that runs", Unit::Seconds, own);
    Ok(row.goal(kubectl * GOAL).against("kubectl kustomize", kubectl).note(format!("{count} cases")))
}

fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    found.retain(|path| path.is_dir());
    found.sort();
    Ok(found)
}
