//! Gates (invariant 6): a stage opens only with the approvals of the right people for this plan.

use seaway_core::{declaration::Gate, execution::Event};

use super::{
    Findings,
    replay::{Replay, Stage},
};
use crate::evidence::Entry;

const GATES: &str = "no gate fails open";

pub(super) fn event(replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    let Event::StageOpened { stage: name } = &entry.recorded.event else { return };
    let Some(stage) = replay.frame.stage_named(name) else {
        findings.add(GATES, format!("{name} is not in the plan"));
        return;
    };
    findings.require(GATES, replay.stages[stage] == Stage::Closed, || format!("{name} opens twice"));
    let given = replay.approvals.get(name);
    for Gate::Approval(gate) in &replay.frame.stage(stage).gates {
        let counted = given.into_iter().flatten().filter(|who| gate.from.is_empty() || gate.from.contains(who)).count();
        findings.require(GATES, counted >= gate.count as usize && gate.count > 0, || {
            format!("{name} opens with {counted} of {} approvals", gate.count)
        });
    }
}
