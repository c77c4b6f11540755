//! A plan for people: target by target what changes, why, when, and what to do next.

use std::{collections::BTreeMap, fmt::Write};

use seaway_core::{
    digest::Digest,
    ids::ServiceName,
    plan::{Change, ObjectChange, Plan, ServicePolicy, StagePlan, TargetPlan, TargetService},
    provenance::{Network, RenderedBy},
};

use super::{field, text, timeline};
use crate::terminal::{Paint, Role};

/// How to show a plan.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the terminal.
    pub columns: usize,
    /// Whether to say why for each target and to cut nothing.
    pub is_verbose: bool,
    /// Colours.
    pub paint: Paint,
}

/// Most clusters with equal changes that are named one by one.
const NAMES_SHOWN_MAX: usize = 5;

/// The colour of a change.
pub const fn role(change: Change) -> Role {
    match change {
        Change::None | Change::Ignored => Role::Dim,
        Change::Create => Role::Good,
        Change::Modify | Change::Unknown => Role::Warn,
        Change::Delete | Change::Replace | Change::Refused => Role::Bad,
    }
}

/// The whole plan.
pub fn render(plan: &Plan, hash: &Digest, style: Style) -> String {
    let paint = style.paint;
    let services: Vec<&str> = plan.services.keys().map(|name| name.as_str()).collect();
    let services = text::some_of(&services, 10);
    let title = format!("Plan {} for {}: {services}", hash.short(), plan.environment);
    let mut out = format!("{}\n", paint.apply(Role::Strong, &title));
    if let Some(parent) = &plan.parent {
        out += &format!("replaces plan {}\n", parent.short());
    }
    if style.is_verbose {
        out += &format!("release {}\n", plan.release.short());
    }
    out += &external(plan, paint);
    let mut said = BTreeMap::new();
    for stage in &plan.stages {
        out += &stage_text(plan, stage, &mut said, style);
    }
    out += &excluded(plan, style);
    out += &timeline::render(plan, style);
    out += &format!("\n{}\n", summary(plan, hash, paint));
    out
}

/// Programs that rendered instead of this one: nobody shall approve that without knowing.
fn external(plan: &Plan, paint: Paint) -> String {
    let line = |(name, policy): (&ServiceName, &ServicePolicy)| {
        let RenderedBy::External { program, digest, network } = &policy.provenance.as_ref()?.renderer else {
            return None;
        };
        let network = match network {
            Network::None => "without a network",
            Network::Open => "with a network, which this system does not allow to take away",
        };
        let text = format!("{name} was rendered by `{program}` ({}), {network}", digest.short());
        Some(format!("{}\n", paint.apply(Role::Warn, &text)))
    };
    plan.services.iter().filter_map(line).collect()
}

/// Totals, hash and what is in the way of a start.
pub fn summary(plan: &Plan, hash: &Digest, paint: Paint) -> String {
    let mut out = format!("{} {}\n", paint.apply(Role::Strong, "Plan:"), plan.totals);
    let targets = plan.targets().count();
    let changed = plan.targets().filter(|(_, target)| target.is_changed()).count();
    let stages = text::count(plan.stages.len(), "stage");
    let _ = writeln!(
        out,
        "{changed} of {} in {stages} change; predicted time {}",
        text::count(targets, "target"),
        plan.predicted
    );
    let _ = write!(out, "{} {hash}", paint.apply(Role::Strong, "Hash:"));
    out
}

/// What to do with a plan.
pub fn next(plan: &Plan, hash: &Digest) -> String {
    if plan.totals.refused > 0 {
        let many = text::count(plan.totals.refused as usize, "change");
        let replace = if plan.allow_replace { "" } else { ", or consent to replacing with `--allow-replace`" };
        return format!("{many} cannot be made (x): this plan cannot start; change the source{replace}");
    }
    if plan.is_noop() {
        return "nothing to do: every target runs this release already".to_owned();
    }
    format!("start it: `seaway rollout start --plan {}`", hash.short())
}

/// Changes that have been listed, with the first target that has them.
type Said<'a> = BTreeMap<String, &'a TargetPlan>;

fn stage_text<'a>(plan: &'a Plan, stage: &'a StagePlan, said: &mut Said<'a>, style: Style) -> String {
    let mut out = String::new();
    let mut regions: Vec<(Option<&str>, Vec<&TargetPlan>)> = Vec::new();
    for target in &stage.targets {
        let region = target.region.as_ref().map(|region| region.as_str());
        match regions.iter_mut().find(|(name, _)| *name == region) {
            Some((_, targets)) => targets.push(target),
            None => regions.push((region, vec![target])),
        }
    }
    for (region, targets) in regions {
        let head = match region {
            Some(region) => format!("{} / {region} ({})", plan.environment, stage.name),
            None => format!("{} / {}", plan.environment, stage.name),
        };
        out += &format!("\n{}\n", style.paint.apply(Role::Strong, &head));
        for group in alike(&targets, style.is_verbose) {
            out += &group_text(&group, said, style);
        }
    }
    out
}

/// Targets with the same changes, in the order of the plan.
fn alike<'a>(targets: &[&'a TargetPlan], is_verbose: bool) -> Vec<Vec<&'a TargetPlan>> {
    let mut groups: Vec<Vec<&TargetPlan>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for target in targets {
        let place = *places.entry(signature(target, is_verbose)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(target),
            None => groups.push(vec![target]),
        }
    }
    groups
}

/// Equal for targets that a reader need not tell apart. Reasons name digests, which differ with every value that a
/// cluster has of its own; they count only where they are shown.
fn signature(target: &TargetPlan, is_verbose: bool) -> String {
    let mut out = target.unreachable.clone().unwrap_or_default();
    for service in &target.services {
        // Values of a plan always become JSON; an empty text would only put two groups together that have no
        // changes to show.
        let changes = serde_json::to_string(&service.changes).unwrap_or_default();
        let why = if is_verbose || service.changes.is_empty() { &service.why } else { "" };
        let _ = write!(out, "\n{} {} {why} {changes}", service.service, service.unchanged);
    }
    out
}

/// The symbol of a whole target.
fn symbol(target: &TargetPlan) -> Change {
    let changes = || target.services.iter().flat_map(|service| &service.changes).map(|change| change.change);
    if target.unreachable.is_some() {
        return Change::Unknown;
    }
    if changes().any(|change| change == Change::Refused) {
        return Change::Refused;
    }
    if !target.is_changed() {
        return Change::None;
    }
    let is_new = target.services.iter().all(|service| service.running.is_none() && service.unchanged == 0);
    if is_new && changes().all(|change| change == Change::Create) { Change::Create } else { Change::Modify }
}

fn group_text<'a>(group: &[&'a TargetPlan], said: &mut Said<'a>, style: Style) -> String {
    let Some(first) = group.first() else { return String::new() };
    let paint = style.paint;
    let change = symbol(first);
    let names: Vec<&str> = group.iter().map(|target| target.name.as_str()).collect();
    let shown = if style.is_verbose { names.len() } else { NAMES_SHOWN_MAX };
    let noun = text::plural(names.len(), "cluster");
    let many = if names.len() > NAMES_SHOWN_MAX { format!("{} ", names.len()) } else { String::new() };
    let mut line = format!("  {change}  {many}{noun}  {}", text::some_of(&names, shown));
    if let Some(why) = &first.unreachable {
        line += &format!("  (cannot be read: {})", text::printable(why));
    } else if change == Change::None {
        line += &format!("  {} unchanged", text::count(unchanged(first), "object"));
    }
    let mut out = format!("{}\n", paint.apply(role(change), &line));
    if style.is_verbose {
        out += &format!("       {}\n", paint.apply(Role::Dim, &format!("why: {}", first.why)));
    }
    let changes: usize = first.services.iter().map(|service| service.changes.len()).sum();
    if changes > 1 && !style.is_verbose {
        let same = *said.entry(signature(first, false)).or_insert(first);
        if same.name != first.name {
            let line = format!("     the same {changes} changes as on {}; -v lists them", same.name);
            out += &format!("{}\n", paint.apply(Role::Dim, &line));
            return out;
        }
    }
    for service in &first.services {
        out += &service_text(service, first.services.len() > 1, style);
    }
    out
}

fn unchanged(target: &TargetPlan) -> usize {
    target.services.iter().map(|service| service.unchanged as usize).sum()
}

fn service_text(service: &TargetService, is_one_of_many: bool, style: Style) -> String {
    let mut out = String::new();
    let is_shown = !service.changes.is_empty() || service.is_changed;
    if is_shown && (is_one_of_many || style.is_verbose) {
        let head = format!("       service {}: {}", service.service, service.why);
        out += &format!("{}\n", style.paint.apply(Role::Dim, &head));
    }
    out += &changes(&service.changes, style);
    if is_shown && service.unchanged > 0 {
        let line = format!("     =  {} unchanged", text::count(service.unchanged as usize, "object"));
        out += &format!("{}\n", style.paint.apply(Role::Dim, &line));
    }
    out
}

/// Objects that change, a line each, with their fields.
pub fn changes(changes: &[ObjectChange], style: Style) -> String {
    let kinds = changes.iter().map(|change| text::width(&kind(change))).max().unwrap_or(0);
    changes.iter().map(|change| change_text(change, kinds, style)).collect()
}

fn kind(change: &ObjectChange) -> String {
    let object = &change.object;
    if object.group.is_empty() { object.kind.clone() } else { format!("{}.{}", object.kind, object.group) }
}

fn change_text(change: &ObjectChange, kinds: usize, style: Style) -> String {
    let object = &change.object;
    let name =
        if object.namespace.is_empty() { object.name.clone() } else { format!("{}/{}", object.namespace, object.name) };
    let line = format!("     {}  {}  {}", change.change, text::pad(&kind(change), kinds), text::printable(&name));
    let mut out = style.paint.apply(role(change.change), line.trim_end());
    let is_said = style.is_verbose
        || matches!(
            change.change,
            Change::Refused | Change::Replace | Change::Ignored | Change::Unknown | Change::Delete
        );
    if is_said && !change.why.is_empty() {
        let why = format!("({})", text::printable(&change.why));
        let is_short = text::width(line.trim_end()) + 2 + text::width(&why) <= style.columns;
        let gap = if is_short { "  ".to_owned() } else { format!("\n{:11}", "") };
        out += &format!("{gap}{}", style.paint.apply(Role::Dim, &why));
    }
    out.push('\n');
    let room = field::Room { columns: style.columns, indent: 11, is_whole: style.is_verbose };
    for line in change.fields.iter().flat_map(|field| field::lines(field, room, style.paint)) {
        out += &format!("{line}\n");
    }
    out
}

fn excluded(plan: &Plan, style: Style) -> String {
    if plan.excluded.is_empty() {
        return String::new();
    }
    let mut by_why: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for excluded in &plan.excluded {
        let names = by_why.entry(&excluded.why).or_default();
        if names.last() != Some(&excluded.target.as_str()) {
            names.push(excluded.target.as_str());
        }
    }
    let mut out = format!("\n{}\n", style.paint.apply(Role::Strong, "left alone"));
    for (why, names) in by_why {
        let shown = if style.is_verbose { names.len() } else { NAMES_SHOWN_MAX };
        let noun = text::plural(names.len(), "cluster");
        let line = format!("  *  {noun}  {}  ({why})", text::some_of(&names, shown));
        out += &format!("{}\n", style.paint.apply(Role::Dim, &line));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture;

    fn show(plan: &Plan, is_verbose: bool, columns: usize) -> String {
        let style = Style { columns, is_verbose, paint: Paint::plain() };
        let hash = plan.hash().unwrap();
        format!("{}\n{}\n", render(plan, &hash, style), next(plan, &hash))
            .replace(hash.as_str(), "sha256:HASH")
            .replace(hash.short(), "HASH")
    }

    #[test]
    fn three_stages() {
        insta::assert_snapshot!(show(&fixture::plan(), false, 100));
    }

    #[test]
    fn with_reasons() {
        insta::assert_snapshot!(show(&fixture::plan(), true, 100));
    }

    #[test]
    fn a_thousand_alike_are_one_line() {
        insta::assert_snapshot!(show(&fixture::wide(1000, 50), false, 80));
    }

    #[test]
    fn refused_and_nothing_to_do_say_what_is_next() {
        let mut plan = fixture::plan();
        plan.totals.refused = 1;
        let hash = plan.hash().unwrap();
        assert!(next(&plan, &hash).contains("--allow-replace"));
        plan.totals.refused = 0;
        for service in
            plan.stages.iter_mut().flat_map(|stage| &mut stage.targets).flat_map(|target| &mut target.services)
        {
            service.is_changed = false;
        }
        assert!(next(&plan, &hash).contains("nothing to do"));
    }
}
