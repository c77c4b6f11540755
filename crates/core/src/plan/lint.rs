//! The plan linter: checks a plan by its own rules, without the code that made it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Plan, StagePlan, StepKind, TargetPlan};
use crate::{
    declaration::{Environment, Gate},
    diagnostic::{Diagnostic, codes},
    ids::{ServiceName, StepId},
    release::content_digest,
};

/// Everything that is wrong with a plan by itself.
pub fn lint(plan: &Plan) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut report = |code, message: String| findings.push(Diagnostic::error(code, message));
    step_order(plan, &mut report);
    targets_once(plan, &mut report);
    contents(plan, &mut report);
    blast_radius(plan, &mut report);
    for (stage, target) in plan.targets() {
        target_steps(plan, stage, target, &mut report);
    }
    if plan.totals.refused > 0 {
        let refused =
            plan.targets().flat_map(|(_, target)| target.services.iter().map(move |service| (target, service)));
        for (target, service) in refused {
            for change in service.changes.iter().filter(|change| change.change == Change::Refused) {
                let found = format!("`{}`: {} is refused: {}", target.name, change.object, change.why);
                findings.push(Diagnostic::warning(codes::PLAN_REFUSED_CHANGE, found));
            }
        }
    }
    findings
}

/// What the plan and the environment that it was made for do not agree on: stage order, pairs, gates, bakes.
pub fn lint_against(plan: &Plan, environment: &Environment) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let order: BTreeMap<&str, usize> =
        environment.stages.iter().enumerate().map(|(at, stage)| (stage.name.as_str(), at + 1)).collect();
    let position = |stage: &StagePlan| match stage.name.as_str() {
        super::select::GLOBAL_STAGE => Some(0),
        name => order.get(name).copied(),
    };
    let mut last = None;
    for stage in &plan.stages {
        let at = position(stage);
        if at.is_none() || at <= last && last.is_some() {
            findings.push(Diagnostic::error(
                codes::PLAN_STAGE_ORDER,
                format!("stage `{}` is not in the environment's order", stage.name),
            ));
        }
        last = at.or(last);
        pairs(stage, environment, &mut findings);
        let is_changed = stage.targets.iter().any(TargetPlan::is_changed);
        let declared = environment.stages.iter().find(|declared| declared.name == stage.name);
        let (bake, gates): (_, &[Gate]) = declared
            .map_or((environment.global.bake, &environment.global.gates), |declared| (declared.bake, &declared.gates));
        if is_changed && (stage.bake != bake || stage.gates != gates) {
            let found =
                format!("stage `{}` changes, but its bake or gates are not those of the environment", stage.name);
            findings.push(Diagnostic::error(codes::PLAN_BAKE_OR_GATES, found));
        }
    }
    findings
}

fn pairs(stage: &StagePlan, environment: &Environment, findings: &mut Vec<Diagnostic>) {
    let regions: BTreeSet<_> = stage.targets.iter().filter_map(|target| target.region.as_ref()).collect();
    for [a, b] in &environment.never_together {
        if regions.contains(a) && regions.contains(b) {
            let found =
                format!("regions `{a}` and `{b}` may never change together, but both are in stage `{}`", stage.name);
            findings.push(Diagnostic::error(codes::PLAN_PAIR, found));
        }
    }
}

fn step_order(plan: &Plan, report: &mut impl FnMut(&'static str, String)) {
    let ids = plan.targets().flat_map(|(_, target)| target.steps.iter().map(|step| step.id));
    if let Some((expected, found)) = (0..).map(StepId).zip(ids).find(|(expected, found)| expected != found) {
        report(codes::PLAN_STEP_NUMBERS, format!("steps are numbered from #0 on; expected {expected}, found {found}"));
    }
}

fn targets_once(plan: &Plan, report: &mut impl FnMut(&'static str, String)) {
    let mut seen = BTreeSet::new();
    let mut stages = BTreeSet::new();
    let mut regions: BTreeMap<_, &StagePlan> = BTreeMap::new();
    for stage in &plan.stages {
        if !stages.insert(&stage.name) {
            report(codes::PLAN_NAMES_TWICE, format!("stage `{}` is in the plan twice", stage.name));
        }
    }
    for (stage, target) in plan.targets() {
        if !seen.insert(&target.name) {
            report(codes::PLAN_NAMES_TWICE, format!("target `{}` is in the plan twice", target.name));
        }
        if let Some(region) = &target.region {
            let first = regions.entry(region).or_insert(stage);
            if first.name != stage.name {
                report(
                    codes::PLAN_NAMES_TWICE,
                    format!("region `{region}` is in the stages `{}` and `{}`", first.name, stage.name),
                );
            }
        }
    }
}

/// Digests are the digests of what they name, and nothing is named that is not there.
fn contents(plan: &Plan, report: &mut impl FnMut(&'static str, String)) {
    for (digest, content) in &plan.contents {
        if content_digest(&content.service, content.objects.iter()) != *digest {
            report(
                codes::PLAN_CONTENT,
                format!(
                    "content {} of `{}` does not have the digest that it is named by",
                    digest.short(),
                    content.service
                ),
            );
        }
        if !plan.services.contains_key(&content.service) {
            report(
                codes::PLAN_CONTENT,
                format!("content {} names service `{}`, which the plan does not have", digest.short(), content.service),
            );
        }
    }
    for (_, target) in plan.targets() {
        for service in &target.services {
            let content = plan.contents.get(&service.content);
            if content.is_none_or(|content| content.service != service.service) {
                report(
                    codes::PLAN_CONTENT,
                    format!(
                        "`{}`: content {} of `{}` is not in the plan",
                        target.name,
                        service.content.short(),
                        service.service
                    ),
                );
            }
        }
    }
}

fn blast_radius(plan: &Plan, report: &mut impl FnMut(&'static str, String)) {
    for stage in &plan.stages {
        let total = stage.targets.len();
        if total == 0 || stage.max_concurrent == 0 || stage.max_concurrent as usize > total {
            let found =
                format!("stage `{}` has {total} targets and lets {} change at once", stage.name, stage.max_concurrent);
            report(codes::PLAN_BLAST_RADIUS, found);
        }
        let needed = stage.gates.iter().any(|gate| matches!(gate, Gate::Approval(gate) if gate.count == 0));
        if needed {
            report(
                codes::PLAN_BLAST_RADIUS,
                format!("stage `{}` has an approval gate that nobody needs to open", stage.name),
            );
        }
    }
}

/// Each changed service is applied once, then waited for, after its dependencies; everything is verified last;
/// what changed bakes when its stage does.
fn target_steps(plan: &Plan, stage: &StagePlan, target: &TargetPlan, report: &mut impl FnMut(&'static str, String)) {
    let mut wrong = |what: String| report(codes::PLAN_STEPS, format!("`{}`: {what}", target.name));
    let of_kind = |kind| target.steps.iter().filter(move |step| step.kind == kind);
    let mut names = BTreeSet::new();
    for service in &target.services {
        if !names.insert(&service.service) {
            wrong(format!("service `{}` is there twice", service.service));
        }
    }
    let known: BTreeSet<StepId> = target.steps.iter().map(|step| step.id).collect();
    for step in &target.steps {
        if step.after.iter().any(|after| *after >= step.id || !known.contains(after)) {
            wrong(format!("step {} comes after a step that is not before it", step.id));
        }
        if step.services.is_empty() || step.services.iter().any(|service| !names.contains(service)) {
            wrong(format!("step {} names services that do not go there", step.id));
        }
    }
    let mut waits: BTreeMap<&ServiceName, StepId> = BTreeMap::new();
    for service in &target.services {
        let mine = |kind| of_kind(kind).filter(|step| step.services == [service.service.clone()]).collect::<Vec<_>>();
        let (applies, wait) = (mine(StepKind::Apply), mine(StepKind::Wait));
        match (service.is_changed, applies.as_slice(), wait.as_slice()) {
            (false, [], []) => {}
            (true, [apply], [wait]) if wait.after.contains(&apply.id) => {
                waits.insert(&service.service, wait.id);
            }
            _ => wrong(format!("service `{}` is not applied and waited for once", service.service)),
        }
    }
    for step in of_kind(StepKind::Apply) {
        let needed = step.services.iter().filter_map(|service| plan.services.get(service)).flat_map(|p| &p.depends_on);
        for needed in needed {
            if waits.get(needed).is_some_and(|wait| !step.after.contains(wait)) {
                wrong(format!("step {} does not wait for `{needed}`", step.id));
            }
        }
    }
    let all: Vec<&ServiceName> = target.services.iter().map(|service| &service.service).collect();
    let verifies: Vec<_> = of_kind(StepKind::Verify).collect();
    let is_verified = matches!(verifies.as_slice(), [verify]
        if verify.services.iter().collect::<Vec<_>>() == all && waits.values().all(|wait| verify.after.contains(wait)));
    if !is_verified {
        wrong("it is not verified once, after everything else".to_owned());
    }
    let bakes = of_kind(StepKind::Bake).count();
    let wanted = usize::from(stage.bake.0 > 0 && target.is_changed());
    if bakes != wanted {
        wrong(format!("it has {bakes} bake steps, expected {wanted}"));
    }
    let is_after_verify = |after: &[StepId]| verifies.iter().all(|verify| after.contains(&verify.id));
    if of_kind(StepKind::Bake).any(|bake| !is_after_verify(&bake.after)) {
        wrong("it bakes before it is verified".to_owned());
    }
}
