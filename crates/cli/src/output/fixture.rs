//! Hand-made plans and rollouts for tests: three stages, five targets, every kind of change.

#![allow(missing_docs)]

use std::collections::BTreeMap;

use seaway_core::{
    declaration::{ApprovalGate, Connection, Gate},
    digest::Digest,
    duration::Millis,
    execution::{
        ClaimAnswer, Command, Envelope, Failure, FailureKind, Frame, Input, Outcome, Progress, Recorded, Report, State,
        create, handle,
    },
    ids::{EnvironmentName, Principal, RegionName, RolloutId, ServiceName, StageName, StepId, TargetName},
    object::ObjectRef,
    plan::{
        Change, Excluded, FieldChange, Lane, ObjectChange, Plan, PlannedContent, ServicePolicy, StagePlan, StepKind,
        StepPlan, TargetPlan, TargetService, Totals,
    },
    release::Entry,
};
use serde_json::json;

/// 2026-11-03 14:30 UTC.
pub const START_MS: i64 = 1_793_716_200_000;
/// Id of the rollout.
pub const ID: &str = "prod-261103-k3x9qdm";

pub fn object(group: &str, kind: &str, name: &str) -> ObjectRef {
    ObjectRef {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: kind.to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
    }
}

fn field(path: &str, before: Option<serde_json::Value>, after: Option<serde_json::Value>) -> FieldChange {
    FieldChange { path: path.to_owned(), before, after, sensitive: false }
}

fn changes() -> Vec<ObjectChange> {
    let modify = |object, fields| ObjectChange { object, change: Change::Modify, fields, why: String::new() };
    let bare = |object, change, why: &str| ObjectChange { object, change, fields: Vec::new(), why: why.to_owned() };
    let image = "spec.template.spec.containers[name=api].image";
    vec![
        bare(object("", "ConfigMap", "banner"), Change::Create, ""),
        modify(
            object("", "ConfigMap", "settings"),
            vec![field(
                "data.nginx.conf",
                Some(json!("user web;\nworkers 2;\nlog on;\n")),
                Some(json!("user web;\nworkers 4;\nlog on;\n")),
            )],
        ),
        modify(
            object("", "Secret", "database"),
            vec![FieldChange { path: "data.password".to_owned(), before: None, after: None, sensitive: true }],
        ),
        bare(object("", "Service", "legacy"), Change::Delete, "it left the source"),
        modify(
            object("apps", "Deployment", "api"),
            vec![
                field(
                    image,
                    Some(json!("registry.example.com/shop/api:1.4.0")),
                    Some(json!("registry.example.com/shop/api:1.5.0")),
                ),
                field("spec.replicas", Some(json!(2)), Some(json!(3))),
                field("spec.template.metadata.labels.track", None, Some(json!("stable"))),
            ],
        ),
        ObjectChange {
            object: object("batch", "Job", "migrate"),
            change: Change::Replace,
            fields: vec![field(
                "spec.template.spec.containers[name=migrate].image",
                Some(json!("m:1")),
                Some(json!("m:2")),
            )],
            why: "a Job cannot be changed in place; it allows being replaced".to_owned(),
        },
    ]
}

pub struct Target<'a> {
    pub name: &'a str,
    pub region: &'a str,
    pub is_changed: bool,
    pub unreachable: Option<&'a str>,
}

/// A target with apply, wait, verify and, when its stage bakes, bake.
pub fn target(of: &Target<'_>, is_baked: bool, next: &mut u32) -> TargetPlan {
    let service = ServiceName::new("shop");
    let mut steps = Vec::new();
    let mut step = |kind, after: Vec<u32>| {
        let id = *next;
        *next += 1;
        steps.push(StepPlan {
            id: StepId(id),
            kind,
            services: vec![service.clone()],
            after: after.into_iter().map(StepId).collect(),
            limit: Millis::secs(600),
            why: "the release changes here".to_owned(),
        });
        id
    };
    let mut before = Vec::new();
    if of.is_changed {
        let apply = step(StepKind::Apply, vec![]);
        before = vec![step(StepKind::Wait, vec![apply])];
    }
    let verify = step(StepKind::Verify, before);
    if of.is_changed && is_baked {
        step(StepKind::Bake, vec![verify]);
    }
    let is_known = of.unreachable.is_none();
    let base = Digest::of(b"base");
    TargetPlan {
        name: TargetName::new(of.name),
        region: (!of.region.is_empty()).then(|| RegionName::new(of.region)),
        driver: "kube".to_owned(),
        connection: Connection { kubeconfig: None, context: of.name.to_owned(), limits: Default::default() },
        why: format!("region `{}` is in its stage; `shop` selects it", of.region),
        unreachable: of.unreachable.map(str::to_owned),
        services: vec![TargetService {
            service,
            content: Digest::of(b"new"),
            values: None,
            running: is_known.then(|| Digest::of(b"old")),
            base: is_known.then_some(base),
            changes: if of.is_changed && is_known { changes() } else { Vec::new() },
            unchanged: if is_known { 9 } else { 0 },
            is_changed: of.is_changed,
            why: if is_known { "runs another content".to_owned() } else { "the target did not answer".to_owned() },
        }],
        steps,
    }
}

fn stage(name: &str, targets: Vec<TargetPlan>, max_concurrent: u32, bake: Millis, gates: Vec<Gate>) -> StagePlan {
    StagePlan {
        name: StageName::new(name),
        max_concurrent,
        max_failures: 0,
        bake,
        gates,
        why: format!("{} targets change", targets.len()),
        targets,
        predicted: Millis(31_000 + bake.0),
    }
}

/// Stages canary (c1, bakes 10 min), pilot (c2, c3, bakes 30 min), broad (approval; c4 unchanged, c5 unreachable).
pub fn plan() -> Plan {
    let mut next = 0;
    let mut make = |name, region, is_changed, unreachable, is_baked| {
        target(&Target { name, region, is_changed, unreachable }, is_baked, &mut next)
    };
    let canary = vec![make("c1", "westus2", true, None, true)];
    let pilot = vec![make("c2", "eastus", true, None, true), make("c3", "eastus", true, None, true)];
    let broad = vec![
        make("c4", "northeurope", false, None, false),
        make("c5", "northeurope", true, Some("connection refused (10.0.0.5:6443)"), false),
    ];
    let approval = Gate::Approval(ApprovalGate { count: 2, from: vec![Principal::new("ana"), Principal::new("bo")] });
    let stages = vec![
        stage("canary", canary, 1, Millis::secs(600), vec![]),
        stage("pilot", pilot, 2, Millis::secs(1800), vec![]),
        stage("broad", broad, 1, Millis(0), vec![approval]),
    ];
    finish(stages)
}

/// One stage `all` with so many changed targets and no bake.
pub fn wide(targets: u32, max_concurrent: u32) -> Plan {
    let mut next = 0;
    let names: Vec<String> = (1..=targets).map(|n| format!("k8s-{n:04}")).collect();
    let targets = names
        .iter()
        .map(|name| {
            target(&Target { name, region: "everywhere", is_changed: true, unreachable: None }, false, &mut next)
        })
        .collect();
    finish(vec![stage("all", targets, max_concurrent, Millis(0), vec![])])
}

fn finish(stages: Vec<StagePlan>) -> Plan {
    let mut totals = Totals::default();
    for service in stages.iter().flat_map(|stage| &stage.targets).flat_map(|target| &target.services) {
        totals.add_unchanged(service.unchanged);
        service.changes.iter().for_each(|change| totals.add(change.change));
        if service.base.is_none() {
            totals.add(Change::Unknown);
        }
    }
    let shop = ServiceName::new("shop");
    let policy = ServicePolicy {
        namespace: "shop".to_owned(),
        depends_on: Vec::new(),
        health_timeout: Millis::secs(600),
        stable_for: Millis(0),
        pod_grace: Millis::secs(60),
        prune: true,
        source: Digest::of(b"source"),
        provenance: None,
    };
    let entry =
        Entry { object: object("apps", "Deployment", "api"), digest: Digest::of(b"api"), phase: 0, sensitive: false };
    let content = PlannedContent { service: shop.clone(), objects: vec![entry] };
    Plan {
        api_version: seaway_core::API_VERSION.to_owned(),
        kind: "Plan".to_owned(),
        environment: EnvironmentName::new("prod"),
        lane: Lane::Standard,
        parent: None,
        release: Digest::of(b"release"),
        services: BTreeMap::from([(shop.clone(), policy)]),
        contents: BTreeMap::from([(Digest::of(b"new"), content)]),
        values: BTreeMap::new(),
        predicted: Millis(stages.iter().map(|stage| stage.predicted.0).sum()),
        stages,
        excluded: vec![Excluded {
            target: TargetName::new("c9"),
            service: shop,
            why: "the cluster is cordoned".to_owned(),
        }],
        allow_replace: false,
        give_up_unreachable_after: Millis::secs(60),
        totals,
    }
}

/// A rollout that a test moves by hand. Time is in seconds since [`START_MS`].
pub struct Rollout {
    pub state: State,
    pub at_ms: i64,
    /// What happened so far.
    pub events: Vec<Recorded>,
}

impl Rollout {
    /// Created by `ana`, not driven yet.
    pub fn new(plan: Plan) -> Self {
        let frame = Frame::new(plan).unwrap();
        let (state, created) =
            create(RolloutId::new(ID), frame, START_MS, &Principal::new("ana"), Some("release 42".to_owned())).unwrap();
        Self { state, at_ms: START_MS, events: created.events }
    }

    /// Driven, with the right to change its services.
    pub fn led(plan: Plan) -> Self {
        let mut rollout = Self::new(plan);
        rollout.input(Input::Lead { epoch: 1, unobserved_ms: 0 });
        rollout.input(Input::Claim { epoch: 1, answer: ClaimAnswer::Granted });
        rollout
    }

    pub fn at(&mut self, secs: i64) -> &mut Self {
        self.at_ms = START_MS + secs * 1000;
        self
    }

    pub fn input(&mut self, input: Input) -> &mut Self {
        self.input_by("seaway/engine", None, input)
    }

    pub fn input_by(&mut self, by: &str, reason: Option<&str>, input: Input) -> &mut Self {
        let envelope = Envelope { at_ms: self.at_ms, by: Principal::new(by), reason: reason.map(str::to_owned), input };
        let decision = handle(&mut self.state, &envelope).unwrap();
        self.events.extend(decision.events);
        self
    }

    pub fn command(&mut self, by: &str, reason: Option<&str>, command: Command) -> &mut Self {
        self.input_by(by, reason, Input::Command(command))
    }

    /// The step of a target in flight.
    fn running(&self, target: &str) -> (StepId, u32) {
        let is_of = |step: &&StepId| {
            self.state.frame.target_of(**step).is_some_and(|t| self.state.frame.target(t).name.as_str() == target)
        };
        let step = *self.state.running.iter().find(is_of).unwrap();
        (step, self.state.steps[step.index()].attempt)
    }

    pub fn answer(&mut self, target: &str, outcome: Outcome) -> &mut Self {
        let (step, attempt) = self.running(target);
        let epoch = self.state.epoch;
        self.input(Input::Step { step, attempt, epoch, outcome })
    }

    pub fn succeed(&mut self, target: &str) -> &mut Self {
        let report = Report { writes: 6, message: "6 objects written".to_owned(), evidence: json!(null) };
        self.answer(target, Outcome::Succeeded(report))
    }

    pub fn progress(&mut self, target: &str, done: u32, total: u32, waiting: &str) -> &mut Self {
        self.answer(target, Outcome::Progress(Progress { done, total, waiting: waiting.to_owned() }))
    }

    pub fn fail(&mut self, target: &str, kind: FailureKind, message: &str) -> &mut Self {
        let failure = Failure::new(kind, message)
            .detail("Back-off pulling image \"registry.example.com/shop/api:1.5.0-broken\": not found")
            .help("fix the image, then `seaway rollout retry`");
        self.answer(target, Outcome::Failed(failure))
    }

    /// All steps of a target up to the bake.
    pub fn verify(&mut self, target: &str) -> &mut Self {
        self.succeed(target).succeed(target).succeed(target)
    }

    pub fn tick(&mut self) -> &mut Self {
        let epoch = self.state.epoch;
        self.input(Input::Tick { epoch })
    }
}

/// A rollout whose canary failed: an image that cannot be pulled.
pub fn broken_canary() -> Rollout {
    let mut rollout = Rollout::led(plan());
    rollout.at(2).succeed("c1");
    rollout.at(4).progress("c1", 8, 15, "Deployment shop/api: 1 of 3 pods ready");
    let message = "Deployment.apps shop/api: pod `api-6d4c9` container `api`: ImagePullBackOff: image `registry.example.com/shop/api:1.5.0-broken` cannot be pulled";
    rollout.at(65).fail("c1", FailureKind::Unhealthy, message);
    rollout
}
