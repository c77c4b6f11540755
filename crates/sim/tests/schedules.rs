//! Many seeded schedules: crashes, takeovers, lost, late and doubled answers, people at random moments.
//!
//! `SEAWAY_SIM_SCHEDULES` says how many, `SEAWAY_SIM_SEED` where they begin. Optimised builds (`--profile sim`) run
//! a hundred thousand, others fewer.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use seaway_sim::{
    schedule::{Run, Schedules},
    world::{Options, Stats},
};

/// Schedules of a build that is not optimised: about ten seconds.
const FEW: u64 = 4_000;
/// Schedules of an optimised build.
const MANY: u64 = 100_000;
/// Broken schedules that are shown before the run gives up.
const SHOWN_MAX: usize = 5;
/// Seeds that one thread takes at a time.
const BLOCK: u64 = 64;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[derive(Default)]
struct Totals {
    stats: Stats,
    ends: BTreeMap<&'static str, u64>,
    broken: Vec<(u64, String)>,
}

impl Totals {
    fn add(&mut self, seed: u64, run: &Run) {
        self.stats.add(&run.stats);
        run.ends.iter().for_each(|end| *self.ends.entry(end).or_default() += 1);
        if let Some(first) = run.violations.first() {
            self.broken.push((seed, format!("{first} ({} in all)", run.violations.len())));
        }
    }

    fn merge(&mut self, other: Self) {
        self.stats.add(&other.stats);
        other.ends.into_iter().for_each(|(end, count)| *self.ends.entry(end).or_default() += count);
        self.broken.extend(other.broken);
    }
}

fn run_all(first: u64, count: u64) -> Totals {
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut totals = Totals::default();
    std::thread::scope(|scope| {
        let work = || {
            let (mut schedules, mut totals) = (Schedules::default(), Totals::default());
            loop {
                let from = next.fetch_add(BLOCK, Ordering::Relaxed);
                if from >= first + count || totals.broken.len() >= SHOWN_MAX {
                    return totals;
                }
                for seed in from..(from + BLOCK).min(first + count) {
                    let run = schedules.run(seed, Options::default()).unwrap();
                    totals.add(seed, &run);
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| totals.merge(worker.join().unwrap()));
    });
    totals
}

#[test]
fn no_schedule_breaks_an_invariant() {
    let count = number("SEAWAY_SIM_SCHEDULES").unwrap_or(if cfg!(debug_assertions) { FEW } else { MANY });
    let first = number("SEAWAY_SIM_SEED").unwrap_or(0);
    let started = Instant::now();
    let mut totals = run_all(first, count);
    let stats = totals.stats;
    println!(
        "{count} schedules in {:.1} s: {} events, {} inputs, {} crashes ({} before an append, {} after it, {} between \
         effects), {} leases, {} freezes, {} conflicts, {} doubled and {} late answers, {} commands, {} refused; \
         ended: {:?}",
        started.elapsed().as_secs_f64(),
        stats.events,
        stats.inputs,
        stats.crashes(),
        stats.crashes_before_append,
        stats.crashes_after_append,
        stats.crashes_in_effects,
        stats.leads,
        stats.freezes,
        stats.conflicts,
        stats.duplicates,
        stats.late,
        stats.commands,
        stats.refusals,
        totals.ends,
    );
    totals.broken.sort();
    for (seed, what) in totals.broken.iter().take(SHOWN_MAX) {
        println!("seed {seed}: {what}");
        println!("  cargo run -p seaway-sim --example schedules -- --seed {seed} --trace");
    }
    assert!(
        totals.broken.is_empty(),
        "{} schedules broke an invariant, the first with seed {}",
        totals.broken.len(),
        totals.broken[0].0
    );
    if count >= FEW {
        everything_happens(&totals, count);
    }
}

/// A search that never meets a fault finds nothing: each kind must happen often.
fn everything_happens(totals: &Totals, count: u64) {
    let stats = &totals.stats;
    for (what, found, per_mille) in [
        ("crashes before an append", stats.crashes_before_append, 200),
        ("crashes after an append", stats.crashes_after_append, 200),
        ("crashes between effects", stats.crashes_in_effects, 100),
        ("freezes", stats.freezes, 200),
        ("processes that stood back", stats.stood_back, 50),
        ("leaves", stats.leaves, 50),
        ("conflicts", stats.conflicts, 15),
        ("commands", stats.commands, 500),
        ("refusals", stats.refusals, 200),
        ("doubled answers", stats.duplicates, 500),
        ("late answers", stats.late, 500),
        ("retries after the end", stats.retries, 100),
    ] {
        assert!(found * 1000 >= count * per_mille, "only {found} {what} in {count} schedules");
    }
    for end in ["Succeeded", "Failed", "Stopped"] {
        let found = totals.ends.get(end).copied().unwrap_or(0);
        assert!(found * 1000 >= count * 40, "only {found} rollouts ended {end} in {count} schedules");
    }
}

#[test]
fn a_seed_is_one_run_byte_for_byte() {
    let options = Options { is_traced: true, ..Options::default() };
    // One has run other seeds before, the other has not: a run must not depend on that.
    let mut used = Schedules::default();
    for seed in 0..40 {
        let one = used.run(seed, options).unwrap();
        let other = Schedules::default().run(seed, options).unwrap();
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(format!("{:?}", one.evidence), format!("{:?}", other.evidence), "seed {seed}");
        assert!(!one.trace.is_empty());
    }
}
