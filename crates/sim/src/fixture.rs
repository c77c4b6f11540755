//! Small fleets and releases for rehearsals and tests, planned by the real planner.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    declaration::{
        Amount, ApprovalGate, Cluster, ClusterState, Connection, Environment, Gate, Global, HealthPolicy, Layers,
        Limits, Prune, Region, Selector, Service, Source, Stage, Unreachable,
    },
    digest::Digest,
    duration::Millis,
    ids::{EnvironmentName, Principal, RegionName, ServiceName, StageName, TargetName},
    object::ObjectRef,
    plan::{Plan, PlanInput, ServiceInput, Timings, build, select},
    release::{Content, Entry, Rendered},
};
use serde_json::json;

use crate::fleet::{Fleet, Pace};

/// One stage of a shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageShape {
    /// Number of targets.
    pub targets: u32,
    /// Most targets in flight at once.
    pub max_concurrent: u32,
    /// Most targets that may fail.
    pub max_failures: u32,
    /// Bake.
    pub bake: Millis,
    /// Approval gates: how many, of whom.
    pub approvals: Vec<(u32, Vec<&'static str>)>,
    /// Targets, counted from the end, that run the new content already.
    pub unchanged: u32,
}

impl Default for StageShape {
    fn default() -> Self {
        Self { targets: 2, max_concurrent: 1, max_failures: 0, bake: Millis(0), approvals: Vec::new(), unchanged: 0 }
    }
}

/// A fleet, and what rolls out on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// The stages.
    pub stages: Vec<StageShape>,
    /// Services; each needs the one before it.
    pub services: u32,
    /// Objects of each content.
    pub objects: u32,
}

/// A fleet with its declarations and three versions of each service: the one that runs, the next, and another.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The fleet.
    pub environment: Environment,
    /// The services.
    pub services: BTreeMap<ServiceName, Service>,
    /// The clusters, with version 0 installed, save where the shape says otherwise.
    pub fleet: Fleet,
    contents: BTreeMap<(ServiceName, u32), Arc<Content>>,
}

impl Shape {
    /// Builds the fleet.
    pub fn build(&self) -> Scenario {
        let environment = environment(&self.stages);
        let names: Vec<ServiceName> = (0..self.services.max(1)).map(|at| ServiceName::new(format!("s{at}"))).collect();
        let services: BTreeMap<ServiceName, Service> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.clone(), service(name, at.checked_sub(1).map(|before| names[before].clone()))))
            .collect();
        let versions = names.iter().flat_map(|name| (0..3).map(move |version| (name.clone(), version)));
        let contents: BTreeMap<(ServiceName, u32), Arc<Content>> = versions
            .map(|(name, version)| ((name.clone(), version), Arc::new(content(&name, version, self.objects))))
            .collect();
        let mut fleet = Fleet::new(0);
        for (stage, region) in self.stages.iter().zip(&environment.regions) {
            for (at, cluster) in region.clusters.iter().enumerate() {
                fleet.add(cluster.name.clone(), Pace { request_ms: 10, warm_up_ms: 400 });
                let version = u32::from(at as u32 + stage.unchanged >= stage.targets);
                for name in &names {
                    fleet.install(&cluster.name, Arc::clone(&contents[&(name.clone(), version)]));
                }
            }
        }
        Scenario { environment, services, fleet, contents }
    }
}

impl Scenario {
    /// Content of a service by version, 0 to 2.
    pub fn content(&self, service: &ServiceName, version: u32) -> Option<Arc<Content>> {
        self.contents.get(&(service.clone(), version)).cloned()
    }

    /// Content by digest.
    pub fn by_digest(&self, digest: &Digest) -> Option<Arc<Content>> {
        self.contents.values().find(|content| content.digest == *digest).cloned()
    }

    /// Plans a version of some services on a fleet as it is at a time.
    pub fn plan(&self, fleet: &Fleet, services: &[ServiceName], version: u32, at_ms: i64) -> Plan {
        let chosen: BTreeMap<ServiceName, &Service> =
            self.services.iter().filter(|(name, _)| services.contains(name)).map(|(n, s)| (n.clone(), s)).collect();
        let selection = select(&self.environment, &chosen);
        let wanted: Vec<Arc<Content>> = chosen.keys().filter_map(|name| self.content(name, version)).collect();
        let targets = || selection.targets.iter().map(|target| &target.cluster.name);
        let observed = targets().map(|target| (target.clone(), fleet.observed(target, &wanted, at_ms))).collect();
        let inputs = chosen.iter().filter_map(|(name, service)| {
            let content = self.content(name, version)?;
            let contents = targets().map(|target| (target.clone(), Arc::clone(&content))).collect();
            Some((
                name.clone(),
                ServiceInput {
                    service,
                    source: content.digest.clone(),
                    contents,
                    provenance: None,
                    values: BTreeMap::new(),
                },
            ))
        });
        build(&PlanInput {
            environment: &self.environment,
            services: inputs.collect(),
            selection: &selection,
            observed: &observed,
            driver: "sim",
            allow_replace: false,
            parent: None,
            timings: &Timings::default(),
        })
    }

    /// All its services.
    pub fn service_names(&self) -> Vec<ServiceName> {
        self.services.keys().cloned().collect()
    }
}

fn environment(stages: &[StageShape]) -> Environment {
    let region = |(at, shape): (usize, &StageShape)| Region {
        name: RegionName::new(format!("r{at}")),
        stage: StageName::new(format!("stage{at}")),
        clusters: (0..shape.targets).map(|cluster| self::cluster(&format!("c{at}{cluster}"))).collect(),
    };
    let stage = |(at, shape): (usize, &StageShape)| Stage {
        name: StageName::new(format!("stage{at}")),
        max_concurrent: Amount::Count(shape.max_concurrent),
        max_failures: Amount::Count(shape.max_failures),
        bake: shape.bake,
        gates: shape
            .approvals
            .iter()
            .map(|(count, from)| {
                Gate::Approval(ApprovalGate { count: *count, from: from.iter().map(Principal::new).collect() })
            })
            .collect(),
    };
    Environment {
        name: EnvironmentName::new("sim"),
        stages: stages.iter().enumerate().map(stage).collect(),
        global: Global::default(),
        regions: stages.iter().enumerate().map(region).collect(),
        never_together: Vec::new(),
        unreachable: Unreachable { give_up_after: Millis::secs(30) },
    }
}

/// A cluster of a simulated fleet.
pub(crate) fn cluster(name: &str) -> Cluster {
    Cluster {
        name: TargetName::new(name),
        connection: Connection { kubeconfig: None, context: name.to_owned(), limits: Limits::default() },
        labels: BTreeMap::new(),
        roles: std::collections::BTreeSet::new(),
        state: ClusterState::Active,
    }
}

/// A service of a simulated fleet, which goes everywhere.
pub(crate) fn service(name: &ServiceName, needs: Option<ServiceName>) -> Service {
    Service {
        name: name.clone(),
        file: format!("services/{name}.yaml"),
        source: Source::Manifests { path: format!("services/{name}"), git: None },
        patches: Vec::new(),
        renderer: None,
        drawn: None,
        namespace: name.as_str().to_owned(),
        targets: Selector::default(),
        config: BTreeMap::new(),
        values: Layers::default(),
        depends_on: needs.into_iter().collect(),
        health: HealthPolicy { timeout: Millis::secs(20), stable_for: Millis(100), pod_grace: Millis::secs(5) },
        prune: Prune::Delete,
    }
}

fn content(service: &ServiceName, version: u32, objects: u32) -> Content {
    let object = |at: u32| {
        let manifest = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": format!("d{at}"), "namespace": service.as_str()},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": format!("{service}:{version}")}]}}},
        });
        rendered(manifest)
    };
    Content::new(service.clone(), (0..objects.max(1)).filter_map(object).collect())
}

/// A manifest with its entry; `None` when it has no identity.
pub(crate) fn rendered(manifest: serde_json::Value) -> Option<Rendered> {
    let object = ObjectRef::of(&manifest)?;
    let sensitive = object.is_secret();
    let entry = Entry { object, digest: Digest::of_json(&manifest), phase: 0, sensitive };
    Some(Rendered { entry, manifest: Arc::new(manifest) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaway_core::plan::{lint, lint_against};

    #[test]
    fn a_shape_becomes_a_plan_that_the_linter_accepts() {
        let shape = Shape {
            stages: vec![
                StageShape { bake: Millis::secs(60), ..StageShape::default() },
                StageShape { targets: 3, unchanged: 1, approvals: vec![(1, vec!["ann"])], ..StageShape::default() },
                StageShape { unchanged: 2, bake: Millis::secs(60), ..StageShape::default() },
            ],
            services: 2,
            objects: 2,
        };
        let scenario = shape.build();
        let plan = scenario.plan(&scenario.fleet, &scenario.service_names(), 1, 0);
        assert_eq!(lint(&plan), []);
        assert_eq!(lint_against(&plan, &scenario.environment), []);
        let changed: Vec<usize> =
            plan.stages.iter().map(|stage| stage.targets.iter().filter(|target| target.is_changed()).count()).collect();
        assert_eq!(changed, [2, 2, 0]);
        assert_eq!((plan.stages[2].bake, plan.totals.modify, plan.totals.unchanged), (Millis(0), 16, 12));
        let fields = &plan.stages[0].targets[0].services[0].changes[0].fields;
        assert_eq!(fields[0].path, "spec.template.spec.containers[name=main].image");
        assert_eq!((fields[0].before.clone(), fields[0].after.clone()), (Some(json!("s0:0")), Some(json!("s0:1"))));
    }
}
