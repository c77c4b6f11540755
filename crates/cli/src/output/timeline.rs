//! The plan as a picture: when each stage works, bakes, and waits for people.

use seaway_core::{
    declaration::Gate,
    duration::Millis,
    plan::{Plan, StagePlan},
};

use super::{plan::Style, text};
use crate::terminal::Role;

/// Columns under which a bar says nothing.
const BAR_COLUMNS_MIN: usize = 16;
/// Columns above which a bar says no more.
const BAR_COLUMNS_MAX: usize = 60;

/// One line for each stage; nothing when nothing changes.
pub fn render(plan: &Plan, style: Style) -> String {
    if plan.is_noop() || plan.predicted.0 == 0 {
        return String::new();
    }
    let names = plan.stages.iter().map(|stage| text::width(stage.name.as_str())).max().unwrap_or(0);
    let notes: Vec<String> = plan.stages.iter().map(note).collect();
    let widest = notes.iter().map(|note| text::width(note)).max().unwrap_or(0);
    let room = style.columns.saturating_sub(2 + names + 2 + 2 + widest).min(BAR_COLUMNS_MAX);
    let bars = (room >= BAR_COLUMNS_MIN).then(|| bars(plan, room));
    let heading = style.paint.apply(Role::Strong, "timeline");
    let legend = if bars.is_some() { "  (█ work  ▒ bake  ◆ people must approve first)" } else { "" };
    let mut out = format!("\n{heading}{}\n", style.paint.apply(Role::Dim, legend));
    for (i, (stage, note)) in plan.stages.iter().zip(&notes).enumerate() {
        let bar = match &bars {
            Some(bars) => format!("{}  ", bars[i].render(room, style)),
            None => String::new(),
        };
        let line = format!("  {}  {bar}{note}", text::pad(stage.name.as_str(), names));
        out += &text::fit(line.trim_end(), style.columns.max(1));
        out.push('\n');
    }
    if bars.is_some() {
        out += &axis(plan.predicted, names, room, style);
    }
    out
}

/// `2 targets, 2 at a time: 31s, bakes 10m; approval by 2 first`.
fn note(stage: &StagePlan) -> String {
    let targets = text::count(stage.targets.len(), "target");
    if !stage.targets.iter().any(|target| target.is_changed()) {
        return format!("{targets}: nothing changes, no bake");
    }
    let mut out = targets;
    if stage.targets.len() > 1 {
        out += &format!(", {} at a time", stage.max_concurrent);
    }
    out += &format!(": {}", work(stage));
    if stage.bake.0 > 0 {
        out += &format!(", bakes {}", stage.bake);
    }
    let Some(count) = approvals(stage) else { return out };
    out + &format!("; approval by {count} first")
}

fn approvals(stage: &StagePlan) -> Option<u32> {
    let counts = stage.gates.iter().map(|gate| match gate {
        Gate::Approval(gate) => gate.count,
    });
    counts.max()
}

fn work(stage: &StagePlan) -> Millis {
    Millis(stage.predicted.0.saturating_sub(stage.bake.0))
}

/// One stage on the time axis, in columns.
struct Bar {
    start: usize,
    work: usize,
    bake: usize,
    has_approval: bool,
}

fn bars(plan: &Plan, room: usize) -> Vec<Bar> {
    let total = plan.predicted.0.max(1);
    let column = |ms: u64| ((u128::from(ms) * room as u128) / u128::from(total)) as usize;
    let mut at_ms = 0;
    let mut bars = Vec::new();
    for stage in &plan.stages {
        let bake_at = at_ms + work(stage).0;
        let end = at_ms + stage.predicted.0;
        // Whatever is short still is one column, so that nothing of the plan is invisible.
        let start = column(at_ms).min(room - 1);
        let worked = (column(bake_at).saturating_sub(start)).max(1).min(room - start);
        let is_baked = stage.bake.0 > 0;
        let baked = column(end).saturating_sub(start + worked).max(usize::from(is_baked));
        let bake = if is_baked { baked.min(room - start - worked) } else { 0 };
        bars.push(Bar { start, work: worked, bake, has_approval: approvals(stage).is_some() });
        at_ms = end;
    }
    bars
}

impl Bar {
    fn render(&self, room: usize, style: Style) -> String {
        let gate = if self.has_approval { "◆" } else { "" };
        // The mark of a gate stands in the column before the bar, or takes its first one.
        let lead = " ".repeat(self.start - usize::from(self.has_approval && self.start > 0));
        let work = self.work - usize::from(self.has_approval && self.start == 0).min(self.work - 1);
        let bar = format!(
            "{lead}{}{}{}",
            style.paint.apply(Role::Warn, gate),
            style.paint.apply(Role::Info, &"█".repeat(work)),
            style.paint.apply(Role::Dim, &"▒".repeat(self.bake)),
        );
        text::pad(&text::fit(&bar, room), room)
    }
}

/// `0s … 41m` under the bars.
fn axis(total: Millis, names: usize, room: usize, style: Style) -> String {
    let end = total.to_string();
    let gap = room.saturating_sub(2 + text::width(&end));
    let line = format!("  {}  0s{}{end}", " ".repeat(names), " ".repeat(gap));
    format!("{}\n", style.paint.apply(Role::Dim, &line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{output::fixture, terminal::Paint};

    fn show(plan: &Plan, columns: usize) -> String {
        render(plan, Style { columns, is_verbose: false, paint: Paint::plain() }).trim_matches('\n').to_owned()
    }

    #[test]
    fn bars_share_one_axis() {
        insta::assert_snapshot!(show(&fixture::plan(), 110), @r"
        timeline  (█ work  ▒ bake  ◆ people must approve first)
          canary  █▒▒▒▒▒▒▒▒▒▒▒                                        1 target: 31s, bakes 10m
          pilot               █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   2 targets, 2 at a time: 31s, bakes 30m
          broad                                                   ◆█  2 targets, 1 at a time: 31s; approval by 2 first
                  0s                                         41m 33s
        ");
    }

    #[test]
    fn narrow_terminals_get_words_only() {
        insta::assert_snapshot!(show(&fixture::plan(), 50), @r"
        timeline
          canary  1 target: 31s, bakes 10m
          pilot   2 targets, 2 at a time: 31s, bakes 30m
          broad   2 targets, 1 at a time: 31s; approval b…
        ");
    }

    #[test]
    fn every_width_and_every_share_fits() {
        let mut plan = fixture::plan();
        for (work_ms, bake_ms) in [(1, 0), (0, 1), (1, u64::MAX / 8), (86_400_000, 1)] {
            for stage in &mut plan.stages {
                stage.bake = Millis(bake_ms);
                stage.predicted = Millis(work_ms + bake_ms);
            }
            plan.predicted = Millis(plan.stages.iter().map(|stage| stage.predicted.0).sum());
            for columns in 1..160 {
                let out = show(&plan, columns);
                assert!(out.lines().skip(1).all(|line| text::width(line) <= columns), "{columns}: {out}");
            }
        }
    }
}
