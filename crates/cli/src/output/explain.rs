//! `rollout explain`: why a rollout does not move, or why it ended as it did, in sentences.

use seaway_core::{
    execution::{Phase, StageEnd, StageStatus, State, StepStatus},
    plan::{StepKind, StepPlan},
};

use super::{
    sentence::{self, Driver, because, failure_line},
    status::{Style, head},
    text::{self, printable},
    view,
};
use crate::terminal::Role;

/// Most failed targets that are explained one by one, unless everything is asked for.
const FAILURES_SHOWN_MAX: usize = 10;

/// The explanation.
pub fn render(state: &State, driver: &Driver, style: Style) -> String {
    let mut out = head(state, style);
    out += &format!("\n{}\n", verdict(state, style));
    out += &failures(state, style);
    let waiting = state.waiting_on();
    if !waiting.is_empty() {
        out += &format!("\n{}\n", style.paint.apply(Role::Strong, "it waits because"));
        let shown = if style.is_verbose { waiting.len() } else { FAILURES_SHOWN_MAX };
        for reason in waiting.iter().take(shown) {
            out += &format!("  - {}\n", sentence::waiting(reason, state, driver.is_there(), style.now));
        }
        if waiting.len() > shown {
            out += &format!("  - and {} more; -v lists them\n", waiting.len() - shown);
        }
    }
    out += &gates(state, style);
    out += &next(state, driver);
    out
}

/// One target with every step.
pub fn render_target(state: &State, target: usize, style: Style) -> String {
    let planned = state.frame.target(target);
    let stage = &state.frame.stage(state.frame.stage_of(target)).name;
    let title = format!("{} in stage {stage}", planned.name);
    let mut out = format!("{}\n  why: {}\n", style.paint.apply(Role::Strong, &title), planned.why);
    for service in &planned.services {
        out += &format!("  {}: {}\n", service.service, service.why);
    }
    if let Some(why) = &planned.unreachable {
        out += &format!("  did not answer when the plan was made: {}\n", printable(why));
    }
    out += "\n";
    for step in &planned.steps {
        out += &step_text(state, step, style);
    }
    out
}

fn verdict(state: &State, style: Style) -> String {
    let stage = state.current_stage();
    let stage_name = stage.map(|stage| state.frame.stage(stage).name.to_string()).unwrap_or_default();
    let text = match state.phase() {
        Phase::Pending => "The rollout has not begun: it has no right to change anything yet.".to_owned(),
        Phase::Running => format!("The rollout is at work in stage `{stage_name}`."),
        Phase::Waiting => format!("The rollout waits in stage `{stage_name}`; nothing is in flight."),
        Phase::Paused => "The rollout is paused: no further step starts.".to_owned(),
        Phase::Succeeded => "The rollout succeeded: every stage is done.".to_owned(),
        Phase::Failed => failed(state, stage),
        Phase::Stopped => match &state.stop {
            Some((by, reason)) => format!("The rollout was stopped by `{by}`{}.", because(reason.as_deref())),
            None => "The rollout was stopped.".to_owned(),
        },
    };
    let untouched = stage.filter(|_| state.end.is_some()).map(|stage| untouched(state, stage)).unwrap_or_default();
    format!("{}{untouched}", style.paint.apply(super::status::phase_role(state.phase()), &text))
}

fn failed(state: &State, stage: Option<usize>) -> String {
    let Some(stage) = stage else { return "The rollout failed.".to_owned() };
    let planned = state.frame.stage(stage);
    let failed = state.stages[stage].failed.len();
    let allowed = match planned.max_failures {
        0 => "none may fail".to_owned(),
        n => format!("{n} may"),
    };
    format!(
        "The rollout stopped in stage `{}`: {} of {} failed, and {allowed}.",
        planned.name,
        failed,
        text::count(planned.targets.len(), "target")
    )
}

/// What an early end left as it was.
fn untouched(state: &State, stage: usize) -> String {
    let pending = state.stages[stage..].iter().map(|stage| stage.pending.len()).sum();
    if pending == 0 {
        return String::new();
    }
    let later: Vec<&str> = state.frame.plan.stages[stage + 1..].iter().map(|stage| stage.name.as_str()).collect();
    let later = if later.is_empty() {
        String::new()
    } else {
        format!(" ({} {})", text::plural(later.len(), "stage"), text::some_of(&later, 10))
    };
    let verb = if pending == 1 { "was" } else { "were" };
    format!("\n{} {verb} not touched{later}.", text::count(pending, "target"))
}

fn failures(state: &State, style: Style) -> String {
    let failed: Vec<usize> = state.stages.iter().flat_map(|stage| stage.failed.iter().copied()).collect();
    let shown = if style.is_verbose { failed.len() } else { FAILURES_SHOWN_MAX };
    let mut out = String::new();
    for target in failed.iter().take(shown) {
        let planned = state.frame.target(*target);
        let stage = &state.frame.stage(state.frame.stage_of(*target)).name;
        let title = format!("{} failed (stage {stage})", planned.name);
        out += &format!("\n{}\n", style.paint.apply(Role::Bad, &title));
        let is_failed = |step: &&StepPlan| state.steps[step.id.index()].status == StepStatus::Failed;
        for step in planned.steps.iter().filter(is_failed) {
            out += &step_text(state, step, style);
        }
    }
    if failed.len() > shown {
        out += &format!("\n… {} more failed; -v explains them all\n", failed.len() - shown);
    }
    out
}

fn step_text(state: &State, planned: &StepPlan, style: Style) -> String {
    let step = &state.steps[planned.id.index()];
    let services: Vec<&str> = planned.services.iter().map(|name| name.as_str()).collect();
    let attempts =
        if step.attempt > 0 { format!(", {}", text::count(step.attempt as usize, "attempt")) } else { String::new() };
    let took = sentence::took(step.started_ms, step.ended_ms).map(|took| format!(", {took}")).unwrap_or_default();
    let kind = match planned.kind {
        StepKind::Wait => "wait for health",
        other => other.word(),
    };
    let word = view::step_status(step.status).to_lowercase();
    let mut out = format!("  {kind} of {}: {word}{took}{attempts}\n", text::some_of(&services, 5));
    let is_over = step.status == StepStatus::Succeeded;
    if let Some(failure) = step.failure.as_ref().filter(|_| !is_over) {
        out += &format!("    {}\n", failure_line(failure));
        if let Some(detail) = failure.detail.as_ref().filter(|_| style.is_verbose) {
            for line in detail.lines() {
                out += &format!("    {} {}\n", style.paint.apply(Role::Dim, "│"), printable(line));
            }
        }
        if let Some(help) = &failure.help {
            out += &format!("    {} {}\n", style.paint.apply(Role::Info, "hint:"), printable(help));
        }
    }
    if let Some(progress) =
        step.progress.as_ref().filter(|progress| step.failure.is_none() && !is_over && !progress.waiting.is_empty())
    {
        out += &format!("    last seen: {}\n", printable(&progress.waiting));
    }
    if let Some(report) = step.report.as_ref().filter(|report| is_over && !report.message.is_empty()) {
        out += &format!("    {}\n", printable(&report.message));
    }
    if style.is_verbose {
        out += &format!("    {}\n", style.paint.apply(Role::Dim, &format!("why: {}", planned.why)));
    }
    out
}

/// What let the stages so far open, and on what they ended.
fn gates(state: &State, style: Style) -> String {
    let mut out = String::new();
    for (planned, stage) in state.frame.plan.stages.iter().zip(&state.stages) {
        let Some(opened_ms) = stage.opened_ms else { continue };
        let approvals: Vec<String> =
            stage.approvals.iter().map(|(who, at_ms)| format!("{who} at {}", style.now.clock(*at_ms))).collect();
        let approved =
            if approvals.is_empty() { String::new() } else { format!(", approved by {}", approvals.join(", ")) };
        let ended = match stage.status {
            StageStatus::Done(StageEnd::Baked) => format!("; baked {}", planned.bake),
            StageStatus::Done(StageEnd::NoChange) => "; nothing changed, bake skipped".to_owned(),
            StageStatus::Done(StageEnd::NoBake) => "; done".to_owned(),
            StageStatus::Done(StageEnd::NoneVerified) => "; every target that was to change failed".to_owned(),
            StageStatus::Closed | StageStatus::Open | StageStatus::Baking { .. } => String::new(),
        };
        out += &format!("  {} opened at {}{approved}{ended}\n", planned.name, style.now.clock(opened_ms));
    }
    if out.is_empty() { out } else { format!("\n{}\n{out}", style.paint.apply(Role::Strong, "so far")) }
}

fn next(state: &State, driver: &Driver) -> String {
    let id = &state.rollout;
    let line = match state.end {
        Some(Phase::Failed | Phase::Stopped) => {
            if state.stages.iter().any(|stage| !stage.failed.is_empty()) {
                format!(
                    "What next: when the cause is outside of the release, `seaway rollout retry {id}`; \
                     else change the source and start a new rollout"
                )
            } else {
                "What next: start a new rollout when you are ready".to_owned()
            }
        }
        Some(_) => return String::new(),
        None => match sentence::driver(driver, state) {
            Some(line) => line,
            None => return String::new(),
        },
    };
    format!("\n{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        output::{
            fixture::{self, Rollout},
            time::Now,
        },
        terminal::Paint,
    };
    use seaway_core::execution::Command;

    fn show(rollout: &Rollout, is_verbose: bool) -> String {
        let style = Style { is_verbose, paint: Paint::plain(), now: Now(rollout.at_ms) };
        render(&rollout.state, &Driver::Nobody, style).replace(rollout.state.frame.hash.short(), "HASH")
    }

    #[test]
    fn names_pod_container_and_reason() {
        insta::assert_snapshot!(show(&fixture::broken_canary(), false));
    }

    #[test]
    fn the_whole_text_is_one_flag_away() {
        let rollout = fixture::broken_canary();
        assert!(show(&rollout, true).contains("│ Back-off pulling image"));
        let style = Style { is_verbose: false, paint: Paint::plain(), now: Now(rollout.at_ms) };
        insta::assert_snapshot!(render_target(&rollout.state, 0, style));
    }

    #[test]
    fn waiting_for_people() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(30).verify("c1").at(630).succeed("c1");
        rollout.at(640).verify("c2").verify("c3").at(2500).succeed("c2").succeed("c3");
        let plan = rollout.state.frame.hash.clone();
        let stage = seaway_core::ids::StageName::new("broad");
        rollout.at(2600).command("ana", Some("looks good"), Command::Approve { stage, plan });
        insta::assert_snapshot!(show(&rollout, false));
    }
}
