//! Watching a rollout: as a live tree on a terminal, as lines elsewhere, until its end or until somebody leaves.
//!
//! ```text
//!   engine (drives or follows) ──► Feed ──channel──► Display ──► terminal
//!            ▲                                          │
//!            └───────────── leave ◄── Ctrl-C, approval ─┘
//! ```
//!
//! Without a server the process that watches also drives. Ctrl-C once, or SIGTERM: the lease is given back and
//! the rollout rests. Ctrl-C twice: the process ends at once; the lease of a dead process does not hold.

mod display;
mod feed;
mod signal;

use seaway_core::{
    execution::{Phase, State, WaitingOn},
    ids::RolloutId,
};
use seaway_engine::{Engine, Left};
use tokio_util::sync::CancellationToken;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    output::{explain, sentence::Driver, status, time::Now, view},
    session,
};

use display::Display;
use feed::Feed;

/// How often the display looks whether to draw.
const DRAW_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// What the process does besides showing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Drives the rollout.
    Drive,
    /// Looks on while somebody else drives.
    Follow,
}

/// How watching ended.
#[derive(Debug)]
pub struct Outcome {
    /// The last state.
    pub state: State,
    /// Why it ended.
    pub how: How,
}

/// Why watching ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// The rollout has ended.
    Ended,
    /// Only a person can move it, and the command was told to leave then.
    WaitsForPeople,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// One watching.
pub struct Watching<'a> {
    /// Settings of the call.
    pub context: &'a Context,
    /// The engine.
    pub engine: &'a Engine,
    /// The rollout.
    pub rollout: &'a RolloutId,
    /// What to do besides showing.
    pub task: Task,
    /// Whether to leave when only a person can move it.
    pub leave_at_approval: bool,
    /// A line that the display keeps in sight, such as that the fleet is simulated.
    pub banner: Option<&'a str>,
    /// What it means to leave.
    pub leaving: &'a str,
}

/// What it means to leave a rollout that this process drives.
pub const RESTS: &str = "Ctrl-C leaves; the rollout then rests until `seaway rollout resume`";
/// What it means to leave a rollout that another process drives.
pub const GOES_ON: &str = "Ctrl-C leaves; the rollout goes on";

impl Watching<'_> {
    /// Shows the rollout until its end, or until somebody leaves.
    ///
    /// # Errors
    /// When another process drives it, or the state cannot be read or written.
    pub async fn run(&self) -> Result<Outcome, Error> {
        let leave = CancellationToken::new();
        let (mut feed, mut updates) = Feed::new();
        let mut display = Display::new(self.context, self.engine.clock(), self.leaving, self.banner);
        let observer = &mut |state: &State, events: &[seaway_core::execution::Recorded]| feed.push(state, events);
        let engine = async {
            match self.task {
                Task::Drive => self.engine.drive(self.rollout, observer, leave.clone()).await,
                Task::Follow => self.engine.follow(self.rollout, observer, leave.clone()).await,
            }
        };
        tokio::pin!(engine);
        let mut signals = signal::Signals::new()?;
        let mut how = How::Ended;
        let mut timer = tokio::time::interval(DRAW_EVERY);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let ended = loop {
            tokio::select! {
                biased;
                () = signals.next() => {
                    if how == How::Interrupted {
                        std::process::exit(i32::from(Exit::Interrupted.code()));
                    }
                    how = How::Interrupted;
                    display.leaving();
                    leave.cancel();
                }
                ended = &mut engine => break ended,
                Some(update) = updates.recv() => {
                    display.update(update);
                    if self.leave_at_approval && how == How::Ended && display.state().is_some_and(waits_for_people) {
                        how = How::WaitsForPeople;
                        leave.cancel();
                    }
                }
                _ = timer.tick() => display.draw(),
            }
        };
        while let Ok(update) = updates.try_recv() {
            display.update(update);
        }
        display.finish();
        let (state, left) = ended.map_err(|error| session::explain(error, self.context, None))?;
        Ok(Outcome { state, how: if left == Left::Ended { How::Ended } else { how } })
    }

    /// Shows the rollout, says how it ended and what to do next, and gives the exit code for it.
    ///
    /// # Errors
    /// As [`Watching::run`].
    pub async fn run_and_report(&self) -> Result<Exit, Error> {
        let outcome = self.run().await?;
        let now = Now(self.engine.clock().now_ms());
        let state = &outcome.state;
        let driver = match (outcome.how, self.task) {
            (How::Ended, _) | (_, Task::Drive) => Driver::Nobody,
            (_, Task::Follow) => driver(self.engine, self.rollout, self.context).await?,
        };
        let shown = view::Rollout::new(state, &driver, now);
        self.context.show(&shown, || self.report(state, &driver, outcome.how, now))?;
        Ok(match outcome.how {
            How::Interrupted => Exit::Interrupted,
            How::Ended | How::WaitsForPeople => exit(state),
        })
    }

    fn report(&self, state: &State, driver: &Driver, how: How, now: Now) -> String {
        let style = status::Style { is_verbose: self.context.verbose > 0, paint: self.context.paint, now };
        let id = &state.rollout;
        match how {
            How::Ended => format!("\n{}", explain::render(state, driver, style)),
            How::WaitsForPeople | How::Interrupted if self.task == Task::Follow => {
                format!("\nleft; come back with `seaway rollout watch {id}`\n")
            }
            How::WaitsForPeople => format!("\n{}", explain::render(state, driver, style)),
            How::Interrupted => format!(
                "\nleft; rollout {id} rests now, nothing is in flight and nobody drives it\n\
                 go on with `seaway rollout resume {id}`\n"
            ),
        }
    }
}

/// Who drives a rollout.
///
/// # Errors
/// When the state cannot be read.
pub async fn driver(engine: &Engine, rollout: &RolloutId, context: &Context) -> Result<Driver, Error> {
    let holder = engine.driver_of(rollout).await.map_err(|error| session::explain(error, context, None))?;
    Ok(holder.map_or(Driver::Nobody, Driver::Other))
}

/// Whether nothing but a person can move the rollout: nothing is in flight, and it is paused or at a gate.
pub fn waits_for_people(state: &State) -> bool {
    if state.end.is_some() || state.stop.is_some() || !state.running.is_empty() {
        return false;
    }
    let waiting = state.waiting_on();
    let is_approval = |reason: &WaitingOn| matches!(reason, WaitingOn::Approval { .. });
    state.paused.is_some() || !waiting.is_empty() && waiting.iter().all(is_approval)
}

/// The exit code that says how a rollout is.
pub fn exit(state: &State) -> Exit {
    match state.end {
        Some(Phase::Succeeded) => Exit::Done,
        Some(Phase::Failed) => Exit::Failed,
        Some(Phase::Stopped) => Exit::Stopped,
        Some(Phase::Pending | Phase::Running | Phase::Waiting | Phase::Paused) | None => {
            if waits_for_people(state) {
                Exit::WaitsForPeople
            } else {
                Exit::Unfinished
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{self, Rollout};
    use seaway_core::execution::Command;

    #[test]
    fn exit_codes_of_states() {
        let mut rollout = Rollout::led(fixture::plan());
        assert_eq!(exit(&rollout.state), Exit::Unfinished);
        assert_eq!(exit(&fixture::broken_canary().state), Exit::Failed);
        rollout.at(5).command("ana", None, Command::Pause);
        assert_eq!(exit(&rollout.state), Exit::Unfinished, "a step is still in flight");
        rollout.succeed("c1");
        assert_eq!(exit(&rollout.state), Exit::WaitsForPeople);
        rollout.command("ana", None, Command::Resume).tick().succeed("c1").succeed("c1");
        assert_eq!(exit(&rollout.state), Exit::Unfinished, "the bake goes on");
        rollout.at(700).succeed("c1").verify("c2").verify("c3").at(9000).succeed("c2").succeed("c3");
        assert_eq!(exit(&rollout.state), Exit::WaitsForPeople, "the gate of `broad`");
        rollout.command("ana", None, Command::Stop).tick();
        assert_eq!(exit(&rollout.state), Exit::Stopped);
    }
}
