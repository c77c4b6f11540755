//! Moves: everything that can happen next.

use seaway_core::{
    execution::{FailureKind, StageStatus, StepStatus},
    ids::StepId,
    plan::StepKind,
};

use super::{
    Model, Node,
    node::{Runs, Said},
};

/// Faults and people's doings that are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Fault {
    /// The process dies.
    Crash,
    /// An attempt gives no answer within its limit.
    Timeout,
    /// An answer arrives twice, or reaches the process after the one that asked.
    Stray,
    /// An attempt fails for now.
    Transient,
    /// An attempt fails for good.
    Permanent,
    /// Another rollout has the claim first, and changes something.
    Held,
    /// A person pauses.
    Pause,
    /// A person stops.
    Stop,
    /// A person retries.
    Retry,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Crash,
        Self::Timeout,
        Self::Stray,
        Self::Transient,
        Self::Permanent,
        Self::Held,
        Self::Pause,
        Self::Stop,
        Self::Retry,
    ];

    /// Whether a rollout must end as it would without: processes die and are taken over, answers come twice or late,
    /// people pause and resume, an attempt fails once and is made again.
    pub const fn is_harmless(self) -> bool {
        match self {
            Self::Crash | Self::Stray | Self::Transient | Self::Pause => true,
            Self::Timeout | Self::Permanent | Self::Held | Self::Stop | Self::Retry => false,
        }
    }
}

/// Something that happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// What.
    pub what: What,
    /// The process dies after so many of the effects that follow.
    pub dies_after: Option<u8>,
    /// A claim that is asked for on the way is held by another rollout.
    pub is_held: bool,
}

/// What happens. Numbers of works and answers are places in the node's lists; targets and stages are positions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A process takes the lease.
    Lead {
        /// Long after the lease was free, instead of at once.
        is_late: bool,
    },
    /// The process dies.
    Die {
        /// An answer on its way to it, which reaches the next process.
        leak: Option<u8>,
    },
    /// An apply writes its first object.
    Write {
        /// The attempt.
        work: u8,
    },
    /// An attempt succeeds on the fleet, and its answer is sent.
    Finish {
        /// The attempt.
        work: u8,
    },
    /// An attempt fails, and its answer is sent.
    Fail {
        /// The attempt.
        work: u8,
        /// How.
        kind: FailureKind,
    },
    /// An answer arrives.
    Deliver {
        /// The answer.
        answer: u8,
        /// It will arrive once more.
        once_more: bool,
    },
    /// Time passes until something wants it.
    Elapse,
    /// The process reads what people appended.
    Look,
    /// A person approves a stage.
    Approve {
        /// The stage.
        stage: u8,
        /// For this plan, and not for another.
        is_right: bool,
        /// By somebody who may.
        is_allowed: bool,
    },
    /// A person pauses.
    Pause,
    /// A person resumes.
    Resume,
    /// A person stops.
    Stop,
    /// A person retries what failed.
    Retry {
        /// This target; `None` = all that failed.
        target: Option<u8>,
    },
}

/// When time goes on to, and what it is that wants it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// The decider wants a tick.
    Tick { at_ms: i64, is_timeout: bool },
    /// A bake ends.
    BakeEnd { at_ms: i64 },
}

impl Move {
    /// Something that happens without trouble on the way.
    pub const fn plain(what: What) -> Self {
        Self { what, dies_after: None, is_held: false }
    }

    /// Whether it happens without a fault and without people: what must lead on by itself.
    pub fn is_own(&self, model: &Model, node: &Node) -> bool {
        let is_person = matches!(self.what, What::Approve { .. } | What::Resume);
        self.dies_after.is_none() && !self.is_held && !is_person && self.faults(model, node).is_empty()
    }

    /// Whether it is a person's help with what waits for people.
    pub const fn is_help(&self) -> bool {
        matches!(self.what, What::Approve { is_right: true, is_allowed: true, .. } | What::Resume)
    }

    /// The move for people.
    pub fn tell(&self, model: &Model, node: &Node) -> String {
        let name = |step: StepId, attempt: u32, epoch: u64| {
            let target = model.frame.target_of(step).map_or("?", |target| model.frame.target(target).name.as_str());
            let kind = model.frame.step(step).map_or("?", |step| step.kind.word());
            format!("{kind} {target} (attempt {attempt}, epoch {epoch})")
        };
        let work = |at: u8| node.works.get(at as usize).map(|work| name(work.step, work.attempt, work.epoch));
        let answer = |at: u8| {
            let answer = node.answers.get(at as usize)?;
            Some(format!("{} of {}", answer.said.word(), name(answer.step, answer.attempt, answer.epoch)))
        };
        let text = match self.what {
            What::Write { work: at } => format!("{} writes", work(at).unwrap_or_default()),
            What::Finish { work: at } => format!("{} succeeds", work(at).unwrap_or_default()),
            What::Fail { work: at, kind } => format!("{} fails: {}", work(at).unwrap_or_default(), kind.word()),
            What::Deliver { answer: at, once_more: false } => format!("{} arrives", answer(at).unwrap_or_default()),
            What::Deliver { answer: at, .. } => {
                format!("{} arrives, and will once more", answer(at).unwrap_or_default())
            }
            other => format!("{other:?}"),
        };
        let dies = self.dies_after.map(|count| format!("; the process dies after {count} effects"));
        let held = if self.is_held { "; another rollout has the claim" } else { "" };
        format!("{text}{}{held}", dies.unwrap_or_default())
    }

    /// The faults that it takes.
    pub(super) fn faults(&self, model: &Model, node: &Node) -> Vec<Fault> {
        let mut faults = Vec::new();
        match self.what {
            What::Die { leak } => {
                faults.push(Fault::Crash);
                faults.extend(leak.map(|_| Fault::Stray));
            }
            What::Fail { kind: FailureKind::Stale, .. } => {}
            What::Fail { kind, .. } => {
                faults.push(if kind.is_transient() { Fault::Transient } else { Fault::Permanent });
            }
            What::Deliver { once_more: true, .. } => faults.push(Fault::Stray),
            What::Elapse => {
                let is_timeout = matches!(model.next(node), Some(Next::Tick { is_timeout: true, .. }));
                faults.extend(is_timeout.then_some(Fault::Timeout));
            }
            What::Pause => faults.push(Fault::Pause),
            What::Stop => faults.push(Fault::Stop),
            What::Retry { .. } => faults.push(Fault::Retry),
            What::Lead { .. }
            | What::Write { .. }
            | What::Finish { .. }
            | What::Deliver { .. }
            | What::Look
            | What::Approve { .. }
            | What::Resume => {}
        }
        faults.extend(self.dies_after.map(|_| Fault::Crash));
        faults.extend(self.is_held.then_some(Fault::Held));
        faults
    }
}

impl Model {
    /// Everything that can happen next. Some of it changes nothing, or is refused.
    pub(super) fn possible(&self, node: &Node) -> Vec<What> {
        let mut all = Vec::new();
        if node.is_driven {
            self.works(node, &mut all);
            for answer in 0..node.answers.len() as u8 {
                all.push(What::Deliver { answer, once_more: false });
                all.push(What::Deliver { answer, once_more: true });
            }
            if self.next(node).is_some() {
                all.push(What::Elapse);
            }
            if node.has_news {
                all.push(What::Look);
            }
            all.push(What::Die { leak: None });
            all.extend((0..node.answers.len() as u8).map(|answer| What::Die { leak: Some(answer) }));
        } else if node.state.end.is_none() {
            all.push(What::Lead { is_late: false });
            all.push(What::Lead { is_late: true });
        }
        self.commands(node, &mut all);
        all.retain(|what| {
            let faults = Move::plain(*what).faults(self, node);
            // No move takes two faults of one kind.
            let spent: u8 = node.spent.iter().sum();
            faults.iter().all(|fault| self.may(node, *fault))
                && spent as usize + faults.len() <= self.bounds.all as usize
        });
        all
    }

    fn works(&self, node: &Node, all: &mut Vec<What>) {
        for (at, work) in node.works.iter().enumerate() {
            let at = at as u8;
            let runs = node.runs[work.target as usize];
            match (work.kind, runs) {
                (StepKind::Apply, Runs::Old | Runs::Part) if !work.has_written => all.push(What::Write { work: at }),
                (StepKind::Apply, Runs::Other)
                | (StepKind::Verify | StepKind::Bake, Runs::Old | Runs::Part | Runs::Other) => {
                    all.push(What::Fail { work: at, kind: FailureKind::Stale });
                }
                (StepKind::Bake, _) if node.now_ms < work.until_ms => {}
                _ => all.push(What::Finish { work: at }),
            }
            all.push(What::Fail { work: at, kind: FailureKind::Unreachable });
            all.push(What::Fail { work: at, kind: FailureKind::Unhealthy });
        }
    }

    fn commands(&self, node: &Node, all: &mut Vec<What>) {
        for (stage, state) in node.state.stages.iter().enumerate() {
            if !self.frame.stage(stage).gates.is_empty() && state.status == StageStatus::Closed {
                let stage = stage as u8;
                all.push(What::Approve { stage, is_right: true, is_allowed: true });
                all.push(What::Approve { stage, is_right: false, is_allowed: true });
                all.push(What::Approve { stage, is_right: true, is_allowed: false });
            }
        }
        all.extend([What::Pause, What::Stop, What::Retry { target: None }]);
        if node.state.paused.is_some() {
            all.push(What::Resume);
        }
        all.extend((0..self.frame.target_count() as u8).map(|target| What::Retry { target: Some(target) }));
    }

    /// When time goes on to while a process drives; `None` = nothing wants time.
    pub(super) fn next(&self, node: &Node) -> Option<Next> {
        let wake = node.state.next_wake_ms(node.now_ms).map(|at_ms| at_ms.max(node.now_ms));
        let bakes = node.works.iter().filter(|work| work.kind == StepKind::Bake && work.until_ms > node.now_ms);
        let bake = bakes.map(|work| work.until_ms).min();
        match (wake, bake) {
            (wake, Some(at_ms)) if wake.is_none_or(|wake| at_ms <= wake) => Some(Next::BakeEnd { at_ms }),
            (Some(at_ms), _) => Some(Next::Tick { at_ms, is_timeout: self.is_timeout(node, at_ms) }),
            (None, _) => None,
        }
    }

    /// Whether an attempt that could still answer is over at a time.
    fn is_timeout(&self, node: &Node, at_ms: i64) -> bool {
        let is_over = |step: &StepId| {
            let state = &node.state.steps[step.index()];
            state.status == StepStatus::Running && state.deadline_ms <= at_ms && node.is_under_way(*step, state.attempt)
        };
        node.state.running.iter().any(is_over)
    }
}

impl Said {
    /// The word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "success",
            Self::Failed(kind) => kind.word(),
        }
    }
}
