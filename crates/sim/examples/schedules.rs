//! Runs seeded schedules, or shows one of them: `cargo run -p seaway-sim --example schedules -- --seed 7 --trace`.
#![allow(clippy::expect_used)]

use seaway_sim::{schedule::Schedules, world::Options};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)?.parse().ok());
    let is_traced = args.iter().any(|arg| arg == "--trace");
    let first: u64 = value("--seed").unwrap_or(0);
    let count: u64 = value("--count").unwrap_or(1);
    let mut schedules = Schedules::default();
    let mut broken = 0_u32;
    for seed in first..first + count {
        let options = Options { is_traced, ..Options::default() };
        let run = schedules.run(seed, options).expect("a plan that cannot run");
        if is_traced {
            print!("{}", run.trace);
        }
        if is_traced || !run.violations.is_empty() {
            println!("seed {seed}: ended {:?}; {:?}", run.ends, run.stats);
        }
        for violation in &run.violations {
            println!("seed {seed}: {violation}");
        }
        broken += u32::from(!run.violations.is_empty());
    }
    println!("{count} schedules, {broken} broken");
    std::process::exit(i32::from(broken > 0));
}
