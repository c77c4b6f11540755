//! Search: breadth first through every node, so that what is found broken is found on a shortest way.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    fmt::Write as _,
};

use seaway_core::execution::{Phase, Refusal, WaitingOn};

use super::{Model, Move, Node};
use crate::evidence::Violation;

/// Of so many fingerprints one is a sample: every node that looks like it must go on like it.
const SAMPLE_EVERY: u64 = 256;

/// What a search found.
#[derive(Debug, Default)]
pub struct Report {
    /// Different states that were visited.
    pub states: u64,
    /// Moves from state to state.
    pub moves: u64,
    /// Moves on the longest of the shortest ways to a state.
    pub depth: u32,
    /// States in which the rollout has ended, by how.
    pub ends: BTreeMap<String, u64>,
    /// States in which nothing but a person's help leads on.
    pub waits: u64,
    /// Nodes that were compared with another that looks the same.
    pub samples: u64,
    /// The first thing that must never happen, and did.
    pub broken: Option<Broken>,
    /// Whether the search was given up because there are more states than it may visit.
    pub is_cut: bool,
}

/// Something that must never happen, and the shortest way to it.
#[derive(Debug)]
pub struct Broken {
    /// What.
    pub violation: Violation,
    /// The way.
    pub path: Vec<Move>,
}

/// How a state was reached first: from which, by what, and how far it is from the start.
struct Reached {
    from: u32,
    by: Move,
    depth: u32,
}

struct Search<'a> {
    model: &'a Model,
    known: HashMap<u64, u32>,
    reached: Vec<Reached>,
    waiting: VecDeque<(u64, Node)>,
    /// Moves of their own: from which state to which.
    own: Vec<(u32, u32)>,
    samples: HashMap<u64, Vec<u64>>,
    report: Report,
}

/// Visits every state, up to a number of them.
///
/// # Errors
/// When the rollout cannot be created.
pub fn search(model: &Model, states_max: usize) -> Result<Report, Refusal> {
    let start = model.start()?;
    let by = Move::plain(super::What::Look);
    let key = start.fingerprint();
    let mut search = Search {
        model,
        known: HashMap::from([(key, 0)]),
        reached: vec![Reached { from: 0, by, depth: 0 }],
        waiting: VecDeque::from([(key, start)]),
        own: Vec::new(),
        samples: HashMap::new(),
        report: Report::default(),
    };
    let mut at = 0;
    while let Some((key, node)) = search.waiting.pop_front() {
        if search.reached.len() > states_max {
            search.report.is_cut = true;
            break;
        }
        if let Err((violation, last)) = search.expand(at, key, &node) {
            search.broken(at, last, violation);
            break;
        }
        at += 1;
    }
    search.report.states = search.reached.len() as u64;
    search.report.depth = search.reached.last().map_or(0, |reached| reached.depth);
    if search.report.broken.is_none() && !search.report.is_cut {
        search.ends_by_itself();
    }
    Ok(search.report)
}

type Wrong = (Violation, Option<Move>);

impl Search<'_> {
    /// Visits everything that can follow.
    fn expand(&mut self, at: u32, own_key: u64, node: &Node) -> Result<(), Wrong> {
        let follow = self.model.follow(node);
        let (mut goes_on, mut is_helped) = (false, false);
        let mut keys = Vec::with_capacity(follow.len());
        for (step, made) in follow {
            if let Some(violation) = made.node.violation() {
                return Err((violation.clone(), Some(step)));
            }
            self.report.moves += 1;
            is_helped |= step.is_help();
            let key = made.node.fingerprint();
            keys.push(key);
            let next = self.visit(at, step, key, made.node)?;
            if next != at && step.is_own(self.model, node) {
                goes_on = true;
                self.own.push((at, next));
            }
        }
        self.sample(own_key, keys)?;
        if !goes_on {
            self.rests(node, is_helped)?;
        }
        Ok(())
    }

    fn visit(&mut self, from: u32, by: Move, key: u64, node: Node) -> Result<u32, Wrong> {
        let fresh = self.reached.len() as u32;
        match self.known.entry(key) {
            Entry::Vacant(free) => {
                free.insert(fresh);
                let depth = self.reached[from as usize].depth + 1;
                self.reached.push(Reached { from, by, depth });
                self.waiting.push_back((key, node));
                Ok(fresh)
            }
            Entry::Occupied(known) => {
                let known = *known.get();
                if key.is_multiple_of(SAMPLE_EVERY) {
                    let follow = self.model.follow(&node);
                    self.report.samples += 1;
                    self.sample(key, follow.iter().map(|(_, made)| made.node.fingerprint()).collect())?;
                }
                Ok(known)
            }
        }
    }

    /// Nodes that look the same must go on in the same way, or the search would leave something out.
    fn sample(&mut self, key: u64, mut follow: Vec<u64>) -> Result<(), Wrong> {
        if !key.is_multiple_of(SAMPLE_EVERY) {
            return Ok(());
        }
        follow.sort_unstable();
        let known = self.samples.entry(key).or_insert_with(|| follow.clone());
        if *known == follow {
            return Ok(());
        }
        let found = "two states look the same, but go on differently".to_owned();
        Err((Violation { invariant: "the search leaves nothing out", found }, None))
    }

    /// Where nothing happens by itself, the rollout has ended or waits for a person who can help.
    fn rests(&mut self, node: &Node, is_helped: bool) -> Result<(), Wrong> {
        if let Some(end) = node.state().end {
            if end != Phase::Succeeded && node.was_harmless() {
                let found = format!("it ended {end:?}, but nothing happened that a rollout does not survive");
                return Err((Violation { invariant: "the same end as without trouble", found }, None));
            }
            *self.report.ends.entry(format!("{end:?}")).or_default() += 1;
            return Ok(());
        }
        let reasons = node.state().waiting_on();
        let is_person = |on: &WaitingOn| matches!(on, WaitingOn::Approval { .. } | WaitingOn::Pause { .. });
        if is_helped && reasons.iter().any(is_person) {
            self.report.waits += 1;
            return Ok(());
        }
        let found = format!("nothing leads on, and it waits for {reasons:?}");
        Err((Violation { invariant: "no hang", found }, None))
    }

    /// Without faults and people everything comes to rest: no way goes in circles.
    fn ends_by_itself(&mut self) {
        let count = self.reached.len();
        let mut left = vec![0_u32; count];
        self.own.iter().for_each(|(from, _)| left[*from as usize] += 1);
        // By where they lead to, so that states are done from their ends backwards.
        self.own.sort_unstable_by_key(|(_, to)| *to);
        let mut done: Vec<u32> = (0..count as u32).filter(|at| left[*at as usize] == 0).collect();
        let mut at = 0;
        while let Some(end) = done.get(at).copied() {
            at += 1;
            let first = self.own.partition_point(|(_, to)| *to < end);
            for (from, _) in self.own[first..].iter().take_while(|(_, to)| *to == end) {
                left[*from as usize] -= 1;
                if left[*from as usize] == 0 {
                    done.push(*from);
                }
            }
        }
        if done.len() < count {
            let circle = left.iter().position(|left| *left > 0).unwrap_or(0) as u32;
            let found = "it goes in circles without a fault".to_owned();
            self.broken(circle, None, Violation { invariant: "it ends", found });
        }
    }

    fn broken(&mut self, at: u32, last: Option<Move>, violation: Violation) {
        let mut path: Vec<Move> = last.into_iter().collect();
        let mut at = at as usize;
        while at != 0 {
            path.push(self.reached[at].by);
            at = self.reached[at].from as usize;
        }
        path.reverse();
        self.report.broken = Some(Broken { violation, path });
    }
}

impl Broken {
    /// The way for people: each move and the events that followed.
    ///
    /// # Errors
    /// When the rollout cannot be created.
    pub fn tell(&self, model: &Model) -> Result<String, Refusal> {
        let mut text = format!("{}\nthe shortest way to it, {} moves:\n", self.violation, self.path.len());
        let mut node = model.start()?;
        for (at, step) in self.path.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:>3}. {}", at + 1, step.tell(model, &node));
            let made = model.make(&node, *step);
            for recorded in &made.events {
                let event = crate::trace::event(&node.state().frame, &recorded.event);
                let _ = writeln!(text, "       {:>9.3}s {}: {event}", recorded.at_ms as f64 / 1000.0, recorded.by);
            }
            node = made.node;
        }
        Ok(text)
    }
}
