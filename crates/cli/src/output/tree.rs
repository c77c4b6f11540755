//! The live tree: a rollout in as many lines and columns as a terminal has.
//!
//! Never taller or wider than the terminal, whatever the fleet: stages that are done or closed become one line,
//! and what is left over of a large stage becomes counts. What failed or moves is shown first.

use seaway_core::execution::{StageStatus, State, TargetStatus, WaitingOn};

use super::{
    sentence,
    status::{phase_role, stage_note, target_note},
    text::{self, fit, pad},
    time::Now,
    view,
};
use crate::terminal::{Paint, Role, Size};

/// Fewest lines of a tree that says anything: head, one stage, one target, footer.
const ROWS_MIN: usize = 5;
/// Most sentences under the tree.
const REASONS_MAX: usize = 4;
/// Characters of a stage's bar.
const BAR_COLUMNS: usize = 12;
/// Columns under which a stage has no bar.
const BAR_FROM_COLUMNS: usize = 70;

/// Widest column of names; longer names push the rest of their line.
const WIDTH_MAX: usize = 30;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The terminal.
    pub size: Size,
    /// Colours.
    pub paint: Paint,
    /// The time.
    pub now: Now,
}

/// The lines of the tree. `footer` is the last line.
pub fn lines(state: &State, footer: &str, style: Style) -> Vec<String> {
    // The last row stays free for the cursor, the last column for terminals that wrap early.
    let rows = style.size.rows.saturating_sub(1).max(ROWS_MIN);
    let columns = style.size.columns.saturating_sub(1).max(1);
    let mut below = reasons(state, style);
    if !footer.is_empty() {
        below.push(style.paint.apply(Role::Dim, footer));
    }
    let stages = state.stages.len();
    let room = rows.saturating_sub(1 + below.len());
    let shown = shown_stages(state, room);
    let mut out = vec![head(state, style)];
    let hidden = stages - shown.len();
    let mut left = room.saturating_sub(shown.len() + usize::from(hidden > 0));
    let budgets = budgets(state, &shown, &mut left);
    let widths = Widths::of(state);
    for (stage, budget) in shown.iter().zip(budgets) {
        out.push(stage_line(state, *stage, style, columns));
        out.extend(target_lines(state, *stage, budget, widths, style));
    }
    if hidden > 0 {
        out.push(style.paint.apply(Role::Dim, &format!("  … {} more", text::count(hidden, "stage"))));
    }
    out.extend(below);
    out.truncate(rows);
    out.iter().map(|line| fit(line, columns)).collect()
}

/// Columns of names, the same in all stages.
#[derive(Clone, Copy)]
struct Widths {
    names: usize,
    regions: usize,
}

impl Widths {
    fn of(state: &State) -> Self {
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0).min(WIDTH_MAX);
        let targets = || state.frame.plan.targets().map(|(_, target)| target);
        Self {
            names: widest(&mut targets().map(|target| text::width(target.name.as_str()))),
            regions: widest(&mut targets().filter_map(|target| Some(text::width(target.region.as_ref()?.as_str())))),
        }
    }
}

fn head(state: &State, style: Style) -> String {
    let services: Vec<&str> = state.frame.plan.services.keys().map(|name| name.as_str()).collect();
    let phase = state.phase();
    let until_ms = state.end.map_or(style.now.0, |_| state.at_ms);
    format!(
        "{} {} · {} · plan {} · {}",
        style.paint.apply(phase_role(phase), view::phase(phase)),
        style.paint.apply(Role::Strong, state.frame.plan.environment.as_str()),
        text::some_of(&services, 3),
        state.frame.hash.short(),
        Now(until_ms).age(state.created_ms),
    )
}

/// The stages that have a line: all, or those around the current one.
fn shown_stages(state: &State, room: usize) -> Vec<usize> {
    let stages = state.stages.len();
    // One line for a target of the current stage, and one for the count of what is hidden.
    let most = room.saturating_sub(2).max(1);
    if stages <= most {
        return (0..stages).collect();
    }
    let current = state.current_stage().unwrap_or(stages - 1);
    let first = current.saturating_sub(1).min(stages - most);
    (first..first + most).collect()
}

/// How many lines each shown stage has for its targets.
fn budgets(state: &State, shown: &[usize], left: &mut usize) -> Vec<usize> {
    let sizes: Vec<usize> = shown.iter().map(|stage| state.frame.stage(*stage).targets.len()).collect();
    if sizes.iter().sum::<usize>() <= *left {
        return sizes;
    }
    let is_active = |stage: usize| match state.stages[stage].status {
        StageStatus::Open | StageStatus::Baking { .. } => true,
        StageStatus::Closed | StageStatus::Done(_) => false,
    };
    // Failures of stages that are done are worth a line too, after what moves.
    let mut wanted = vec![0; shown.len()];
    for is_first in [true, false] {
        for (i, stage) in shown.iter().enumerate().filter(|(_, stage)| is_active(**stage) == is_first) {
            let failed = state.stages[*stage].failed.len();
            let want = if is_first { sizes[i] } else { (failed + usize::from(failed > 0)).min(sizes[i]) };
            wanted[i] = want.min(*left);
            *left -= wanted[i];
        }
    }
    wanted
}

fn stage_line(state: &State, index: usize, style: Style, columns: usize) -> String {
    let (planned, stage) = (state.frame.stage(index), &state.stages[index]);
    let symbol = match stage.status {
        StageStatus::Done(_) if stage.failed.is_empty() => style.paint.apply(Role::Good, "✓"),
        StageStatus::Done(_) => style.paint.apply(Role::Warn, "✓"),
        StageStatus::Closed if !planned.gates.is_empty() => style.paint.apply(Role::Warn, "◆"),
        StageStatus::Closed => style.paint.apply(Role::Dim, "○"),
        StageStatus::Open | StageStatus::Baking { .. } if state.is_over_threshold(index) => {
            style.paint.apply(Role::Bad, "✗")
        }
        StageStatus::Open => style.paint.apply(Role::Info, "●"),
        StageStatus::Baking { .. } => style.paint.apply(Role::Warn, "◌"),
    };
    let (role, note) = stage_note(state, index, true, style.now);
    let names = state.frame.plan.stages.iter().map(|stage| text::width(stage.name.as_str())).max().unwrap_or(0);
    let name = style.paint.apply(Role::Strong, &pad(planned.name.as_str(), names));
    let bar = if columns >= BAR_FROM_COLUMNS { format!("{}  ", bar(state, index, style)) } else { String::new() };
    format!("{symbol} {name}  {bar}{}", style.paint.apply(role, &note))
}

/// How much of the stage is verified, or of its bake over.
fn bar(state: &State, index: usize, style: Style) -> String {
    let (planned, stage) = (state.frame.stage(index), &state.stages[index]);
    let (done, total, role) = match stage.status {
        StageStatus::Baking { until_ms } => {
            let total = planned.bake.0.max(1);
            (total.saturating_sub(style.now.until(until_ms).0.min(total)), total, Role::Warn)
        }
        StageStatus::Closed | StageStatus::Open | StageStatus::Done(_) => {
            (stage.verified.len() as u64, planned.targets.len().max(1) as u64, Role::Good)
        }
    };
    let filled = ((u128::from(done) * BAR_COLUMNS as u128 / u128::from(total.max(1))) as usize).min(BAR_COLUMNS);
    let (full, rest) = ("█".repeat(filled), "░".repeat(BAR_COLUMNS - filled));
    format!("{}{}", style.paint.apply(role, &full), style.paint.apply(Role::Dim, &rest))
}

fn target_lines(state: &State, stage: usize, budget: usize, widths: Widths, style: Style) -> Vec<String> {
    if budget == 0 {
        return Vec::new();
    }
    let first = state.frame.plan.stages[..stage].iter().map(|stage| stage.targets.len()).sum::<usize>();
    let targets = first..first + state.frame.stage(stage).targets.len();
    let mut shown: Vec<usize> = targets.clone().collect();
    let is_cut = shown.len() > budget;
    if is_cut {
        let weight = |target: &usize| match state.targets[*target].status {
            TargetStatus::Failed => 0,
            TargetStatus::Running => 1,
            TargetStatus::Pending | TargetStatus::Verified => 2,
        };
        shown.retain(|target| weight(target) < 2);
        // Stable: among equals the order of the plan.
        shown.sort_by_key(weight);
        shown.truncate(budget - 1);
        shown.sort_unstable();
    }
    let mut out: Vec<String> = shown.iter().map(|target| target_line(state, *target, widths, style)).collect();
    if is_cut {
        out.push(format!("  {}", style.paint.apply(Role::Dim, &rest(state, targets, &shown))));
    }
    out
}

fn target_line(state: &State, index: usize, widths: Widths, style: Style) -> String {
    let target = state.frame.target(index);
    let (role, word, note) = target_note(state, index, style.now);
    let symbol = match state.targets[index].status {
        TargetStatus::Pending => "○",
        TargetStatus::Running => "●",
        TargetStatus::Verified => "✓",
        TargetStatus::Failed => "✗",
    };
    let region = target.region.as_ref().map_or("", |region| region.as_str());
    // On a narrow terminal the note is worth more than the region.
    let region = if style.size.columns >= BAR_FROM_COLUMNS {
        format!("  {}", pad(region, widths.regions))
    } else {
        String::new()
    };
    let said = if note.is_empty() {
        word.to_owned()
    } else if word == "running" {
        note
    } else {
        format!("{word} {note}")
    };
    format!(
        "  {} {}{}  {}",
        style.paint.apply(role, symbol),
        pad(target.name.as_str(), widths.names),
        style.paint.apply(Role::Dim, &region),
        style.paint.apply(role, &said)
    )
}

/// `… 812 verified, 130 pending, 40 more in flight`.
fn rest(state: &State, targets: std::ops::Range<usize>, shown: &[usize]) -> String {
    let mut counts = [0_usize; 4];
    for target in targets.filter(|target| !shown.contains(target)) {
        counts[match state.targets[target].status {
            TargetStatus::Verified => 0,
            TargetStatus::Pending => 1,
            TargetStatus::Running => 2,
            TargetStatus::Failed => 3,
        }] += 1;
    }
    let words = ["verified", "pending", "more in flight", "more failed"];
    let parts: Vec<String> =
        counts.iter().zip(words).filter(|(n, _)| **n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    format!("… {}", parts.join(", "))
}

/// Sentences for what a person may want to act on; steps at work are in the tree already.
fn reasons(state: &State, style: Style) -> Vec<String> {
    let is_said = |reason: &WaitingOn| match reason {
        WaitingOn::Driver
        | WaitingOn::Claim { .. }
        | WaitingOn::Pause { .. }
        | WaitingOn::Stop { .. }
        | WaitingOn::Approval { .. }
        | WaitingOn::Bake { .. } => true,
        WaitingOn::Retry { .. } | WaitingOn::Step { .. } | WaitingOn::Slots { .. } => false,
    };
    let waiting = state.waiting_on();
    let said = waiting.iter().filter(|reason| is_said(reason)).take(REASONS_MAX);
    said.map(|reason| style.paint.apply(Role::Warn, &sentence::waiting(reason, state, true, style.now))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout};
    use seaway_core::execution::FailureKind;

    fn draw(rollout: &Rollout, columns: usize, rows: usize) -> String {
        let style = Style { size: Size { columns, rows }, paint: Paint::plain(), now: Now(rollout.at_ms) };
        let lines = lines(&rollout.state, "Ctrl-C leaves; the rollout then rests", style);
        assert!(lines.len() < rows.max(ROWS_MIN + 1), "{} lines in {rows} rows", lines.len());
        assert!(lines.iter().all(|line| text::width(line) < columns.max(2)), "{columns}: {lines:#?}");
        lines.join("\n").replace(rollout.state.frame.hash.short(), "HASH")
    }

    fn middle_of_a_large_stage() -> Rollout {
        let mut rollout = Rollout::led(fixture::wide(1000, 30));
        for n in 1..=400 {
            rollout.at(n / 10).verify(&format!("k8s-{n:04}"));
        }
        rollout.at(41).progress("k8s-0405", 0, 0, "").succeed("k8s-0405");
        rollout.progress("k8s-0405", 3, 12, "Deployment shop/api: 1 of 3 pods ready");
        rollout.fail("k8s-0410", FailureKind::Unreachable, "connection refused");
        rollout
    }

    #[test]
    fn a_small_fleet_is_shown_whole() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(30).verify("c1").at(380);
        insta::assert_snapshot!(draw(&rollout, 100, 30));
    }

    #[test]
    fn a_thousand_targets_become_counts() {
        let rollout = middle_of_a_large_stage();
        insta::assert_snapshot!(draw(&rollout, 100, 16));
        insta::assert_snapshot!(draw(&rollout, 42, 10));
    }

    #[test]
    fn failures_are_shown_first() {
        let mut rollout = middle_of_a_large_stage();
        rollout.at(50).fail("k8s-0429", FailureKind::Refused, "admission webhook said no");
        assert!(draw(&rollout, 100, 12).contains("✗ k8s-0429"));
    }

    #[test]
    fn fits_into_any_terminal() {
        for rollout in [middle_of_a_large_stage(), fixture::broken_canary(), Rollout::new(fixture::plan())] {
            for columns in (1..140).step_by(7) {
                for rows in 1..40 {
                    draw(&rollout, columns, rows);
                }
            }
        }
    }
}
