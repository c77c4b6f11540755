//! Chaos: what goes wrong in a run, drawn from its seed.

use seaway_core::{
    digest::Digest,
    execution::Command,
    ids::{Principal, ServiceName, StageName, TargetName},
    plan::Plan,
};

use super::queue::{Item, Queue};
use crate::{
    fleet::{Fleet, Odds, Spell, Trouble},
    rng::Rng,
};

/// Everybody who acts in a simulated world.
pub const PEOPLE: [&str; 3] = ["ann", "bob", "eve"];

/// What goes wrong, in so many of a thousand cases each, until all trouble ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chaos {
    /// When all trouble ends, in epoch milliseconds.
    pub until_ms: i64,
    /// Processes that crash at one of their next boundaries.
    pub crashes: u32,
    /// Boundaries within which such a process crashes.
    pub crash_within: u64,
    /// Clusters with each kind of trouble.
    pub spells: u32,
    /// Troubles by chance, on every cluster.
    pub odds: Odds,
    /// Answers that arrive twice.
    pub duplicates: u32,
    /// Answers that arrive late.
    pub late: u32,
    /// Answers for a dead process that reach the one after it.
    pub leaks: u32,
    /// How often the driving process freezes.
    pub freezes: u64,
    /// How often the driving process is ended by its user.
    pub leaves: u64,
    /// Commands that people give at random.
    pub commands: u64,
    /// Changes by other hands.
    pub drifts: u64,
    /// How often a failed rollout is retried when all trouble is over.
    pub retries: u32,
}

impl Chaos {
    /// Nothing goes wrong.
    pub fn calm() -> Self {
        Self::default()
    }

    /// What goes wrong under a seed. Each kind of trouble is absent from many runs, so that the others get far.
    pub fn of(rng: &mut Rng) -> Self {
        let mut rate = |share: u32, most: u32| if rng.chance(share) { rng.below(u64::from(most)) as u32 } else { 0 };
        let (crashes, spells) = (rate(500, 1000), rate(500, 500));
        let odds = Odds { lost: rate(200, 150), sick_after_apply: rate(250, 400), throttled: rate(250, 150) };
        let (duplicates, late, leaks) = (rate(400, 400), rate(400, 300), rate(300, 1000));
        let mut count = |share: u32, most: u64| if rng.chance(share) { rng.below(most) + 1 } else { 0 };
        let (freezes, leaves, commands, drifts) = (count(250, 3), count(150, 2), count(500, 8), count(80, 2));
        Self {
            until_ms: rng.between(5_000, 120_000),
            crashes,
            crash_within: 1 + rng.below(40),
            spells,
            odds,
            duplicates,
            late,
            leaks,
            freezes,
            leaves,
            commands,
            drifts,
            retries: rng.below(3) as u32,
        }
    }

    /// Puts the trouble of clusters into the fleet and everything else into the queue.
    pub(super) fn unfold(&self, rng: &mut Rng, fleet: &mut Fleet, plans: &[&Plan], queue: &mut Queue) {
        let until_ms = self.until_ms.max(1);
        for (_, cluster) in fleet.clusters_mut() {
            cluster.weather.odds = self.odds;
            for kind in 0..3 {
                if rng.chance(self.spells) {
                    cluster.weather.add(spell(rng, kind, until_ms));
                }
            }
        }
        let services: Vec<(TargetName, ServiceName)> = plans
            .iter()
            .flat_map(|plan| plan.targets())
            .flat_map(|(_, target)| {
                target.services.iter().map(|service| (target.name.clone(), service.service.clone()))
            })
            .collect();
        for _ in 0..self.drifts {
            if let Some((target, service)) = rng.pick(&services).cloned() {
                queue.push(rng.between(0, until_ms), Item::Drift { target, service });
            }
        }
        for (rollout, plan) in plans.iter().enumerate() {
            for _ in 0..self.freezes {
                let for_ms = rng.between(100, 15_000);
                queue.push(rng.between(0, until_ms), Item::Freeze { rollout, for_ms });
            }
            for _ in 0..self.leaves {
                queue.push(rng.between(0, until_ms), Item::Leave { rollout });
            }
            for _ in 0..self.commands {
                let who = Principal::new(PEOPLE[rng.below(PEOPLE.len() as u64) as usize]);
                let command = command(rng, plan);
                queue.push(rng.between(0, until_ms), Item::Person { rollout, who, command });
            }
        }
    }
}

fn spell(rng: &mut Rng, kind: u32, until_ms: i64) -> Spell {
    let from_ms = rng.between(0, until_ms);
    let trouble = match kind {
        0 => Trouble::Unreachable,
        1 => Trouble::Slow(2 + rng.below(200) as u32),
        _ => Trouble::Sick,
    };
    // Some are dead for ever, which here means until all trouble ends.
    let to_ms = if rng.chance(200) { i64::MAX } else { from_ms + rng.between(1, until_ms) };
    Spell { from_ms, to_ms, trouble }
}

fn command(rng: &mut Rng, plan: &Plan) -> Command {
    let stage = rng.pick(&plan.stages).map_or_else(|| StageName::new("none"), |stage| stage.name.clone());
    match rng.below(100) {
        // The hash of the plan is put in where the command is given.
        0..35 => Command::Approve { stage, plan: Digest::of(b"this plan") },
        35..40 => Command::Approve { stage, plan: Digest::of(b"another plan") },
        40..58 => Command::Pause,
        58..72 => Command::Resume,
        72..77 => Command::Stop,
        77..88 => Command::Retry { targets: Vec::new() },
        _ => {
            let targets: Vec<TargetName> = plan.targets().map(|(_, target)| target.name.clone()).collect();
            Command::Retry { targets: rng.pick(&targets).cloned().into_iter().collect() }
        }
    }
}
