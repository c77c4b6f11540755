//! Why a rollout does not move, as sentences.

use seaway_core::{
    duration::Millis,
    execution::{Failure, State, WaitingOn},
    plan::StepKind,
};

use super::{
    text::{self, printable},
    time::{Now, whole},
};

/// Who drives a rollout now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Driver {
    /// Nobody.
    #[default]
    Nobody,
    /// This process.
    Us,
    /// Another process.
    Other(String),
}

impl Driver {
    /// Whether some process drives, so that time passes for bakes and limits.
    pub fn is_there(&self) -> bool {
        *self != Self::Nobody
    }
}

/// One reason as a sentence, without a full stop. While nobody drives (`is_driven`), no bake passes and nothing
/// is tried again, so no such time is promised.
pub fn waiting(reason: &WaitingOn, state: &State, is_driven: bool, now: Now) -> String {
    let id = &state.rollout;
    match reason {
        WaitingOn::Driver if state.epoch == 0 => format!("nobody has driven it yet: `seaway rollout resume {id}`"),
        WaitingOn::Driver => format!("waits for the process that drives it: `seaway rollout resume {id}`"),
        WaitingOn::Claim { by: None, .. } => "waits for the right to change its services".to_owned(),
        WaitingOn::Claim { by: Some(other), position } => format!(
            "waits for rollout `{other}`, which changes one of its services; it is {} in the queue",
            ordinal(*position)
        ),
        WaitingOn::Pause { by, reason } => {
            format!("paused by `{by}`{}; go on with `seaway rollout resume {id}`", because(reason.as_deref()))
        }
        WaitingOn::Stop { by, in_flight: 0 } => format!("stopping, as `{by}` asked"),
        WaitingOn::Stop { by, in_flight } => {
            format!("stopping, as `{by}` asked; {} in flight must end first", text::count(*in_flight as usize, "step"))
        }
        WaitingOn::Approval { stage, needed, given, from } => {
            let given_by: Vec<String> = given.iter().map(|who| format!("`{who}`")).collect();
            let so_far = if given.is_empty() { String::new() } else { format!(" ({})", given_by.join(", ")) };
            let from: Vec<String> = from.iter().map(|who| format!("`{who}`")).collect();
            let from = if from.is_empty() { String::new() } else { format!("; may approve: {}", from.join(", ")) };
            format!(
                "stage `{stage}` waits for approval: {} of {needed} given{so_far}{from}: \
                 `seaway rollout approve {id} --stage {stage}`",
                given.len()
            )
        }
        WaitingOn::Bake { stage, until_ms } if is_driven => bake(stage.as_str(), *until_ms, state, now),
        WaitingOn::Bake { stage, until_ms } => {
            let left = whole(Now(state.at_ms).until(*until_ms));
            format!(
                "stage `{stage}` bakes; at most {left} are left, and they pass only while somebody drives the rollout"
            )
        }
        WaitingOn::Retry { target, step, at_ms, since_ms, failure } => {
            let failure = failure_line(failure);
            if state.paused.is_some() {
                return format!("`{target}` {}: {failure}; tried again after the pause", doing(*step));
            }
            if !is_driven {
                return format!("`{target}` {}: {failure}; tried again when somebody drives", doing(*step));
            }
            let give_up_ms = since_ms.saturating_add(millis(state.frame.plan.give_up_unreachable_after));
            format!(
                "`{target}` {}: {}; tried since {}, again {}, given up {}",
                doing(*step),
                failure,
                now.clock(*since_ms),
                now.coming(*at_ms),
                now.coming(give_up_ms)
            )
        }
        WaitingOn::Step { target, step, since_ms, deadline_ms, waiting } => {
            let waiting = if waiting.is_empty() { String::new() } else { format!(": {}", printable(waiting)) };
            if !is_driven {
                return format!("`{target}` {}{waiting}; goes on when somebody drives", doing(*step));
            }
            format!(
                "`{target}` {}{waiting}; for {} now, given up {}",
                doing(*step),
                now.age(*since_ms),
                now.coming(*deadline_ms)
            )
        }
        WaitingOn::Slots { stage, in_flight, pending } => format!(
            "stage `{stage}` lets {in_flight} {} change at once; {pending} {} for a place",
            text::plural(*in_flight as usize, "target"),
            if *pending == 1 { "waits" } else { "wait" }
        ),
    }
}

fn bake(stage: &str, until_ms: i64, state: &State, now: Now) -> String {
    let stages = &state.frame.plan.stages;
    let next = stages.iter().skip_while(|planned| planned.name.as_str() != stage).nth(1);
    let when = now.coming(until_ms);
    match next {
        Some(next) => format!("stage `{stage}` bakes; stage `{}` opens {when}", next.name),
        None => format!("stage `{stage}` bakes; the rollout ends {when}"),
    }
}

/// What a step does, as seen from its target.
pub const fn doing(step: StepKind) -> &'static str {
    match step {
        StepKind::Apply => "is being written to",
        StepKind::Wait => "becomes healthy",
        StepKind::Verify => "is read back",
        StepKind::Bake => "bakes",
    }
}

/// A failure on one line: kind and message.
pub fn failure_line(failure: &Failure) -> String {
    printable(&failure.to_string())
}

/// `: reason`, when there is one.
pub fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(" ({})", printable(reason))).unwrap_or_default()
}

/// Who moves the rollout, and what to do when nobody does.
pub fn driver(driver: &Driver, state: &State) -> Option<String> {
    if state.end.is_some() {
        return None;
    }
    Some(match driver {
        Driver::Us => "this process drives it".to_owned(),
        Driver::Other(holder) => format!("driven by `{}`", printable(holder)),
        Driver::Nobody => format!("nobody drives this rollout now: `seaway rollout resume {}`", state.rollout),
    })
}

/// `12s`, in whole seconds.
pub fn took(from_ms: Option<i64>, to_ms: Option<i64>) -> Option<Millis> {
    Some(whole(Millis(to_ms?.saturating_sub(from_ms?).max(0).unsigned_abs())))
}

fn millis(length: Millis) -> i64 {
    i64::try_from(length.0).unwrap_or(i64::MAX)
}

fn ordinal(position: u32) -> String {
    match position {
        0 => "not yet".to_owned(),
        1 => "next".to_owned(),
        n => format!("number {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout, START_MS};
    use seaway_core::{
        execution::{ClaimAnswer, Command, FailureKind, Input},
        ids::RolloutId,
    };

    fn say(rollout: &Rollout) -> String {
        let now = Now(rollout.at_ms);
        let lines: Vec<String> =
            rollout.state.waiting_on().iter().map(|on| waiting(on, &rollout.state, true, now)).collect();
        lines.join("\n").replace(fixture::ID, "ID")
    }

    #[test]
    fn before_it_moves() {
        let mut rollout = Rollout::new(fixture::plan());
        insta::assert_snapshot!(say(&rollout), @r"nobody has driven it yet: `seaway rollout resume ID`");
        rollout.input(Input::Lead { epoch: 1, unobserved_ms: 0 });
        let held = ClaimAnswer::Held { by: RolloutId::new("0199a8c1"), position: 2 };
        rollout.at(1).input(Input::Claim { epoch: 1, answer: held });
        insta::assert_snapshot!(say(&rollout), @r"waits for rollout `0199a8c1`, which changes one of its services; it is number 2 in the queue");
    }

    #[test]
    fn nothing_is_promised_while_nobody_drives() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(30).verify("c1").at(9000).progress("c1", 0, 1, "reading the cluster");
        rollout.at_ms += 60_000;
        let now = Now(rollout.at_ms);
        let say = |on: &WaitingOn| waiting(on, &rollout.state, false, now);
        let lines: Vec<String> = rollout.state.waiting_on().iter().map(say).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        stage `canary` bakes; at most 0s are left, and they pass only while somebody drives the rollout
        `c1` bakes: reading the cluster; goes on when somebody drives
        ");
    }

    #[test]
    fn while_it_works() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(2).succeed("c1").at(5).progress("c1", 8, 15, "Deployment shop/api: 1 of 3 pods ready\u{1b}[2J");
        rollout.at(50);
        insta::assert_snapshot!(say(&rollout), @r"`c1` becomes healthy: Deployment shop/api: 1 of 3 pods ready�[2J; for 48s now, given up in 9m 17s (14:40 UTC)");
        rollout.at(51).command("bo", Some("incident 7"), Command::Pause);
        insta::assert_snapshot!(say(&rollout), @r"
        paused by `bo` (incident 7); go on with `seaway rollout resume ID`
        `c1` becomes healthy: Deployment shop/api: 1 of 3 pods ready�[2J; for 49s now, given up in 9m 16s (14:40 UTC)
        ");
        rollout.at(52).command("bo", None, Command::Stop);
        insta::assert_snapshot!(say(&rollout), @r"
        stopping, as `bo` asked; 1 step in flight must end first
        paused by `bo` (incident 7); go on with `seaway rollout resume ID`
        `c1` becomes healthy: Deployment shop/api: 1 of 3 pods ready�[2J; for 50s now, given up in 9m 15s (14:40 UTC)
        ");
    }

    #[test]
    fn bakes_retries_and_gates() {
        let mut rollout = Rollout::led(fixture::plan());
        rollout.at(30).verify("c1").at(380);
        insta::assert_snapshot!(say(&rollout), @r"stage `canary` bakes; stage `pilot` opens in 4m 10s (14:40 UTC)");
        rollout.at(630).succeed("c1").at(640).fail("c2", FailureKind::Unreachable, "connection refused");
        insta::assert_snapshot!(say(&rollout), @r"
        `c2` is being written to: unreachable: connection refused; tried since 14:40 UTC, again in 1s (14:40 UTC), given up in 1m (14:41 UTC)
        `c3` is being written to; for 10s now, given up in 9m 55s (14:50 UTC)
        ");
        rollout.at(642).tick().verify("c2").verify("c3").at(2500).succeed("c2").succeed("c3");
        insta::assert_snapshot!(say(&rollout), @r"stage `broad` waits for approval: 0 of 2 given; may approve: `ana`, `bo`: `seaway rollout approve ID --stage broad`");
        assert!(rollout.at_ms > START_MS);
    }
}
