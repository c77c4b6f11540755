//! How long services took, for the prediction of later plans.

use std::collections::BTreeMap;

use crate::{
    duration::Millis,
    execution::{State, StepStatus},
    ids::ServiceName,
    plan::StepKind,
};

/// How long each changed service took on each of its targets, from the start of its apply to the end of its wait.
/// Targets that failed, or were tried more than once, say nothing about the usual time and are left out.
pub fn durations(state: &State) -> BTreeMap<ServiceName, Vec<Millis>> {
    let mut found: BTreeMap<ServiceName, Vec<Millis>> = BTreeMap::new();
    for (_, target) in state.frame.plan.targets() {
        for wait in target.steps.iter().filter(|step| step.kind == StepKind::Wait) {
            let Some(apply) = wait.after.iter().find_map(|id| target.steps.iter().find(|step| step.id == *id)) else {
                continue;
            };
            let (apply, ended) = (&state.steps[apply.id.index()], &state.steps[wait.id.index()]);
            let is_plain = apply.attempt == 1 && ended.attempt == 1 && ended.status == StepStatus::Succeeded;
            if let (true, Some(from), Some(to), [service]) =
                (is_plain, apply.started_ms, ended.ended_ms, wait.services.as_slice())
            {
                found.entry(service.clone()).or_default().push(Millis(u64::try_from(to - from).unwrap_or(0)));
            }
        }
    }
    found
}

/// The middle one, the lower of two; `None` = there are none.
pub fn median(mut all: Vec<Millis>) -> Option<Millis> {
    all.sort_unstable();
    all.get(all.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one() {
        let all = |list: &[u64]| median(list.iter().copied().map(Millis).collect());
        assert_eq!(all(&[]), None);
        assert_eq!(all(&[7]), Some(Millis(7)));
        assert_eq!(all(&[9, 1]), Some(Millis(1)));
        assert_eq!(all(&[9, 1, 5]), Some(Millis(5)));
    }
}
