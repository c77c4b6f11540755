//! A world: rollouts, the processes that drive them, people, a store and a fleet, under one seed.
//!
//! The order is that of the engine: load → decide → append → perform. Everything that may go wrong between any two
//! of these does, by chance. Same seed, same run, byte for byte.

mod chaos;
mod drive;
mod people;
mod process;
mod queue;

use std::{fmt::Write as _, ops::Range, sync::Arc};

use seaway_core::{
    execution::{Decision, Envelope, FoldError, Frame, Recorded, Refusal, State, WaitingOn, create, handle},
    ids::{Principal, RolloutId, ServiceName},
    plan::Plan,
};

pub use chaos::{Chaos, PEOPLE};
pub use drive::ENGINE;

use crate::{
    evidence::{Evidence, Record, Success, Violation, Written},
    fixture::Scenario,
    fleet::Fleet,
    log::Store,
    rng::Rng,
};
use process::Process;
use queue::{Item, Queue};

/// Things that happen in one run at most. A run has some hundred; more means that something spins.
const ITEMS_MAX: u64 = 200_000;

/// A rollout that is started in a world.
#[derive(Clone, Debug)]
pub struct Start {
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// Which services.
    pub services: Vec<ServiceName>,
    /// Which version of them.
    pub version: u32,
    /// Its plan when it was made before the run; `None` = it is planned when it starts, on the fleet as it is then.
    pub frame: Option<Arc<Frame>>,
}

/// A decider: [`handle`], or a broken one in tests of the invariants.
pub type Decider = fn(&mut State, &Envelope) -> Result<Decision, Refusal>;

/// How a world is built, and how it can be broken so that the invariants are seen to notice.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether what happens is written down for people.
    pub is_traced: bool,
    /// Whether processes ask for their lease before each write, as they must.
    pub is_fenced: bool,
    /// Changes the plan by which the processes decide, but not the plan that was approved.
    pub tamper: Option<fn(&mut Plan)>,
    /// What the processes decide with.
    pub decider: Decider,
}

impl Default for Options {
    fn default() -> Self {
        Self { is_traced: false, is_fenced: true, tamper: None, decider: handle }
    }
}

/// Counts of what happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Things that happened.
    pub items: u64,
    /// Inputs that were decided.
    pub inputs: u64,
    /// Events that were appended.
    pub events: u64,
    /// Crashes after a decision, before its append.
    pub crashes_before_append: u64,
    /// Crashes after an append, before its effects.
    pub crashes_after_append: u64,
    /// Crashes between or after effects.
    pub crashes_in_effects: u64,
    /// Leases taken.
    pub leads: u64,
    /// Processes that stood still.
    pub freezes: u64,
    /// Processes that their user ended.
    pub leaves: u64,
    /// Processes that found that they may not act any more.
    pub stood_back: u64,
    /// Appends that came second.
    pub conflicts: u64,
    /// Commands that were accepted.
    pub commands: u64,
    /// Commands that were refused.
    pub refusals: u64,
    /// Answers that arrived twice.
    pub duplicates: u64,
    /// Answers that arrived late.
    pub late: u64,
    /// Rollouts that were retried after all trouble.
    pub retries: u64,
}

impl Stats {
    /// All crashes.
    pub fn crashes(&self) -> u64 {
        self.crashes_before_append + self.crashes_after_append + self.crashes_in_effects
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        let Self { items, inputs, events, crashes_before_append, crashes_after_append, crashes_in_effects, .. } = other;
        let Self {
            leads, freezes, leaves, stood_back, conflicts, commands, refusals, duplicates, late, retries, ..
        } = other;
        for (sum, more) in [
            (&mut self.items, items),
            (&mut self.inputs, inputs),
            (&mut self.events, events),
            (&mut self.crashes_before_append, crashes_before_append),
            (&mut self.crashes_after_append, crashes_after_append),
            (&mut self.crashes_in_effects, crashes_in_effects),
            (&mut self.leads, leads),
            (&mut self.freezes, freezes),
            (&mut self.leaves, leaves),
            (&mut self.stood_back, stood_back),
            (&mut self.conflicts, conflicts),
            (&mut self.commands, commands),
            (&mut self.refusals, refusals),
            (&mut self.duplicates, duplicates),
            (&mut self.late, late),
            (&mut self.retries, retries),
        ] {
            *sum += more;
        }
    }
}

/// What comes out of a run.
pub struct Outcome {
    /// What it left behind.
    pub evidence: Evidence,
    /// What the world itself saw going wrong.
    pub violations: Vec<Violation>,
    /// Counts.
    pub stats: Stats,
    /// What happened, for people; empty unless asked for.
    pub trace: String,
}

/// A running world.
pub struct World<'a> {
    scenario: &'a Scenario,
    options: Options,
    starts: Vec<Start>,
    fleet: Fleet,
    store: Store,
    /// The plan of each rollout by which its processes decide.
    rules: Vec<Arc<Frame>>,
    processes: Vec<Process>,
    queue: Queue,
    rng: Rng,
    chaos: Chaos,
    now_ms: i64,
    works: u64,
    retries_left: u32,
    writes: Vec<Written>,
    successes: Vec<Success>,
    watched: Vec<Vec<Range<i64>>>,
    violations: Vec<Violation>,
    stats: Stats,
    trace: String,
}

impl<'a> World<'a> {
    /// A world in which nothing has happened.
    ///
    /// # Errors
    /// When a plan cannot run.
    pub fn new(
        scenario: &'a Scenario,
        starts: Vec<Start>,
        seed: u64,
        chaos: Chaos,
        options: Options,
    ) -> Result<Self, FoldError> {
        let trunk = Rng::new(seed);
        let mut world = Self {
            scenario,
            options,
            fleet: scenario.fleet.clone(),
            store: Store::default(),
            rules: Vec::new(),
            processes: Vec::new(),
            queue: Queue::default(),
            rng: trunk.branch(1),
            now_ms: 0,
            works: 0,
            retries_left: chaos.retries,
            chaos,
            writes: Vec::new(),
            successes: Vec::new(),
            watched: vec![Vec::new(); starts.len()],
            violations: Vec::new(),
            stats: Stats::default(),
            trace: String::new(),
            starts,
        };
        world.fleet.reseed(trunk.branch(2).bits());
        for (rollout, start) in world.starts.clone().into_iter().enumerate() {
            let frame = match start.frame {
                Some(frame) => frame,
                None => Frame::new(scenario.plan(&world.fleet, &start.services, start.version, 0))?,
            };
            world.adopt(rollout, frame)?;
            world.queue.push(start.at_ms, Item::Start { rollout });
        }
        let frames: Vec<Arc<Frame>> = world.store.logs.iter().map(|log| Arc::clone(&log.frame)).collect();
        let plans: Vec<&Plan> = frames.iter().map(|frame| &frame.plan).collect();
        world.chaos.unfold(&mut trunk.branch(3), &mut world.fleet, &plans, &mut world.queue);
        world.queue.push(world.chaos.until_ms, Item::Heal);
        Ok(world)
    }

    /// Takes the plan of a rollout, and the one by which its processes decide.
    fn adopt(&mut self, rollout: usize, frame: Arc<Frame>) -> Result<(), FoldError> {
        let mut rules = Arc::clone(&frame);
        if let Some(tamper) = self.options.tamper {
            let mut plan = frame.plan.clone();
            tamper(&mut plan);
            let mut tampered = Frame::new(plan)?;
            if let Some(tampered) = Arc::get_mut(&mut tampered) {
                tampered.hash = frame.hash.clone();
            }
            rules = tampered;
        }
        if rollout == self.rules.len() {
            self.store.create(RolloutId::new(format!("r{rollout}")), frame);
            self.rules.push(rules);
        } else {
            self.store.logs[rollout].frame = frame;
            self.rules[rollout] = rules;
        }
        Ok(())
    }

    /// Lets everything happen.
    pub fn run(mut self) -> Outcome {
        while let Some((at_ms, item)) = self.queue.pop() {
            self.now_ms = self.now_ms.max(at_ms);
            self.stats.items += 1;
            if self.stats.items > ITEMS_MAX {
                self.violate("no spin", "too many things happen");
                break;
            }
            self.happen(item);
        }
        self.finish()
    }

    fn happen(&mut self, item: Item) {
        match item {
            Item::Start { rollout } => self.start_rollout(rollout),
            Item::Lead { rollout } => self.lead(rollout),
            Item::Poll { process, step, attempt, work } => self.poll(process, step, attempt, work),
            Item::Deliver { process, input } => self.deliver(process, input),
            Item::Wake { process } => self.wake(process),
            Item::Timer { process, armed } => self.timer(process, armed),
            Item::Look { process } => self.look(process),
            Item::Thaw { process } => self.thaw(process),
            Item::Renew { process } => self.renew(process),
            Item::Freeze { rollout, for_ms } => self.freeze(rollout, for_ms),
            Item::Leave { rollout } => self.leave(rollout),
            Item::Person { rollout, who, command } => self.person(rollout, &who, command),
            Item::Drift { target, service } => {
                self.note(|| format!("other hands change {service} on {target}"));
                self.fleet.drift(&target, &service, self.now_ms);
                self.take_writes();
            }
            Item::Heal => self.heal(),
            Item::Help { round } => self.help(round),
        }
    }

    fn start_rollout(&mut self, rollout: usize) {
        let start = self.starts[rollout].clone();
        if start.frame.is_none() {
            let plan = self.scenario.plan(&self.fleet, &start.services, start.version, self.now_ms);
            let adopted = Frame::new(plan).and_then(|frame| self.adopt(rollout, frame));
            if let Err(error) = adopted {
                self.violate("plan", &error.to_string());
                return;
            }
        }
        let (id, frame) = (self.store.logs[rollout].id.clone(), Arc::clone(&self.rules[rollout]));
        let events = match create(id, frame, self.now_ms, &Principal::new("ann"), None) {
            Ok((_, decision)) => decision.events,
            Err(refusal) => {
                self.violate("fold", &refusal.to_string());
                return;
            }
        };
        if self.store.append(rollout, 0, None, &events, self.now_ms, None).is_err() {
            self.violate("fold", "a new rollout had events");
        }
        self.stats.events += events.len() as u64;
        self.note_events("ann", rollout, &events);
        self.queue.push(self.now_ms, Item::Lead { rollout });
    }

    fn heal(&mut self) {
        self.note(|| "all trouble ends".to_owned());
        self.fleet.heal(self.now_ms);
        let retries = self.chaos.retries;
        self.chaos = Chaos { retries, ..Chaos::calm() };
        for process in 0..self.processes.len() {
            self.processes[process].crash_in = None;
            self.thaw(process);
        }
        self.queue.push(self.now_ms, Item::Help { round: 0 });
    }

    /// The state of a rollout by its log.
    fn fold(&mut self, rollout: usize) -> Option<State> {
        match self.store.state(rollout, &self.rules[rollout]) {
            Ok(state) => Some(state),
            Err(error) => {
                self.violate("fold", &error.to_string());
                None
            }
        }
    }

    /// After a decision of the process that drives, something must be under way, or a time, a person or another
    /// rollout is waited for. A rollout that only waits for its own process hangs.
    fn check_wait(&mut self, process: usize) {
        let checked = &self.processes[process];
        let state = &checked.state;
        if !state.running.is_empty() {
            // Each attempt in flight is known here, or its answer or its limit will come.
            return;
        }
        let reasons = state.waiting_on();
        let is_held = |on: &WaitingOn| {
            matches!(on, WaitingOn::Approval { .. } | WaitingOn::Pause { .. } | WaitingOn::Claim { .. })
        };
        let is_timed = state.next_wake_ms(self.now_ms).is_some();
        if !is_timed && !reasons.iter().any(is_held) {
            self.violate("no hang", &format!("nothing is under way, and it waits for {reasons:?}"));
        }
    }

    /// Takes over what the fleet recorded since the last time.
    fn take_writes(&mut self) {
        for write in &self.fleet.writes()[self.writes.len()..] {
            self.store.order += 1;
            self.writes.push(Written { write: write.clone(), order: self.store.order });
        }
    }

    fn violate(&mut self, invariant: &'static str, found: &str) {
        let found = format!("at {} ms: {found}", self.now_ms);
        self.note(|| format!("VIOLATION {invariant}: {found}"));
        self.violations.push(Violation { invariant, found });
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.options.is_traced {
            // Writing to a string cannot fail.
            let _ = writeln!(self.trace, "{:>10.3}s  {}", self.now_ms as f64 / 1000.0, line());
        }
    }

    fn note_events(&mut self, who: &str, rollout: usize, events: &[Recorded]) {
        if self.options.is_traced {
            for recorded in events {
                let event = crate::trace::event(&self.rules[rollout], &recorded.event);
                self.note(|| format!("r{rollout} {who}: {event}"));
            }
        }
    }

    fn finish(mut self) -> Outcome {
        for process in 0..self.processes.len() {
            if self.processes[process].is_alive {
                self.end_process(process, self.now_ms);
            }
        }
        let watched = std::mem::take(&mut self.watched);
        let rollouts = self.store.logs.into_iter().zip(watched).map(|(log, watched)| Record {
            id: log.id,
            frame: log.frame,
            log: log.entries,
            watched,
        });
        let evidence = Evidence {
            rollouts: rollouts.collect(),
            writes: self.writes,
            successes: self.successes,
            before: self.scenario.fleet.all_runs(),
        };
        Outcome { evidence, violations: self.violations, stats: self.stats, trace: self.trace }
    }
}
