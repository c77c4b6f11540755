//! People: a stop is final, a pause starts nothing, a retry touches failed targets alone.

use seaway_core::execution::Event;

use super::{Findings, replay::Replay};
use crate::evidence::{Entry, Written};

const STOP: &str = "a stop is final";
const PAUSE: &str = "a pause starts nothing";
const RETRY: &str = "a retry touches failed targets alone";

pub(super) fn event(replay: &Replay, entry: &Entry, findings: &mut Findings<'_>) {
    let event = &entry.recorded.event;
    let is_start = matches!(event, Event::StepStarted { .. } | Event::StageOpened { .. } | Event::BakeStarted { .. });
    findings.require(STOP, replay.end != Some("Stopped"), || format!("{} after it has stopped", event.kind()));
    findings.require(STOP, replay.end.is_none() || matches!(event, Event::Retried { .. }), || {
        format!("{} after it has ended", event.kind())
    });
    let is_refused = is_start || matches!(event, Event::Retried { .. } | Event::Succeeded | Event::Failed { .. });
    findings.require(STOP, !(replay.is_stopping && is_refused), || format!("{} after the stop", event.kind()));
    findings.require(PAUSE, !(replay.is_paused && is_start), || format!("{} during the pause", event.kind()));
    if let Event::Retried { targets, .. } = event {
        for target in 0..replay.frame.target_count() {
            let name = &replay.frame.target(target).name;
            let is_allowed = !targets.contains(name) || replay.is_failed(target);
            findings.require(RETRY, is_allowed, || format!("{name} has not failed"));
        }
        findings.require(RETRY, !targets.is_empty(), || "nothing is retried".to_owned());
    }
}

pub(super) fn write(replay: &Replay, written: &Written, findings: &mut Findings<'_>) {
    findings.require(STOP, replay.end.is_none(), || {
        format!("{:?} on {} after the end", written.write.wrote, written.write.target)
    });
}
