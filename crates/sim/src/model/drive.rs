//! Driving: a move changes a node in the order decide → append → perform.

use std::sync::Arc;

use seaway_core::{
    digest::Digest,
    execution::{
        Command, Effect, Envelope, Event, Failure, Input, Outcome, Recorded, Refusal, Report, StageStatus, State,
        StepStatus, create,
    },
    ids::{Principal, StepId},
};

use super::{
    Model, Move, Node, What,
    moves::{Fault, Next},
    node::{Answer, Runs, Said, Seen},
};
use crate::{
    evidence::{Entry, Violation},
    invariants::Walk,
    log::LEASE_MS,
    world::{ENGINE, PEOPLE},
};

/// How long nobody drives when somebody comes late, in milliseconds: longer than every limit and bake.
const LATE_MS: i64 = 600_000;

/// A move that was made.
pub struct Made {
    /// What came out.
    pub node: Node,
    /// Events that were appended.
    pub events: Vec<Recorded>,
    /// Effects that were performed.
    pub(super) performed: u8,
    /// Whether the store could have answered that another rollout has the claim.
    pub(super) could_be_held: bool,
}

/// A move in the making.
pub(super) struct Driver<'a> {
    pub model: &'a Model,
    pub made: Made,
    pub dies_after: Option<u8>,
    pub is_held: bool,
}

impl Model {
    /// A rollout that was created, and that nobody drives.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn start(&self) -> Result<Node, Refusal> {
        let (rollout, frame) = (self.rollout.clone(), Arc::clone(&self.frame));
        let (state, decision) = create(rollout.clone(), Arc::clone(&frame), 0, &Principal::new(PEOPLE[0]), None)?;
        let changes = |target| if frame.target(target).is_changed() { Runs::Old } else { Runs::New };
        let mut node = Node {
            walk: Arc::new(Walk::new(rollout, Arc::clone(&frame), Arc::clone(&self.before))),
            now_ms: 0,
            order: 0,
            is_driven: false,
            left_ms: 0,
            has_news: false,
            has_claim: false,
            works: Vec::new(),
            answers: Vec::new(),
            answered: Vec::new(),
            runs: (0..frame.target_count()).map(changes).collect(),
            successes: Vec::new(),
            unwatched_ms: 0,
            spent: [0; Fault::ALL.len()],
            wrong: Vec::new(),
            state: Arc::new(state),
        };
        append(&mut node, &decision.events, None);
        Ok(node)
    }

    /// Makes a move.
    pub fn make(&self, node: &Node, step: Move) -> Made {
        let mut after = node.clone();
        step.faults(self, node).into_iter().for_each(|fault| after.spent[fault as usize] += 1);
        let made = Made { node: after, events: Vec::new(), performed: 0, could_be_held: false };
        let mut driver = Driver { model: self, made, dies_after: step.dies_after, is_held: step.is_held };
        driver.happen(step.what);
        driver.made.node.forget();
        driver.made
    }

    /// Everything that can follow from a node.
    pub fn follow(&self, node: &Node) -> Vec<(Move, Made)> {
        let mut all = Vec::new();
        // A refusal changes nothing, so that one copy serves for all commands that are refused.
        let mut scratch = None;
        for what in self.possible(node) {
            let plain = Move::plain(what);
            if let Some((who, command)) = self.command(node, what)
                && self.is_refused(node, scratch.get_or_insert_with(|| State::clone(&node.state)), who, command)
            {
                continue;
            }
            let made = self.make(node, plain);
            let mut variants = Vec::new();
            if self.may(&made.node, Fault::Crash) && !matches!(what, What::Die { .. }) {
                variants.extend((0..made.performed).map(|count| Move { dies_after: Some(count), ..plain }));
            }
            if self.may(&made.node, Fault::Held) && made.could_be_held {
                variants.push(Move { is_held: true, ..plain });
            }
            all.push((plain, made));
            all.extend(variants.into_iter().map(|variant| (variant, self.make(node, variant))));
        }
        if scratch.is_some_and(|scratch| scratch != *node.state) {
            all.iter_mut().for_each(|(_, made)| made.node.violate("fold", "a refusal changed the state".to_owned()));
        }
        all
    }

    /// Whether a command is refused. A copy of the node's state is left as it was.
    fn is_refused(&self, node: &Node, scratch: &mut State, who: &'static str, command: Command) -> bool {
        let envelope = envelope(node, who, Input::Command(command));
        let is_refused = (self.decider)(scratch, &envelope).is_err();
        if !is_refused {
            scratch.clone_from(node.state());
        }
        is_refused
    }

    /// What a person says, and who; `None` = it is not a person's move.
    fn command(&self, node: &Node, what: What) -> Option<(&'static str, Command)> {
        let ann = PEOPLE[0];
        match what {
            What::Approve { stage, is_right, is_allowed } => {
                let name = self.frame.stage(stage as usize).name.clone();
                let plan = if is_right { self.frame.hash.clone() } else { Digest::of(b"another plan") };
                let given = &node.state.stages[stage as usize].approvals;
                let has_given = |who: &&str| given.keys().any(|given| given.as_str() == *who);
                let who = match is_allowed {
                    true => PEOPLE.into_iter().take(2).find(|who| !has_given(who)).unwrap_or(ann),
                    false => "mallory",
                };
                Some((who, Command::Approve { stage: name, plan }))
            }
            What::Pause => Some((ann, Command::Pause)),
            What::Resume => Some((ann, Command::Resume)),
            What::Stop => Some((ann, Command::Stop)),
            What::Retry { target } => {
                let name = |target: u8| self.frame.target(target as usize).name.clone();
                Some((ann, Command::Retry { targets: target.map(name).into_iter().collect() }))
            }
            _ => None,
        }
    }
}

fn envelope(node: &Node, who: &str, input: Input) -> Envelope {
    Envelope { at_ms: node.now_ms, by: Principal::new(who), reason: None, input }
}

impl Driver<'_> {
    fn happen(&mut self, what: What) {
        match what {
            What::Lead { is_late } => self.lead(is_late),
            What::Die { leak } => self.die(leak),
            What::Write { work } => self.write(work),
            What::Finish { work } => self.finish(work),
            What::Fail { work, kind } => {
                let work = self.made.node.works.remove(work as usize);
                self.answer(work.step, work.attempt, Said::Failed(kind));
            }
            What::Deliver { answer, once_more } => self.deliver(answer, once_more),
            What::Elapse => self.elapse(),
            What::Look => self.tick(),
            What::Approve { .. } | What::Pause | What::Resume | What::Stop | What::Retry { .. } => self.person(what),
        }
    }

    fn lead(&mut self, is_late: bool) {
        let node = &mut self.made.node;
        // The first process comes at once.
        let rest_ms = if is_late { LATE_MS } else { LEASE_MS };
        let wait_ms = if node.state.epoch == 0 && !is_late { 0 } else { rest_ms };
        node.now_ms = node.now_ms.max(node.left_ms + wait_ms);
        let unobserved_ms = node.now_ms - node.left_ms;
        node.unwatched_ms += unobserved_ms;
        node.is_driven = true;
        node.has_news = false;
        let epoch = node.state.epoch + 1;
        self.decide(Input::Lead { epoch, unobserved_ms: unobserved_ms.unsigned_abs() });
    }

    pub(super) fn die(&mut self, leak: Option<u8>) {
        let node = &mut self.made.node;
        let leaked = leak.and_then(|answer| node.answers.get(answer as usize).copied());
        // Answers of dead processes that are still on their way stay there.
        let epoch = node.state.epoch;
        node.answers.retain(|answer| answer.epoch != epoch || Some(*answer) == leaked);
        node.works.clear();
        node.answered.clear();
        node.is_driven = false;
        node.has_news = false;
        node.left_ms = node.now_ms;
    }

    fn elapse(&mut self) {
        match self.model.next(&self.made.node) {
            Some(Next::BakeEnd { at_ms }) => self.made.node.now_ms = at_ms,
            Some(Next::Tick { at_ms, .. }) => {
                self.made.node.now_ms = at_ms;
                self.tick();
            }
            None => {}
        }
    }

    fn tick(&mut self) {
        let epoch = self.made.node.state.epoch;
        self.decide(Input::Tick { epoch });
        self.reconcile();
    }

    fn deliver(&mut self, answer: u8, once_more: bool) {
        let answer = match once_more {
            true => self.made.node.answers[answer as usize],
            false => self.made.node.answers.remove(answer as usize),
        };
        let outcome = match answer.said {
            Said::Succeeded => Outcome::Succeeded(Report::default()),
            Said::Failed(kind) => Outcome::Failed(Failure::new(kind, kind.word())),
        };
        let Answer { step, attempt, epoch, .. } = answer;
        self.decide(Input::Step { step, attempt, epoch, outcome });
        if self.made.node.has_news && !self.made.events.is_empty() {
            // Its append came second: it has read what the others appended, and decided again.
            self.reconcile();
        }
    }

    /// A person's process appends, and performs nothing.
    fn person(&mut self, what: What) {
        let Some((who, command)) = self.model.command(&self.made.node, what) else { return };
        let Some((events, _)) = self.ask(who, Input::Command(command)) else { return };
        self.append(&events, false);
        self.made.node.has_news = self.made.node.is_driven;
    }

    /// Asks the decider, and compares what it does to the state with what the events do.
    fn ask(&mut self, who: &str, input: Input) -> Option<(Vec<Recorded>, Vec<Effect>)> {
        let node = &mut self.made.node;
        let before = Arc::clone(&node.state);
        let envelope = envelope(node, who, input);
        let decided = (self.model.decider)(Arc::make_mut(&mut node.state), &envelope);
        let events = decided.as_ref().map_or(&[][..], |decision| &decision.events);
        let mut folded = before;
        let is_fitting = events.iter().all(|recorded| Arc::make_mut(&mut folded).apply(recorded).is_ok());
        if !is_fitting || folded != node.state {
            node.violate("fold", "the events do not give the state that the process has".to_owned());
        }
        match decided {
            Ok(decision) => Some((decision.events, decision.effects)),
            Err(refusal) => {
                if who == ENGINE {
                    node.violate("fold", format!("the process that drives was refused: {refusal}"));
                }
                None
            }
        }
    }

    pub(super) fn decide(&mut self, input: Input) {
        if self.made.node.state.end.is_some() {
            // Nobody drives what has ended.
            return;
        }
        let Some((events, effects)) = self.ask(ENGINE, input) else { return };
        self.append(&events, true);
        self.perform(effects);
        let node = &mut self.made.node;
        // A decision without events tells nobody what the process knew.
        if node.is_driven && !events.is_empty() {
            Arc::make_mut(&mut node.walk).decided(node.now_ms);
        }
        if node.state.end.is_some() && node.is_driven {
            self.die(None);
        }
    }

    fn append(&mut self, events: &[Recorded], by_process: bool) {
        append(&mut self.made.node, events, by_process.then_some(0));
        self.made.events.extend_from_slice(events);
    }
}

fn append(node: &mut Node, events: &[Recorded], process: Option<usize>) {
    for recorded in events {
        node.order += 1;
        let entry = Entry { recorded: recorded.clone(), order: node.order, at_ms: node.now_ms, process };
        let seen = Seen { successes: &node.successes, unwatched_ms: node.unwatched_ms };
        Arc::make_mut(&mut node.walk).event(&seen, &entry);
        if let Event::BakeStarted { .. } = recorded.event {
            node.unwatched_ms = 0;
        }
        // The store gives the claim back with the end.
        node.has_claim &= !recorded.event.is_end();
    }
}

impl Node {
    pub(super) fn violate(&mut self, invariant: &'static str, found: String) {
        self.wrong.push(Violation { invariant, found });
    }

    /// Drops what cannot matter any more, so that equal nodes look equal.
    fn forget(&mut self) {
        let state: &State = &self.state;
        let is_awaited = |step: StepId, attempt: u32| {
            let known = &state.steps[step.index()];
            known.status == StepStatus::Running && known.attempt == attempt
        };
        self.answered.retain(|(step, attempt)| is_awaited(*step, *attempt));
        self.answered.sort_unstable();
        self.answered.dedup();
        self.successes.retain(|success| success.epoch == state.epoch && is_awaited(success.step, success.attempt));
        let is_baking = state.stages.iter().any(|stage| matches!(stage.status, StageStatus::Baking { .. }));
        if !is_baking {
            self.unwatched_ms = 0;
        }
    }
}
