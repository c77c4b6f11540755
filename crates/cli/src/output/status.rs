//! `rollout status` for people: the rollout, its stages, its targets, and what it waits for.

use seaway_core::execution::{Phase, StageEnd, StageStatus, State, StepStatus, TargetStatus};

use super::{
    sentence::{self, Driver, failure_line},
    table::{Cell, columns},
    text,
    time::Now,
    view,
};
use crate::terminal::{Paint, Role};

/// Most targets of a stage that are listed one by one, unless everything is asked for.
const TARGETS_SHOWN_MAX: usize = 20;

/// How to show a rollout.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether every target and step is listed.
    pub is_verbose: bool,
    /// Colours.
    pub paint: Paint,
    /// The time.
    pub now: Now,
}

/// The colour of a rollout word.
pub const fn phase_role(phase: Phase) -> Role {
    match phase {
        Phase::Succeeded => Role::Good,
        Phase::Failed => Role::Bad,
        Phase::Stopped | Phase::Paused | Phase::Waiting => Role::Warn,
        Phase::Pending | Phase::Running => Role::Info,
    }
}

/// The whole picture.
pub fn render(state: &State, driver: &Driver, style: Style) -> String {
    let mut out = head(state, style);
    for stage in 0..state.stages.len() {
        out += &stage_text(state, stage, driver.is_there(), style);
    }
    let waiting = state.waiting_on();
    if !waiting.is_empty() {
        out += &format!("\n{}\n", style.paint.apply(Role::Strong, "waits for"));
        for reason in waiting.iter().take(TARGETS_SHOWN_MAX) {
            out += &format!("  - {}\n", sentence::waiting(reason, state, driver.is_there(), style.now));
        }
        if waiting.len() > TARGETS_SHOWN_MAX {
            out += &format!("  - and {} more\n", waiting.len() - TARGETS_SHOWN_MAX);
        }
    }
    if let Some(line) = sentence::driver(driver, state) {
        out += &format!("\n{line}\n");
    }
    out
}

/// What rollout it is, on a few lines.
pub fn head(state: &State, style: Style) -> String {
    let services: Vec<&str> = state.frame.plan.services.keys().map(|name| name.as_str()).collect();
    let by = state.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let phase = state.phase();
    let took = match state.end {
        Some(_) => format!(", took {}", sentence::took(Some(state.created_ms), Some(state.at_ms)).unwrap_or_default()),
        None => String::new(),
    };
    let label = |label| style.paint.apply(Role::Dim, label);
    format!(
        "{}  {}\n{}  {} in {}\n{}  {}\n{}  {}, started {} ({} ago){by}{took}\n",
        label("rollout"),
        style.paint.apply(Role::Strong, state.rollout.as_str()),
        label("what   "),
        text::some_of(&services, 10),
        state.frame.plan.environment,
        label("plan   "),
        state.frame.hash.short(),
        label("phase  "),
        style.paint.apply(phase_role(phase), view::phase(phase)),
        style.now.clock(state.created_ms),
        style.now.age(state.created_ms),
    )
}

/// What a stage is at, for the line with its name.
pub fn stage_note(state: &State, index: usize, is_driven: bool, now: Now) -> (Role, String) {
    let (planned, stage) = (state.frame.stage(index), &state.stages[index]);
    let total = planned.targets.len();
    let failed = if stage.failed.is_empty() { String::new() } else { format!(", {} failed", stage.failed.len()) };
    let done = format!("{} of {total} verified{failed}", stage.verified.len());
    match stage.status {
        StageStatus::Closed => {
            let needed = planned.gates.iter().map(|gate| match gate {
                seaway_core::declaration::Gate::Approval(gate) => gate.count,
            });
            match needed.max() {
                Some(needed) => (
                    Role::Dim,
                    format!("{}, approval {} of {needed}", text::count(total, "target"), stage.approvals.len()),
                ),
                None => (Role::Dim, text::count(total, "target")),
            }
        }
        StageStatus::Open if state.is_over_threshold(index) => (Role::Bad, done),
        StageStatus::Open => (Role::Info, done),
        StageStatus::Baking { until_ms } if state.end.is_some() => {
            (Role::Bad, format!("{done}, bake not finished (until {})", now.clock(until_ms)))
        }
        StageStatus::Baking { until_ms } if is_driven => {
            (Role::Warn, format!("{done}, bakes, done {}", now.coming(until_ms)))
        }
        StageStatus::Baking { until_ms } => {
            let left = super::time::whole(Now(state.at_ms).until(until_ms));
            (Role::Warn, format!("{done}, bake rests with at most {left} left"))
        }
        StageStatus::Done(end) => {
            let how = match end {
                StageEnd::Baked => format!("{done}, baked {}", planned.bake),
                StageEnd::NoBake | StageEnd::NoneVerified => done,
                StageEnd::NoChange => format!("{done}, nothing changed, bake skipped"),
            };
            (if stage.failed.is_empty() { Role::Good } else { Role::Warn }, how)
        }
    }
}

/// What a target is at: colour, word, and what to say about it.
pub fn target_note(state: &State, index: usize, now: Now) -> (Role, &'static str, String) {
    let target = state.targets[index];
    match target.status {
        TargetStatus::Pending => (Role::Dim, "pending", String::new()),
        TargetStatus::Verified => {
            let took = sentence::took(target.started_ms, target.ended_ms);
            let is_changed = state.frame.target(index).is_changed();
            let how = took.map(|took| took.to_string()).unwrap_or_default();
            (Role::Good, if is_changed { "verified" } else { "unchanged" }, how)
        }
        TargetStatus::Failed => (Role::Bad, "failed", failure_of(state, index).unwrap_or_default()),
        TargetStatus::Running => (Role::Info, "running", doing(state, index, now)),
    }
}

fn failure_of(state: &State, target: usize) -> Option<String> {
    let planned = state.frame.target(target);
    let failed = planned.steps.iter().filter(|step| state.steps[step.id.index()].status == StepStatus::Failed);
    let mut failures = failed.filter_map(|step| {
        let failure = state.steps[step.id.index()].failure.as_ref()?;
        Some(format!("{}: {}", step.kind.word(), failure_line(failure)))
    });
    failures.next()
}

/// What the steps in flight do.
fn doing(state: &State, target: usize, now: Now) -> String {
    let planned = state.frame.target(target);
    let is_moving = |status| matches!(status, StepStatus::Running | StepStatus::Retrying { .. });
    let moving = planned.steps.iter().filter(|step| is_moving(state.steps[step.id.index()].status));
    let notes: Vec<String> = moving
        .map(|planned| {
            let step = &state.steps[planned.id.index()];
            let progress = step.progress.as_ref();
            let counts = progress.filter(|progress| progress.total > 0);
            let counts = counts.map(|progress| format!(" {}/{}", progress.done, progress.total)).unwrap_or_default();
            let word = planned.kind.word();
            if let StepStatus::Retrying { at_ms } = step.status {
                let why = step.failure.as_ref().map(failure_line).unwrap_or_default();
                let when = if state.paused.is_some() { "after the pause".to_owned() } else { now.coming(at_ms) };
                return format!("{word} again {when}: {why}");
            }
            let attempt = if step.attempt > 1 { format!(" (attempt {})", step.attempt) } else { String::new() };
            let waiting = progress.map(|progress| text::printable(&progress.waiting)).filter(|text| !text.is_empty());
            let waiting = waiting.map(|text| format!(": {text}")).unwrap_or_default();
            let since = step.started_ms.map(|at_ms| format!(" for {}", now.age(at_ms))).unwrap_or_default();
            format!("{word}{counts}{since}{attempt}{waiting}")
        })
        .collect();
    notes.join("; ")
}

fn stage_text(state: &State, index: usize, is_driven: bool, style: Style) -> String {
    let name = &state.frame.stage(index).name;
    let (role, note) = stage_note(state, index, is_driven, style.now);
    let mut out = format!("\n{}  {}\n", style.paint.apply(Role::Strong, name.as_str()), style.paint.apply(role, &note));
    let targets: Vec<usize> =
        (0..state.frame.target_count()).filter(|target| state.frame.stage_of(*target) == index).collect();
    // What needs eyes comes first when not everything is shown.
    let weight = |target: &usize| match state.targets[*target].status {
        TargetStatus::Failed => 0,
        TargetStatus::Running => 1,
        TargetStatus::Verified => 2,
        TargetStatus::Pending => 3,
    };
    let mut shown = targets.clone();
    let is_cut = !style.is_verbose && targets.len() > TARGETS_SHOWN_MAX;
    if is_cut {
        shown.sort_by_key(weight);
        shown.truncate(TARGETS_SHOWN_MAX);
    }
    let mut rows = Vec::new();
    for target in shown {
        let planned = state.frame.target(target);
        let (role, word, note) = target_note(state, target, style.now);
        let region = planned.region.as_ref().map_or("", |region| region.as_str());
        rows.push(vec![
            Cell::from(format!("  {}", planned.name)),
            Cell::from(region),
            Cell::colored(word, role),
            Cell::from(note),
        ]);
        if style.is_verbose {
            rows.extend(steps(state, target));
        }
    }
    out += &columns(rows.iter(), 2, style.paint);
    if is_cut {
        let more = format!("  … {} more targets; -v lists them", targets.len() - TARGETS_SHOWN_MAX);
        out += &format!("{}\n", style.paint.apply(Role::Dim, &more));
    }
    for (who, at_ms) in &state.stages[index].approvals {
        out += &format!("  approved by {who} at {}\n", style.now.clock(*at_ms));
    }
    out
}

fn steps(state: &State, target: usize) -> Vec<Vec<Cell>> {
    let planned = state.frame.target(target);
    let row = |planned: &seaway_core::plan::StepPlan| {
        let step = &state.steps[planned.id.index()];
        let services: Vec<&str> = planned.services.iter().map(|name| name.as_str()).collect();
        let took = sentence::took(step.started_ms, step.ended_ms).map(|took| took.to_string()).unwrap_or_default();
        let attempt = if step.attempt > 1 { format!(" attempt {}", step.attempt) } else { String::new() };
        let said = match (&step.failure, &step.report) {
            (Some(failure), _) if step.status != StepStatus::Succeeded => failure_line(failure),
            (_, Some(report)) => report.message.clone(),
            _ => String::new(),
        };
        let note = [took, attempt, said]
            .iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        vec![
            Cell::colored(format!("    {} {}", planned.kind.word(), text::some_of(&services, 3)), Role::Dim),
            Cell::from(""),
            Cell::colored(view::step_status(step.status).to_lowercase(), Role::Dim),
            Cell::colored(note, Role::Dim),
        ]
    };
    planned.steps.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout};

    fn show(rollout: &Rollout, driver: &Driver, is_verbose: bool) -> String {
        let style = Style { is_verbose, paint: Paint::plain(), now: Now(rollout.at_ms) };
        render(&rollout.state, driver, style).replace(rollout.state.frame.hash.short(), "HASH")
    }

    #[test]
    fn failed_at_the_canary() {
        insta::assert_snapshot!(show(&fixture::broken_canary(), &Driver::Nobody, true));
    }

    #[test]
    fn resting_in_a_bake() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(30).verify("c1").at(380);
        insta::assert_snapshot!(show(&rollout, &Driver::Nobody, false));
    }

    #[test]
    fn large_stages_are_cut() {
        let mut rollout = Rollout::led(fixture::wide(100, 100));
        rollout.at(5).verify("k8s-0001").verify("k8s-0002");
        let shown = show(&rollout, &Driver::Us, false);
        assert!(shown.contains("… 80 more targets"), "{shown}");
        assert!(shown.lines().count() < 60, "{shown}");
    }
}
