//! One chart for a thousand clusters, each with values of its own, on one core and on all.

use std::{process::Command, thread};

use super::{Bench, Row, Unit, inputs::Chart, process::measure, report::median};

const CLUSTERS: u32 = 1000;
/// Seaway may take this part of a thousand processes.
const GOAL: f64 = 1.0 / 50.0;
/// Most memory that the render of a fleet may take, in MiB.
const MEMORY_GOAL_MIB: f64 = 256.0;

pub(super) fn rows(bench: &Bench<'_>, chart: &Chart) -> anyhow::Result<Vec<Row>> {
    let mut processes = Vec::new();
    let helm = bench.helms.iter().find(|helm| helm.name == "helm-4").or(bench.helms.first());
    let Some(helm) = helm else { anyhow::bail!("no Helm") };
    for number in 0..bench.args.processes {
        let mut command = Command::new(&helm.program);
        command.args(["template", "bench", "--namespace", "bench"]).arg(&chart.folder);
        command.args(["--set", &format!("replicaCount={},cluster=c{number}", number % 7 + 1)]);
        command.env("HOME", bench.work.path());
        processes.push(measure(command)?.expect_code("`helm template`", &[0])?.wall.as_secs_f64());
    }
    let thousand = processes.iter().sum::<f64>() / f64::from(bench.args.processes) * f64::from(CLUSTERS);
    let library: f64 = bench.repeated.helm_library(&chart.folder, CLUSTERS)?.again.iter().sum();
    let cores = u32::try_from(thread::available_parallelism()?.get())?;
    let (mut alone, mut together, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        alone.extend(bench.repeated.seaway_fleet(&chart.folder, CLUSTERS, 1)?.0.once);
        let (times, ended) = bench.repeated.seaway_fleet(&chart.folder, CLUSTERS, cores)?;
        together.extend(times.once);
        peaks.push(ended.peak_mib);
    }
    let case = format!("{CLUSTERS} clusters: {}", chart.name);
    let (one, all) = (median(&alone), median(&together));
    Ok(vec![
        Row::median_of(&case, "one core", Unit::Seconds, alone)
            .goal(thousand * GOAL)
            .against("as many `helm template`", thousand)
            .against("Helm's library", library)
            .note(format!("{} processes of {} were measured and scaled", bench.args.processes, helm.name)),
        Row::median_of(&case, &format!("{cores} cores"), Unit::Seconds, together)
            .against("one core", one)
            .note(format!("{:.0} renders a second", f64::from(CLUSTERS) / all)),
        Row::median_of(&case, "peak memory", Unit::Mebibytes, peaks).goal(MEMORY_GOAL_MIB),
    ])
}
