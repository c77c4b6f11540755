//! People: commands at random moments, and help when all trouble is over.

use seaway_core::{
    digest::Digest,
    execution::{Command, Envelope, Input, Phase, State, WaitingOn, handle},
    ids::{Principal, StageName},
};

use super::{World, chaos::PEOPLE, queue::Item};

/// How often somebody looks after what waits for people, in milliseconds.
const HELP_EVERY_MS: i64 = 15_000;
/// Rounds of help after which a rollout counts as hanging: more than an hour, longer than all limits together.
const HELP_ROUNDS_MAX: u32 = 400;
/// Longest time until a process sees what a person appended, in milliseconds. Long enough that it often decides
/// something before that, and finds its append refused.
const LOOK_MAX_MS: i64 = 2_000;

impl World<'_> {
    /// A person gives a command from a process that does not drive.
    pub(super) fn person(&mut self, rollout: usize, who: &Principal, mut command: Command) {
        if let Command::Approve { plan, .. } = &mut command
            && *plan == Digest::of(b"this plan")
        {
            *plan = self.rules[rollout].hash.clone();
        }
        let Some(mut state) = self.fold(rollout) else { return };
        if state.seq == 0 {
            return;
        }
        let input = Input::Command(command);
        let envelope = Envelope { at_ms: self.now_ms, by: who.clone(), reason: None, input };
        let decision = match handle(&mut state, &envelope) {
            Ok(decision) => decision,
            Err(refusal) => {
                self.stats.refusals += 1;
                self.note(|| format!("{who} is refused: {refusal}"));
                return;
            }
        };
        self.stats.commands += 1;
        let expected = state.seq - decision.events.len() as u64;
        // Nobody else can append between the load and this.
        if self.store.append(rollout, expected, None, &decision.events, self.now_ms, None).is_err() {
            self.violate("fold", "a command conflicted with nobody");
            return;
        }
        self.stats.events += decision.events.len() as u64;
        self.note_events(who.as_str(), rollout, &decision.events);
        let delay_ms = self.rng.between(0, LOOK_MAX_MS);
        match self.driver_of(rollout) {
            Some(process) => self.queue.push(self.now_ms + delay_ms, Item::Look { process }),
            // Whoever retries a rollout that has ended drives it.
            None => self.queue.push(self.now_ms + delay_ms, Item::Lead { rollout }),
        }
    }

    /// Does what a reasonable team does: approve, resume, take up what nobody drives, retry what failed.
    pub(super) fn help(&mut self, round: u32) {
        let mut is_over = true;
        for rollout in 0..self.store.logs.len() {
            if self.store.logs[rollout].entries.is_empty() {
                is_over = false;
                continue;
            }
            let Some(state) = self.fold(rollout) else { return };
            is_over &= self.help_rollout(rollout, &state);
        }
        if is_over {
            return;
        }
        if round >= HELP_ROUNDS_MAX {
            let waits: Vec<String> = (0..self.store.logs.len())
                .filter_map(|rollout| self.fold(rollout))
                .filter(|state| state.end.is_none())
                .map(|state| format!("{}: {:?}", state.rollout, state.waiting_on()))
                .collect();
            self.violate("it ends", &format!("healed and approved, but it does not end; {}", waits.join("; ")));
            return;
        }
        self.queue.push(self.now_ms + HELP_EVERY_MS, Item::Help { round: round + 1 });
    }

    /// Helps one rollout. Returns whether it is over for good.
    fn help_rollout(&mut self, rollout: usize, state: &State) -> bool {
        if let Some(end) = state.end {
            if end != Phase::Failed || self.retries_left == 0 {
                return true;
            }
            self.retries_left -= 1;
            self.stats.retries += 1;
            self.person(rollout, &Principal::new("ann"), Command::Retry { targets: Vec::new() });
            return false;
        }
        if self.driver_of(rollout).is_none() {
            self.queue.push(self.now_ms, Item::Lead { rollout });
        }
        for reason in state.waiting_on() {
            match reason {
                WaitingOn::Pause { .. } => self.person(rollout, &Principal::new("ann"), Command::Resume),
                WaitingOn::Approval { stage, given, from, .. } => self.approve(rollout, stage, &given, &from),
                _ => {}
            }
        }
        false
    }

    fn approve(&mut self, rollout: usize, stage: StageName, given: &[Principal], from: &[Principal]) {
        let who = PEOPLE
            .iter()
            .map(Principal::new)
            .find(|who| !given.contains(who) && (from.is_empty() || from.contains(who)));
        if let Some(who) = who {
            let plan = self.rules[rollout].hash.clone();
            self.person(rollout, &who, Command::Approve { stage, plan });
        }
    }
}
