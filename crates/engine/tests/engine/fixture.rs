//! A fleet in memory: what runs on each target, and faults by target name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use seaway_core::{
    declaration::{
        Amount, ApprovalGate, Cluster, ClusterState, Connection, Environment, Gate, Global, HealthPolicy, Layers,
        Limits, Prune, Region, Selector, Service, Source, Stage, Unreachable,
    },
    digest::Digest,
    duration::Millis,
    execution::{Failure, FailureKind, Report},
    ids::{EnvironmentName, RegionName, ServiceName, StageName, TargetName},
    object::ObjectRef,
    plan::{Change, ObjectChange, Observed, Plan, PlanInput, ServiceDifference, ServiceInput, Timings, build, select},
    release::{Content, Entry, Rendered},
};
use seaway_engine::{
    Clock, Engine, Error, Renderer,
    drivers::{Actual, Check, Driver, Drivers, Job, Target, Wanted},
};
use seaway_store::{Location, Store};

#[derive(Default)]
pub struct Fleet {
    /// Content by target and service.
    pub runs: Mutex<BTreeMap<(TargetName, ServiceName), Digest>>,
    /// Every write: target and content.
    pub writes: Mutex<Vec<(TargetName, Digest)>>,
    pub dead: Mutex<BTreeSet<TargetName>>,
    pub sick: Mutex<BTreeSet<TargetName>>,
    /// Targets whose driver never answers and ignores cancels.
    pub hung: Mutex<BTreeSet<TargetName>>,
    pub latency: Duration,
    /// For how long the whole process stands still at the start of the next bake.
    pub stall: Mutex<Option<Duration>>,
}

impl Fleet {
    async fn reach(&self, target: &TargetName) -> Result<(), Failure> {
        tokio::time::sleep(self.latency).await;
        if self.hung.lock().unwrap().contains(target) {
            std::future::pending::<()>().await;
        }
        match self.dead.lock().unwrap().contains(target) {
            true => Err(Failure::new(FailureKind::Unreachable, "connection refused")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Driver for Fleet {
    async fn read(&self, target: &Target) -> Result<BTreeMap<ServiceName, Actual>, Failure> {
        self.reach(&target.name).await?;
        Ok(BTreeMap::new())
    }

    async fn diff(
        &self,
        target: &Target,
        wanted: &[Wanted],
    ) -> Result<BTreeMap<ServiceName, ServiceDifference>, Failure> {
        self.reach(&target.name).await?;
        let runs = self.runs.lock().unwrap();
        let difference = |wanted: &Wanted| {
            let service = wanted.content.service.clone();
            let running = runs.get(&(target.name.clone(), service.clone())).cloned();
            let is_same = running.as_ref() == Some(&wanted.content.digest);
            let change = ObjectChange {
                object: wanted.content.objects[0].entry.object.clone(),
                change: Change::Modify,
                fields: vec![],
                why: String::new(),
            };
            let difference = ServiceDifference {
                base: running.clone().unwrap_or_else(|| Digest::of(b"nothing")),
                running,
                changes: if is_same { vec![] } else { vec![change] },
                unchanged: u32::from(is_same),
                inventory_stale: false,
            };
            (service, difference)
        };
        Ok(wanted.iter().map(difference).collect())
    }

    async fn apply(&self, job: &Job) -> Result<Report, Failure> {
        self.reach(&job.target.name).await?;
        if !(job.fence)() {
            return Err(Failure::new(FailureKind::Cancelled, "the lease is not certain"));
        }
        let mut writes = 0;
        for wanted in &job.wanted {
            let key = (job.target.name.clone(), wanted.content.service.clone());
            let old = self.runs.lock().unwrap().insert(key, wanted.content.digest.clone());
            if old.as_ref() != Some(&wanted.content.digest) {
                writes += 1;
                self.writes.lock().unwrap().push((job.target.name.clone(), wanted.content.digest.clone()));
            }
        }
        Ok(Report { writes, message: "applied".into(), evidence: serde_json::Value::Null })
    }

    async fn verify(&self, job: &Job, check: Check) -> Result<Report, Failure> {
        self.reach(&job.target.name).await?;
        if let Check::StaysUntil(until_ms) = check {
            if let Some(stall) = self.stall.lock().unwrap().take() {
                // Blocks the one thread of the test's runtime, and with it the renewal of the lease.
                std::thread::sleep(stall);
            }
            let clock = Clock::system();
            tokio::select! {
                () = clock.sleep_until(until_ms) => {}
                () = job.cancel.cancelled() => return Err(Failure::new(FailureKind::Cancelled, "cancelled")),
            }
        }
        if self.sick.lock().unwrap().contains(&job.target.name) {
            return Err(Failure::new(FailureKind::Unhealthy, "pod web/api-1: container api: CrashLoopBackOff"));
        }
        for wanted in &job.wanted {
            let key = (job.target.name.clone(), wanted.content.service.clone());
            if self.runs.lock().unwrap().get(&key) != Some(&wanted.content.digest) {
                return Err(Failure::new(FailureKind::Stale, "it runs something else"));
            }
        }
        Ok(Report { writes: 0, message: "healthy".into(), evidence: serde_json::Value::Null })
    }

    async fn destroy(&self, job: &Job, service: &ServiceName) -> Result<Report, Failure> {
        self.runs.lock().unwrap().remove(&(job.target.name.clone(), service.clone()));
        Ok(Report::default())
    }
}

pub struct NoSecrets;

#[async_trait]
impl Renderer for NoSecrets {
    async fn render(
        &self,
        _: &EnvironmentName,
        service: &ServiceName,
        _: &Digest,
        _: &TargetName,
    ) -> Result<Arc<Content>, Error> {
        Err(Error::NotFound { what: "service", name: service.to_string(), hint: String::new() })
    }
}

pub async fn engine(folder: &Path, fleet: &Arc<Fleet>) -> Engine {
    let store = Store::open(&Location::Sqlite(folder.join("state.db"))).await.unwrap();
    let driver: Arc<dyn Driver> = fleet.clone();
    Engine::new(store, Drivers::default().with("memory", driver), Arc::new(NoSecrets), Clock::system())
}

/// Stages `s0`, `s1`… with one region each and so many clusters `s0-0`, `s0-1`….
pub fn environment(stages: usize, clusters: usize, bake_ms: u64, gated: Option<usize>) -> Environment {
    let gate = Gate::Approval(ApprovalGate { count: 1, from: vec![] });
    let stage = |at: usize| Stage {
        name: StageName::new(format!("s{at}")),
        max_concurrent: Amount::Count(2),
        max_failures: Amount::Count(0),
        bake: Millis(bake_ms),
        gates: if gated == Some(at) { vec![gate.clone()] } else { vec![] },
    };
    let cluster = |at: usize, number: usize| Cluster {
        name: TargetName::new(format!("s{at}-{number}")),
        connection: Connection { kubeconfig: None, context: "none".into(), limits: Limits::default() },
        labels: BTreeMap::new(),
        roles: BTreeSet::new(),
        state: ClusterState::Active,
    };
    let region = |at: usize| Region {
        name: RegionName::new(format!("r{at}")),
        stage: StageName::new(format!("s{at}")),
        clusters: (0..clusters).map(|number| cluster(at, number)).collect(),
    };
    Environment {
        name: EnvironmentName::new("test"),
        stages: (0..stages).map(stage).collect(),
        global: Global::default(),
        regions: (0..stages).map(region).collect(),
        never_together: vec![],
        unreachable: Unreachable { give_up_after: Millis(1500) },
    }
}

pub fn content(version: u32) -> Arc<Content> {
    let manifest = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "web", "namespace": "web"}, "data": {"version": version.to_string()}});
    let entry = Entry {
        object: ObjectRef::of(&manifest).unwrap(),
        digest: Digest::of_json(&manifest),
        phase: 0,
        sensitive: false,
    };
    Arc::new(Content::new(ServiceName::new("web"), vec![Rendered { entry, manifest: Arc::new(manifest) }]))
}

/// Plans version `version` of the service `web` by what the fleet says.
pub async fn plan(engine: &Engine, fleet: &Fleet, environment: &Environment, version: u32) -> Plan {
    let service = Service {
        name: ServiceName::new("web"),
        file: "web/seaway.yaml".into(),
        source: Source::Manifests { path: "web".into(), git: None },
        patches: Vec::new(),
        renderer: None,
        drawn: None,
        namespace: "web".into(),
        targets: Selector::default(),
        config: BTreeMap::new(),
        values: Layers::default(),
        depends_on: vec![],
        health: HealthPolicy::default(),
        prune: Prune::Delete,
    };
    let services = BTreeMap::from([(service.name.clone(), &service)]);
    let selection = select(environment, &services);
    let content = content(version);
    let contents: BTreeMap<_, _> =
        selection.targets.iter().map(|target| (target.cluster.name.clone(), Arc::clone(&content))).collect();
    let inputs = BTreeMap::from([(
        service.name.clone(),
        ServiceInput {
            service: &service,
            source: Digest::of(b"tree"),
            contents,
            provenance: None,
            values: Default::default(),
        },
    )]);
    let mut observed = BTreeMap::new();
    for target in &selection.targets {
        let place = Target {
            environment: environment.name.clone(),
            name: target.cluster.name.clone(),
            connection: target.cluster.connection.clone(),
        };
        let policy = seaway_core::plan::ServicePolicy {
            namespace: "web".into(),
            depends_on: vec![],
            health_timeout: Millis(1000),
            stable_for: Millis(0),
            pod_grace: Millis(0),
            prune: true,
            source: Digest::of(b"tree"),
            provenance: None,
        };
        let wanted = Wanted { content: Arc::clone(&content), policy, allow_replace: false, base: None };
        let found = match fleet.diff(&place, &[wanted]).await {
            Ok(differences) => Observed::Reached(differences),
            Err(failure) => Observed::Unreachable { why: failure.to_string() },
        };
        observed.insert(target.cluster.name.clone(), found);
    }
    let plan = build(&PlanInput {
        environment,
        services: inputs,
        selection: &selection,
        observed: &observed,
        driver: "memory",
        allow_replace: false,
        parent: None,
        timings: &Timings::default(),
    });
    assert_eq!(seaway_core::plan::lint(&plan), vec![]);
    assert_eq!(seaway_core::plan::lint_against(&plan, environment), vec![]);
    engine.save_contents([&content].into_iter()).await.unwrap();
    engine.save_plan(&plan).await.unwrap();
    plan
}
