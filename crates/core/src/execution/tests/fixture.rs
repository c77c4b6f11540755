//! Small plans, and a rollout that is driven by hand and written down line by line.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use crate::{
    API_VERSION,
    declaration::{ApprovalGate, Connection, Gate},
    digest::Digest,
    duration::Millis,
    execution::{
        ClaimAnswer, Command, Decision, Effect, Envelope, Event, Failure, FailureKind, Frame, Input, Outcome, Progress,
        Recorded, Refusal, Report, State, create, decide, handle,
    },
    ids::{EnvironmentName, Principal, RolloutId, ServiceName, StageName, StepId, TargetName},
    plan::{
        Lane, Plan, PlannedContent, ServicePolicy, StagePlan, StepKind, StepPlan, TargetPlan, TargetService, Totals,
    },
};

/// One stage of a plan.
pub(super) struct Stage {
    pub name: &'static str,
    pub targets: Vec<(&'static str, bool)>,
    pub max_concurrent: u32,
    pub max_failures: u32,
    pub bake: Millis,
    pub gates: Vec<Gate>,
}

/// A stage whose targets all change, one at a time, without bake and gates.
pub(super) fn stage(name: &'static str, targets: &[&'static str]) -> Stage {
    Stage {
        name,
        targets: targets.iter().map(|target| (*target, true)).collect(),
        max_concurrent: 1,
        max_failures: 0,
        bake: Millis(0),
        gates: Vec::new(),
    }
}

impl Stage {
    pub fn at_once(mut self, count: u32) -> Self {
        self.max_concurrent = count;
        self
    }

    pub fn failures(mut self, count: u32) -> Self {
        self.max_failures = count;
        self
    }

    pub fn bake(mut self, secs: u64) -> Self {
        self.bake = Millis::secs(secs);
        self
    }

    pub fn approved_by(mut self, count: u32, from: &[&str]) -> Self {
        self.gates.push(Gate::Approval(ApprovalGate { count, from: from.iter().map(Principal::new).collect() }));
        self
    }

    pub fn unchanged(mut self) -> Self {
        self.targets.iter_mut().for_each(|target| target.1 = false);
        self
    }
}

/// Service of every fixture plan.
const SERVICE: &str = "shop";

/// A plan with these stages.
pub(super) fn plan(stages: Vec<Stage>) -> Plan {
    let service = ServiceName::new(SERVICE);
    let content = Digest::of(b"content");
    let mut next = 0;
    let stages = stages.into_iter().map(|stage| plan_stage(stage, &content, &mut next)).collect();
    let policy = ServicePolicy {
        namespace: "shop".to_owned(),
        depends_on: Vec::new(),
        health_timeout: Millis::secs(60),
        stable_for: Millis(0),
        pod_grace: Millis::secs(10),
        prune: true,
        source: Digest::of(b"source"),
        provenance: None,
    };
    Plan {
        api_version: API_VERSION.to_owned(),
        kind: "Plan".to_owned(),
        environment: EnvironmentName::new("prod"),
        lane: Lane::Standard,
        parent: None,
        release: Digest::of(b"release"),
        services: BTreeMap::from([(service.clone(), policy)]),
        contents: BTreeMap::from([(content, PlannedContent { service, objects: Vec::new() })]),
        values: BTreeMap::new(),
        stages,
        excluded: Vec::new(),
        allow_replace: false,
        give_up_unreachable_after: Millis::secs(10),
        totals: Totals::default(),
        predicted: Millis(0),
    }
}

fn plan_stage(stage: Stage, content: &Digest, next: &mut u32) -> StagePlan {
    let bakes = stage.bake.0 > 0;
    let targets = stage.targets.iter().map(|(name, is_changed)| plan_target(name, *is_changed, bakes, content, next));
    StagePlan {
        name: StageName::new(stage.name),
        max_concurrent: stage.max_concurrent,
        max_failures: stage.max_failures,
        bake: stage.bake,
        targets: targets.collect(),
        gates: stage.gates,
        why: String::new(),
        predicted: Millis(0),
    }
}

fn plan_target(name: &str, is_changed: bool, bakes: bool, content: &Digest, next: &mut u32) -> TargetPlan {
    let kinds: &[StepKind] = match (is_changed, bakes) {
        (false, _) => &[StepKind::Verify],
        (true, false) => &[StepKind::Apply, StepKind::Wait, StepKind::Verify],
        (true, true) => &[StepKind::Apply, StepKind::Wait, StepKind::Verify, StepKind::Bake],
    };
    let mut steps: Vec<StepPlan> = Vec::new();
    for kind in kinds {
        let after = steps.last().map(|step| step.id).into_iter().collect();
        let services = vec![ServiceName::new(SERVICE)];
        let limit = Millis::secs(60);
        steps.push(StepPlan { id: StepId(*next), kind: *kind, services, after, limit, why: String::new() });
        *next += 1;
    }
    TargetPlan {
        name: TargetName::new(name),
        region: None,
        driver: "sim".to_owned(),
        connection: Connection { kubeconfig: None, context: name.to_owned(), limits: Default::default() },
        why: String::new(),
        unreachable: None,
        services: vec![TargetService {
            service: ServiceName::new(SERVICE),
            content: content.clone(),
            values: None,
            running: None,
            base: None,
            changes: Vec::new(),
            unchanged: 0,
            is_changed,
            why: String::new(),
        }],
        steps,
    }
}

/// A rollout driven by hand. Everything that happens is a line of [`Run::log`].
pub(super) struct Run {
    pub state: State,
    pub now_ms: i64,
    pub events: Vec<Recorded>,
    log: String,
}

impl Run {
    /// Creates the rollout; nobody drives it yet.
    pub fn create(plan: Plan) -> Self {
        let frame = Frame::new(plan).unwrap();
        let id = RolloutId::new("r1");
        let (state, decision) = create(id, frame, 0, &Principal::new("ann"), Some("ship it".to_owned())).unwrap();
        let mut run = Self { state, now_ms: 0, events: Vec::new(), log: String::new() };
        run.note(&decision);
        run
    }

    /// Creates the rollout, takes its lease and its claim: the first stage is under way, or closed.
    pub fn start(plan: Plan) -> Self {
        let mut run = Self::create(plan);
        run.lead(1, 0);
        run.claim(ClaimAnswer::Granted);
        run
    }

    /// Forgets what was written down so far.
    pub fn clear(&mut self) {
        self.log.clear();
    }

    /// What was written down.
    pub fn log(&mut self) -> String {
        std::mem::take(&mut self.log)
    }

    /// Lets time pass; nobody is told.
    pub fn pass(&mut self, secs: i64) -> &mut Self {
        self.now_ms += secs * 1000;
        self
    }

    pub fn lead(&mut self, epoch: u64, unobserved_secs: u64) {
        self.input("engine", Input::Lead { epoch, unobserved_ms: unobserved_secs * 1000 });
    }

    pub fn claim(&mut self, answer: ClaimAnswer) {
        let epoch = self.state.epoch;
        self.input("engine", Input::Claim { epoch, answer });
    }

    pub fn tick(&mut self) {
        let epoch = self.state.epoch;
        self.input("engine", Input::Tick { epoch });
    }

    /// Goes to the time at which the decider wants to be woken, and wakes it.
    pub fn wake(&mut self) {
        self.now_ms = self.state.next_wake_ms(self.now_ms).expect("it waits for no time");
        self.tick();
    }

    pub fn command(&mut self, who: &str, command: Command) {
        self.input(who, Input::Command(command));
    }

    pub fn approve(&mut self, who: &str, stage: &str) {
        let plan = self.state.frame.hash.clone();
        self.command(who, Command::Approve { stage: StageName::new(stage), plan });
    }

    /// Answers the running step of a kind on a target.
    pub fn answer(&mut self, target: &str, kind: StepKind, outcome: Outcome) {
        let step = self.step(target, kind);
        let (attempt, epoch) = (self.state.steps[step.index()].attempt, self.state.epoch);
        self.input("engine", Input::Step { step, attempt, epoch, outcome });
    }

    pub fn ok(&mut self, target: &str, kind: StepKind) {
        self.answer(target, kind, Outcome::Succeeded(Report::default()));
    }

    pub fn fail(&mut self, target: &str, kind: StepKind, failure: FailureKind) {
        self.answer(target, kind, Outcome::Failed(Failure::new(failure, "it did not")));
    }

    pub fn progress(&mut self, target: &str, kind: StepKind, waiting: &str) {
        let progress = Progress { done: 1, total: 2, waiting: waiting.to_owned() };
        self.answer(target, kind, Outcome::Progress(progress));
    }

    /// Lets targets apply, become healthy and be verified.
    pub fn verify(&mut self, targets: &[&str]) {
        for target in targets {
            self.ok(target, StepKind::Apply);
            self.ok(target, StepKind::Wait);
            self.ok(target, StepKind::Verify);
        }
    }

    /// A step by target and kind.
    pub fn step(&self, target: &str, kind: StepKind) -> StepId {
        let (_, target) = self.state.frame.plan.targets().find(|(_, planned)| planned.name.as_str() == target).unwrap();
        target.steps.iter().find(|step| step.kind == kind).unwrap().id
    }

    /// Gives an input, and checks that deciding is repeatable and that the events alone give the same state.
    pub fn input(&mut self, who: &str, input: Input) {
        let envelope = Envelope { at_ms: self.now_ms, by: Principal::new(who), reason: None, input };
        let before = self.state.clone();
        let copy = decide(&self.state, &envelope);
        let decision = handle(&mut self.state, &envelope);
        assert_eq!(copy, decision, "the same state and input gave two decisions");
        match decision {
            Ok(decision) => self.note(&decision),
            Err(refusal) => {
                assert_eq!(before, self.state, "a refusal changed the state");
                self.note_refusal(who, &refusal);
            }
        }
        let mut folded = State::empty(self.state.rollout.clone(), Arc::clone(&self.state.frame));
        self.events.iter().for_each(|event| folded.apply(event).unwrap());
        assert_eq!(folded, self.state, "the events do not give the state");
    }

    fn note(&mut self, decision: &Decision) {
        for recorded in &decision.events {
            let line = self.describe(&recorded.event);
            let at = Millis(recorded.at_ms.unsigned_abs());
            writeln!(self.log, "{at} {}: {line}", recorded.by).unwrap();
        }
        for effect in &decision.effects {
            let line = match effect {
                Effect::Claim { .. } => "claim".to_owned(),
                Effect::Perform { step, attempt, epoch, until_ms } => {
                    let until = until_ms.map(|until_ms| format!(" until {}", Millis(until_ms.unsigned_abs())));
                    format!("perform {} /{attempt} epoch {epoch}{}", self.name(*step), until.unwrap_or_default())
                }
                Effect::Cancel { step, attempt } => format!("cancel {} /{attempt}", self.name(*step)),
            };
            writeln!(self.log, "   → {line}").unwrap();
        }
        self.events.extend(decision.events.iter().cloned());
    }

    fn note_refusal(&mut self, who: &str, refusal: &Refusal) {
        writeln!(self.log, "{} {who}: refused: {refusal}", Millis(self.now_ms.unsigned_abs())).unwrap();
    }

    fn name(&self, step: StepId) -> String {
        let target = self.state.frame.target_of(step).unwrap();
        format!("{}/{}", self.state.frame.target(target).name, self.state.frame.step(step).unwrap().kind.word())
    }

    fn describe(&self, event: &Event) -> String {
        let deadline = |ms: i64| Millis(ms.unsigned_abs());
        match event {
            Event::StepStarted { step, attempt, deadline_ms } => {
                format!("started {} /{attempt}, deadline {}", self.name(*step), deadline(*deadline_ms))
            }
            Event::StepProgressed { step, attempt, progress } => {
                format!("progressed {} /{attempt}: {}", self.name(*step), progress.waiting)
            }
            Event::StepSucceeded { step, attempt, .. } => format!("succeeded {} /{attempt}", self.name(*step)),
            Event::StepFailed { step, attempt, failure, retry_at_ms } => {
                let retry = retry_at_ms.map(|at_ms| format!(", again at {}", deadline(at_ms)));
                format!("failed {} /{attempt}: {failure}{}", self.name(*step), retry.unwrap_or_default())
            }
            Event::Created { reason, .. } => format!("Created {}", reason.clone().unwrap_or_default()),
            Event::Led { epoch, unobserved_ms } => format!("Led epoch {epoch}, unobserved {}", Millis(*unobserved_ms)),
            Event::ClaimHeld { by, position } => format!("ClaimHeld by {by}, place {position}"),
            Event::Approved { stage, .. } => format!("Approved {stage}"),
            Event::StageOpened { stage } => format!("StageOpened {stage}"),
            Event::BakeStarted { stage, until_ms } => format!("BakeStarted {stage} until {}", deadline(*until_ms)),
            Event::StageCompleted { stage, end } => format!("StageCompleted {stage} {end:?}"),
            Event::Retried { targets, .. } => format!("Retried {targets:?}"),
            Event::Failed { stage, targets } => format!("Failed {stage} {targets:?}"),
            Event::ClaimGranted
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::StopRequested { .. }
            | Event::Stopped
            | Event::Succeeded => event.kind().to_owned(),
        }
    }
}
