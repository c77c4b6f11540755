//! Schedules: one seed is one run, from the shape of the fleet to the last late answer.

use std::{collections::btree_map::Entry, sync::Arc};

use seaway_core::{
    duration::Millis,
    execution::{FoldError, Frame},
    ids::ServiceName,
};

use crate::{
    evidence::Violation,
    fixture::{Scenario, Shape, StageShape},
    invariants,
    rng::Rng,
    world::{Chaos, Options, Start, Stats, World},
};

/// Fleets that all schedules share; more would only take longer to plan.
const SHAPES: u64 = 128;
/// Of so many schedules one plans its second rollout while the first is under way.
const PLANNED_LATE_EVERY: u64 = 4;

/// A fleet and its plans, made once and used by many schedules.
struct Prepared {
    scenario: Scenario,
    /// The next version of all services, and another one.
    frames: [Arc<Frame>; 2],
    /// Another version of the first service alone.
    first: Arc<Frame>,
}

/// The fleets that schedules run on.
#[derive(Default)]
pub struct Schedules {
    prepared: std::collections::BTreeMap<u64, Prepared>,
}

/// What became of one schedule.
pub struct Run {
    /// Everything that must never happen, and did.
    pub violations: Vec<Violation>,
    /// Counts.
    pub stats: Stats,
    /// How each rollout ended: the kind of its last event.
    pub ends: Vec<&'static str>,
    /// What happened, for people; empty unless asked for.
    pub trace: String,
    /// Evidence, for closer looks.
    pub evidence: crate::evidence::Evidence,
}

impl Schedules {
    /// Runs the schedule of a seed.
    ///
    /// # Errors
    /// When a plan cannot run, which is a fault of the planner.
    pub fn run(&mut self, seed: u64, options: Options) -> Result<Run, FoldError> {
        let mut rng = Rng::new(seed);
        let key = rng.below(SHAPES);
        let prepared = match self.prepared.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(prepare(key)?),
        };
        let starts = starts(&mut rng, prepared);
        let chaos = if rng.chance(30) { Chaos::calm() } else { Chaos::of(&mut rng) };
        let outcome = World::new(&prepared.scenario, starts, seed, chaos, options)?.run();
        let mut violations = outcome.violations;
        violations.extend(invariants::check(&outcome.evidence));
        let ends = outcome.evidence.rollouts.iter();
        let ends = ends.map(|record| record.log.last().map_or("none", |entry| entry.recorded.event.kind())).collect();
        Ok(Run { violations, stats: outcome.stats, ends, trace: outcome.trace, evidence: outcome.evidence })
    }
}

fn prepare(key: u64) -> Result<Prepared, FoldError> {
    let scenario = shape(&mut Rng::new(key)).build();
    let all = scenario.service_names();
    let first: Vec<ServiceName> = all.first().cloned().into_iter().collect();
    let frame = |services: &[ServiceName], version| Frame::new(scenario.plan(&scenario.fleet, services, version, 0));
    let (next, other, alone) = (frame(&all, 1)?, frame(&all, 2)?, frame(&first, 2)?);
    Ok(Prepared { frames: [next, other], first: alone, scenario })
}

/// A fleet of one to three stages with one to four targets each.
pub fn shape(rng: &mut Rng) -> Shape {
    let stages = 1 + rng.below(3);
    let stage = |rng: &mut Rng| {
        let targets = 1 + rng.below(4) as u32;
        let bake = if rng.chance(500) { Millis(500 + rng.below(20_000)) } else { Millis(0) };
        let approvals = match rng.below(8) {
            0 => vec![(1, vec![])],
            1 => vec![(2, vec![])],
            2 => vec![(1, vec!["ann"])],
            3 => vec![(1, vec!["ann", "bob"]), (1, vec!["eve"])],
            _ => Vec::new(),
        };
        StageShape {
            targets,
            max_concurrent: 1 + rng.below(u64::from(targets)) as u32,
            max_failures: rng.below(3) as u32,
            bake,
            approvals,
            unchanged: if rng.chance(250) { rng.below(u64::from(targets) + 1) as u32 } else { 0 },
        }
    };
    let stages = (0..stages).map(|_| stage(rng)).collect();
    Shape { stages, services: 1 + rng.below(2) as u32, objects: 1 + rng.below(3) as u32 }
}

/// One rollout, or two that compete.
fn starts(rng: &mut Rng, prepared: &Prepared) -> Vec<Start> {
    let services = prepared.scenario.service_names();
    let [next, other] = &prepared.frames;
    let mut starts = vec![Start { at_ms: 0, services: services.clone(), version: 1, frame: Some(Arc::clone(next)) }];
    if rng.chance(350) {
        let at_ms = rng.between(0, 60_000);
        let is_late = rng.below(PLANNED_LATE_EVERY) == 0;
        let (services, frame) = match rng.below(3) {
            0 => (services.iter().take(1).cloned().collect(), Arc::clone(&prepared.first)),
            _ => (services, Arc::clone(other)),
        };
        let version = if rng.chance(200) { 1 } else { 2 };
        // A plan that is made late may be for a version that no plan was made for before.
        let frame = (!is_late && version == 2).then_some(frame);
        starts.push(Start { at_ms, services, version, frame });
    }
    starts
}
