//! One chart: `seaway render` and `helm template` as processes; Seaway's renderer and Helm's library inside one.

use std::process::Command;

use anyhow::ensure;

use super::{
    Bench, Row, Unit, inputs,
    inputs::Chart,
    process::{Ended, measure},
    report::median,
};

/// A process of Seaway's may take this part of one of Helm's.
const PROCESS_GOAL: f64 = 1.0 / 20.0;
/// A render inside a process may take this part of one of Helm's library.
const LIBRARY_GOAL: f64 = 1.0 / 3.0;

pub(super) fn rows(bench: &Bench<'_>, chart: &Chart) -> anyhow::Result<Vec<Row>> {
    let workspace = bench.work.path().join("workspaces").join(chart.name.replace(['/', ' ', ':', ','], "-"));
    inputs::workspace(&workspace, "{helm: {chart: chart, releaseName: bench}}")?;
    inputs::copy(&chart.folder, &workspace.join("bench/chart"))?;
    let mut seaway = Vec::new();
    let mut helms: Vec<Vec<Ended>> = bench.helms.iter().map(|_| Vec::new()).collect();
    // In turns, so that a change of the machine's load meets all of them.
    for _ in 0..bench.args.rounds {
        seaway.push(bench.seaway.run(&workspace, &["render", "bench", "-e", "prod"], &[0])?);
        for (helm, ended) in bench.helms.iter().zip(&mut helms) {
            let mut command = Command::new(&helm.program);
            command.args(["template", "bench", "--namespace", "bench"]).arg(&chart.folder);
            command.env("HOME", bench.work.path());
            ended.push(measure(command)?.expect_code("`helm template`", &[0])?);
        }
    }
    let walls = |runs: &[Ended]| runs.iter().map(|ended| ended.wall.as_secs_f64()).collect::<Vec<_>>();
    let own = bench.repeated.seaway_helm(&chart.folder, bench.args.repeats)?;
    let library = bench.repeated.helm_library(&chart.folder, bench.args.repeats)?;
    ensure!(
        own.documents == library.documents,
        "{}: Seaway renders {} documents, Helm's library {}",
        chart.name,
        own.documents,
        library.documents
    );
    let medians: Vec<f64> = helms.iter().map(|runs| median(&walls(runs))).collect();
    let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let beside = |mut row: Row| {
        for (helm, seconds) in bench.helms.iter().zip(&medians) {
            row = row.against(helm.name, *seconds);
        }
        row.goal(least * PROCESS_GOAL)
    };
    let name = chart.name;
    let (once, again) = (median(&library.once), median(&library.again));
    Ok(vec![
        beside(Row::median_of(name, "seaway render, whole process", Unit::Seconds, walls(&seaway))),
        beside(Row::median_of(name, "read and render, in a process that runs", Unit::Seconds, own.once.clone()))
            .note(format!("{} documents", own.documents)),
        Row::median_of(name, "read and render", Unit::Seconds, own.once)
            .goal(once * LIBRARY_GOAL)
            .against("Helm's library", once),
        Row::median_of(name, "render what was read", Unit::Seconds, own.again)
            .goal(again * LIBRARY_GOAL)
            .against("Helm's library", again),
    ])
}
