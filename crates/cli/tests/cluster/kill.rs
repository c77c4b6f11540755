//! The process is killed at random moments and resumed each time: the end is the same as without kills.
//!
//! `SEAWAY_KILLS` says how many kills (20 when unset) and `SEAWAY_SEED` where the moments start.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    fleet::{Fleet, deployment, newest_of},
    shop,
};

/// A rollout of three stages with a bake each takes about this long; kills fall anywhere in it.
const ROLLOUT_MS: u64 = 9_000;
const BAKE_MICROS: i64 = 1_000_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a whole number"))
}

/// SplitMix64: the moments of the kills.
struct Moments(u64);

impl Moments {
    fn next_below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// What must be the same with and without kills: the objects as wanted, and how often each workload was changed.
fn world(fleet: &Fleet) -> Vec<(String, Value, i64)> {
    let mut found = Vec::new();
    for cluster in fleet.testbed.clusters() {
        for name in ["api", "web", "worker"] {
            let live = deployment(cluster, name);
            let generation = live["metadata"]["generation"].as_i64().unwrap();
            found.push((format!("{}/{name}", cluster.name()), live["spec"].clone(), generation));
        }
    }
    found
}

fn ends_within(child: &mut Child, limit: Duration) -> Option<i32> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

#[test]
fn killed_at_any_moment_it_ends_as_if_it_had_not_been() {
    let kills = setting("SEAWAY_KILLS", 20);
    let seed = setting("SEAWAY_SEED", 1);
    let mut moments = Moments(seed);
    let fleet = Fleet::start(3, &shop::staged(3, "PT1S"));
    shop::write(&fleet, "0");
    fleet.roll_out().1.expect(0);
    let before = world(&fleet);
    let (mut killed, mut rollouts) = (0, 0);
    while killed < kills {
        rollouts += 1;
        shop::write(&fleet, &rollouts.to_string());
        let marks = fleet.marks();
        let known = fleet.newest();
        let mut done = false;
        while !done {
            let list = fleet.seaway(&["rollout", "list", "-o", "json"]).expect(0).json();
            let newest = newest_of(&list).filter(|id| *id != known);
            let args: Vec<&str> = match &newest {
                Some(id) => vec!["rollout", "resume", id],
                None => vec!["rollout", "start", "-e", "test", "--yes"],
            };
            let mut child = fleet.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let wait = if killed < kills {
                Duration::from_millis(moments.next_below(ROLLOUT_MS))
            } else {
                Duration::from_secs(120)
            };
            match ends_within(&mut child, wait) {
                Some(code) => {
                    let id = fleet.newest();
                    let phase = fleet.status(&id)["phase"].clone();
                    assert_eq!(
                        phase, "Succeeded",
                        "seed {seed}, rollout {rollouts}, kill {killed}: exit {code}, {phase}"
                    );
                    done = true;
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    killed += 1;
                }
            }
        }
        check_order(&fleet, marks, seed, rollouts);
        check_world(&fleet, &before, rollouts, seed);
    }
    println!("seed {seed}: {killed} kills in {rollouts} rollouts, all ended as without kills");
}

/// No write reaches a later stage before the earlier one is written and has baked, whoever wrote.
fn check_order(fleet: &Fleet, marks: Vec<seaway_testbed::AuditMark>, seed: u64, rollout: u64) {
    let writes = fleet.writes_since(marks);
    for stage in 0..writes.len() - 1 {
        let last = writes[stage].iter().map(|event| event.stage_micros).max().expect("a stage was skipped");
        let first = writes[stage + 1].first().expect("a stage was skipped").received_micros;
        assert!(
            last + BAKE_MICROS <= first,
            "seed {seed}, rollout {rollout}: stage {} was written too early",
            stage + 1
        );
    }
    for written in &writes {
        let migrations = written.iter().filter(|event| {
            event.verb == "delete" && event.object.as_ref().is_some_and(|object| object.resource == "jobs")
        });
        assert!(migrations.count() <= 2, "seed {seed}, rollout {rollout}: the migration was replaced again and again");
    }
}

/// Each workload was changed once for each rollout that changes it, and runs the newest version.
fn check_world(fleet: &Fleet, before: &[(String, Value, i64)], rollouts: u64, seed: u64) {
    for ((name, spec, generation), (_, _, first)) in world(fleet).iter().zip(before) {
        let changes = if name.ends_with("/worker") { 0 } else { rollouts as i64 };
        assert_eq!(
            *generation,
            first + changes,
            "seed {seed}, rollout {rollouts}: {name} was changed too often or not at all"
        );
        if changes > 0 {
            let image = spec["template"]["spec"]["containers"][0]["image"].as_str().unwrap();
            assert!(image.ends_with(&format!(":{rollouts}")), "{name} runs {image}");
        }
    }
}
