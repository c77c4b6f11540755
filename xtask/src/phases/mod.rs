//! What `check` and `test` do, in order. A new phase is one line in a table.

mod programs;

use std::{
    ffi::OsString,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use seaway_testbed::Binaries;

/// A named part of a run. It fails closed: an error ends the run.
pub(crate) struct Phase {
    name: &'static str,
    run: fn() -> anyhow::Result<()>,
}

const FORMAT: Phase = Phase { name: "format", run: || cargo(&["fmt", "--all", "--check"]) };
const LINTS: Phase =
    Phase { name: "lints", run: || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]) };
const TIDY: Phase = Phase { name: "tidy", run: crate::tidy::run };
// Before the tests, because a test's output is held back and a long build would look like a hang.
const KUBERNETES: Phase = Phase { name: "kubernetes programs", run: || Binaries::find_or_build().map(drop) };
// Optimised, because it runs a hundred thousand schedules.
const SIMULATION: Phase =
    Phase { name: "simulation", run: || cargo(&["test", "--profile", "sim", "-p", "seaway-sim", "--", "--nocapture"]) };
const TESTS: Phase = Phase { name: "tests", run: programs::run };

/// What must hold before a commit.
pub(crate) const CHECK: &[Phase] = &[FORMAT, LINTS, TIDY];

/// Everything, with real servers and the simulation; what must hold before a change lands.
pub(crate) const TEST: &[Phase] = &[FORMAT, LINTS, TIDY, KUBERNETES, SIMULATION, TESTS];

/// Runs phases in order until one fails, and says how long each took.
pub(crate) fn run(phases: &[Phase]) -> anyhow::Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (i, phase) in phases.iter().enumerate() {
        println!("── {} ({} of {})", phase.name, i + 1, phases.len());
        let started = Instant::now();
        let result = (phase.run)();
        let time = started.elapsed();
        times.push((phase.name, time));
        match result {
            Ok(()) => println!("── {}: {:.1} s", phase.name, time.as_secs_f64()),
            Err(e) => {
                println!("── {}: failed after {:.1} s", phase.name, time.as_secs_f64());
                return Err(e.context(format!("phase `{}` failed", phase.name)));
            }
        }
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let list: Vec<String> = times.iter().map(|(name, time)| format!("{name} {:.1} s", time.as_secs_f64())).collect();
    println!("all {} phases passed in {:.1} s: {}", phases.len(), total.as_secs_f64(), list.join(", "));
    Ok(())
}

/// The cargo that runs us, so that a chosen toolchain stays chosen.
fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn cargo(args: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(cargo_program()).args(args).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("`cargo {}` ended with {status}", args.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_phase_ends_the_run() {
        const GOOD: Phase = Phase { name: "good", run: || Ok(()) };
        const BAD: Phase = Phase { name: "bad", run: || bail!("no") };
        const NEVER: Phase = Phase { name: "never", run: || panic!("runs after a failure") };
        assert!(run(&[GOOD]).is_ok());
        let message = format!("{:#}", run(&[GOOD, BAD, NEVER]).unwrap_err());
        assert_eq!(message, "phase `bad` failed: no");
    }
}
