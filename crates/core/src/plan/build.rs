//! The planner: declarations, rendered content and what runs now become one plan.
//!
//! Pure: the same inputs and the same world give the same bytes.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Change, Lane, Observed, Plan, PlannedContent, PlannedValue, Selected, ServiceDifference, ServicePolicy, StagePlan,
    TargetPlan, TargetService, Timings, Totals, select::GLOBAL_STAGE, select::Selection, steps,
};
use crate::{
    API_VERSION,
    declaration::{Amount, Environment, Gate, Service},
    digest::Digest,
    duration::Millis,
    ids::{ServiceName, StageName, TargetName},
    provenance::Provenance,
    release::{Content, release_digest},
};

/// Everything that a plan is computed from.
pub struct PlanInput<'a> {
    /// The fleet.
    pub environment: &'a Environment,
    /// The services, by name.
    pub services: BTreeMap<ServiceName, ServiceInput<'a>>,
    /// Where they go.
    pub selection: &'a Selection<'a>,
    /// What runs there. A target without an entry counts as unreachable.
    pub observed: &'a BTreeMap<TargetName, Observed>,
    /// The driver of all targets, such as `kube`.
    pub driver: &'a str,
    /// Consent to delete and create again what cannot be changed in place.
    pub allow_replace: bool,
    /// Plan that this one replaces.
    pub parent: Option<Digest>,
    /// How long services took before.
    pub timings: &'a Timings,
}

/// One service with its rendered content.
#[derive(Clone, Debug)]
pub struct ServiceInput<'a> {
    /// The declaration.
    pub service: &'a Service,
    /// Digest of the source tree.
    pub source: Digest,
    /// Content by target.
    pub contents: BTreeMap<TargetName, Arc<Content>>,
    /// Where the content comes from.
    pub provenance: Option<Provenance>,
    /// Configuration by target, for targets that have any.
    pub values: BTreeMap<TargetName, BTreeMap<String, PlannedValue>>,
}

impl ServiceInput<'_> {
    /// Digest of the configuration of a target.
    fn values_on(&self, target: &TargetName) -> Option<Digest> {
        self.values.get(target).map(values_digest)
    }
}

/// Content address of a configuration.
fn values_digest(values: &BTreeMap<String, PlannedValue>) -> Digest {
    let list: Vec<_> = values.iter().map(|(key, one)| serde_json::json!([key, one.value, one.layer])).collect();
    Digest::of_json(&serde_json::Value::Array(list))
}

/// Rules of one stage as declared.
struct Rules<'a> {
    name: StageName,
    max_concurrent: Amount,
    max_failures: Amount,
    bake: Millis,
    gates: &'a [Gate],
}

/// Computes the plan.
pub fn build(input: &PlanInput<'_>) -> Plan {
    let services = policies(input);
    let contents = contents(input);
    let mut next_step = 0;
    let mut stages = Vec::new();
    for rules in rules(input.environment) {
        let selected: Vec<&Selected<'_>> =
            input.selection.targets.iter().filter(|target| target.stage == rules.name).collect();
        if !selected.is_empty() {
            stages.push(stage(input, &services, &contents, &rules, &selected, &mut next_step));
        }
    }
    let mut totals = Totals::default();
    for service in stages.iter().flat_map(|stage| &stage.targets).flat_map(|target| &target.services) {
        totals.add_unchanged(service.unchanged);
        service.changes.iter().for_each(|change| totals.add(change.change));
        if service.changes.is_empty() && service.base.is_none() {
            totals.add(Change::Unknown);
        }
    }
    let predicted = Millis(stages.iter().map(|stage| stage.predicted.0).sum());
    Plan {
        api_version: API_VERSION.to_owned(),
        kind: "Plan".to_owned(),
        environment: input.environment.name.clone(),
        lane: Lane::Standard,
        parent: input.parent.clone(),
        release: release(input),
        services,
        contents,
        values: values(input),
        stages,
        excluded: input.selection.excluded.clone(),
        allow_replace: input.allow_replace,
        give_up_unreachable_after: input.environment.unreachable.give_up_after,
        totals,
        predicted,
    }
}

fn rules(environment: &Environment) -> impl Iterator<Item = Rules<'_>> {
    let global = Rules {
        name: StageName::new(GLOBAL_STAGE),
        max_concurrent: Amount::Count(1),
        max_failures: Amount::Count(0),
        bake: environment.global.bake,
        gates: &environment.global.gates,
    };
    let stages = environment.stages.iter().map(|stage| Rules {
        name: stage.name.clone(),
        max_concurrent: stage.max_concurrent,
        max_failures: stage.max_failures,
        bake: stage.bake,
        gates: &stage.gates,
    });
    std::iter::once(global).chain(stages)
}

fn policies(input: &PlanInput<'_>) -> BTreeMap<ServiceName, ServicePolicy> {
    let names = || input.services.keys();
    let policy = |planned: &ServiceInput<'_>| ServicePolicy {
        provenance: planned.provenance.clone(),
        ..ServicePolicy::of(planned.service, planned.source.clone(), names())
    };
    input.services.iter().map(|(name, planned)| (name.clone(), policy(planned))).collect()
}

fn contents(input: &PlanInput<'_>) -> BTreeMap<Digest, PlannedContent> {
    let all = input.services.values().flat_map(|planned| planned.contents.values());
    let mut contents = BTreeMap::new();
    for content in all {
        contents
            .entry(content.digest.clone())
            .or_insert_with(|| PlannedContent { service: content.service.clone(), objects: content.entries() });
    }
    contents
}

fn values(input: &PlanInput<'_>) -> BTreeMap<Digest, BTreeMap<String, PlannedValue>> {
    let all = input.services.values().flat_map(|planned| planned.values.values());
    all.map(|values| (values_digest(values), values.clone())).collect()
}

fn release(input: &PlanInput<'_>) -> Digest {
    let mut contents = BTreeMap::new();
    for (name, planned) in &input.services {
        for (target, content) in &planned.contents {
            contents.insert((target.as_str().to_owned(), name.clone()), content.digest.clone());
        }
    }
    release_digest(&contents)
}

fn stage(
    input: &PlanInput<'_>,
    policies: &BTreeMap<ServiceName, ServicePolicy>,
    contents: &BTreeMap<Digest, PlannedContent>,
    rules: &Rules<'_>,
    selected: &[&Selected<'_>],
    next_step: &mut u32,
) -> StagePlan {
    let mut targets: Vec<TargetPlan> = selected.iter().map(|target| plan_target(input, target)).collect();
    let changed = targets.iter().filter(|target| target.is_changed()).count();
    let (bake, gates) = if changed == 0 { (Millis(0), Vec::new()) } else { (rules.bake, rules.gates.to_vec()) };
    for target in &mut targets {
        let is_baked = bake.0 > 0 && target.is_changed();
        target.steps = steps::steps(&target.services, policies, contents, is_baked, next_step);
    }
    let total = targets.len() as u32;
    let max_concurrent = rules.max_concurrent.of_rounded_up(total).clamp(1, total.max(1));
    let predicted = input.timings.stage(&targets, max_concurrent, bake);
    let why = match changed {
        0 => {
            "nothing changes here: each target is only read back, no approval is asked and no bake is needed".to_owned()
        }
        _ => format!("{changed} of {total} targets change"),
    };
    StagePlan {
        name: rules.name.clone(),
        max_concurrent,
        max_failures: rules.max_failures.of_rounded_down(total),
        bake,
        gates,
        why,
        targets,
        predicted,
    }
}

fn plan_target(input: &PlanInput<'_>, selected: &Selected<'_>) -> TargetPlan {
    let name = selected.cluster.name.clone();
    let observed = input.observed.get(&name);
    let unreachable = match observed {
        Some(Observed::Reached(_)) => None,
        Some(Observed::Unreachable { why }) => Some(why.clone()),
        None => Some("it was not asked".to_owned()),
    };
    let services = selected.services.iter().filter_map(|service| {
        let planned = input.services.get(service)?;
        let content = planned.contents.get(&name)?;
        let difference = match observed {
            Some(Observed::Reached(differences)) => differences.get(service),
            Some(Observed::Unreachable { .. }) | None => None,
        };
        Some(target_service(content, planned.values_on(&name), difference))
    });
    let services: Vec<TargetService> = services.collect();
    let place = match selected.region {
        Some(region) => format!("region `{}` is in stage `{}`", region.name, selected.stage),
        None => "it belongs to the whole fleet".to_owned(),
    };
    let names: Vec<&str> = services.iter().map(|service| service.service.as_str()).collect();
    TargetPlan {
        name,
        region: selected.region.map(|region| region.name.clone()),
        driver: input.driver.to_owned(),
        connection: selected.cluster.connection.clone(),
        why: format!("{place}; `{}` selects it", names.join("`, `")),
        unreachable,
        services,
        steps: Vec::new(),
    }
}

fn target_service(content: &Content, values: Option<Digest>, difference: Option<&ServiceDifference>) -> TargetService {
    let Some(difference) = difference else {
        return TargetService {
            service: content.service.clone(),
            content: content.digest.clone(),
            values,
            running: None,
            base: None,
            changes: Vec::new(),
            unchanged: 0,
            is_changed: true,
            why: "the target did not answer: what will change is not known".to_owned(),
        };
    };
    let writes = difference.changes.iter().filter(|change| change.change.is_write()).count();
    let is_other = difference.running.as_ref() != Some(&content.digest);
    let why = match (writes, is_other || difference.inventory_stale, &difference.running) {
        (0, false, _) => "already runs this content".to_owned(),
        (0, true, None) => "every object is as wanted; only the inventory is written".to_owned(),
        (0, true, Some(running)) => format!("every object is as wanted; the inventory still says {}", running.short()),
        (_, _, None) => "first time on this target".to_owned(),
        (_, false, Some(_)) => "the target drifted from the content that it was given".to_owned(),
        (_, true, Some(running)) => format!("runs {}, will run {}", running.short(), content.digest.short()),
    };
    TargetService {
        service: content.service.clone(),
        content: content.digest.clone(),
        values,
        running: difference.running.clone(),
        base: Some(difference.base.clone()),
        changes: difference.changes.clone(),
        unchanged: difference.unchanged,
        is_changed: writes > 0 || is_other || difference.inventory_stale,
        why,
    }
}
