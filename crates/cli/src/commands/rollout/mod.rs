//! `seaway rollout`: start, watch and steer rollouts.

use seaway_core::{
    execution::{Command, State},
    ids::RolloutId,
};
use seaway_engine::Engine;
use seaway_store::RolloutFilter;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    output::{
        sentence::{self, Driver},
        view,
    },
    session::Session,
    watching::{GOES_ON, RESTS, Task, Watching, driver},
};

pub mod approve;
pub mod explain;
pub mod list;
pub mod pause;
pub mod resume;
pub mod retry;
pub mod start;
pub mod status;
pub mod stop;
pub mod watch;

/// Start, watch and steer rollouts.
///
/// Without a server the process that watches a rollout also drives it. When it leaves, the rollout rests, and
/// `seaway rollout resume` goes on.
#[derive(clap::Subcommand, Debug)]
#[allow(missing_docs)]
pub enum Verb {
    Start(start::Args),
    List(list::Args),
    Status(status::Args),
    Watch(watch::Args),
    Explain(explain::Args),
    Approve(approve::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Stop(stop::Args),
    Retry(retry::Args),
}

/// Runs one of the verbs.
///
/// # Errors
/// As the verb says.
pub async fn run(context: &Context, verb: &Verb) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let engine = session.engine().await?;
    let desk = Desk { session: &session, engine: &engine };
    match verb {
        Verb::Start(args) => start::run(&desk, args).await,
        Verb::List(args) => list::run(&desk, args).await,
        Verb::Status(args) => status::run(&desk, args).await,
        Verb::Watch(args) => watch::run(&desk, args).await,
        Verb::Explain(args) => explain::run(&desk, args).await,
        Verb::Approve(args) => approve::run(&desk, args).await,
        Verb::Pause(args) => pause::run(&desk, args).await,
        Verb::Resume(args) => resume::run(&desk, args).await,
        Verb::Stop(args) => stop::run(&desk, args).await,
        Verb::Retry(args) => retry::run(&desk, args).await,
    }
}

/// What every verb works with.
pub struct Desk<'a> {
    /// The workspace.
    pub session: &'a Session<'a>,
    /// Its engine.
    pub engine: &'a Engine,
}

impl Desk<'_> {
    /// Settings of the call.
    pub fn context(&self) -> &Context {
        self.session.context
    }

    /// The rollout whose id starts so; the newest one when nothing is given.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub async fn rollout(&self, given: Option<&str>) -> Result<RolloutId, Error> {
        if let Some(prefix) = given {
            return self.engine.resolve_rollout(prefix).await.map_err(|error| self.session.explain(error));
        }
        let newest = self.engine.rollouts(&RolloutFilter::default(), 1).await;
        let newest = newest.map_err(|error| self.session.explain(error))?;
        newest.first().map(|row| RolloutId::new(&row.id)).ok_or_else(|| {
            Error::new("there is no rollout in this workspace yet")
                .hint("start one with `seaway rollout start SERVICE -e ENV`")
        })
    }

    /// The state of a rollout, and who drives it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn look(&self, rollout: &RolloutId) -> Result<(State, Driver), Error> {
        let state = self.engine.state(rollout).await.map_err(|error| self.session.explain(error))?;
        let driver = if state.end.is_some() { Driver::Nobody } else { self.driver(rollout).await? };
        Ok((state, driver))
    }

    /// Who drives a rollout.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn driver(&self, rollout: &RolloutId) -> Result<Driver, Error> {
        driver(self.engine, rollout, self.context()).await
    }

    /// Puts a person's command on the record.
    ///
    /// # Errors
    /// When the rollout's rules refuse it.
    pub async fn command(
        &self,
        rollout: &RolloutId,
        command: Command,
        reason: Option<&String>,
    ) -> Result<State, Error> {
        let by = self.context().principal()?;
        let done = self.engine.command(rollout, command, &by, reason.cloned()).await;
        done.map_err(|error| {
            let error = self.session.explain(error);
            let hint = format!("`seaway rollout explain {rollout}` says how it is");
            if error.hint.is_some() { error } else { error.hint(hint) }
        })
    }

    /// Says what was done to a rollout and who moves it now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn say(&self, state: &State, done: &str) -> Result<Exit, Error> {
        let driver = if state.end.is_some() { Driver::Nobody } else { self.driver(&state.rollout).await? };
        let now = crate::output::time::Now(self.engine.clock().now_ms());
        let next = sentence::driver(&driver, state).map(|line| format!("{line}\n")).unwrap_or_default();
        self.context().show(&view::Rollout::new(state, &driver, now), || format!("{done}\n{next}"))?;
        Ok(Exit::Done)
    }

    /// Drives a rollout and watches it; only watches when another process drives it already.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub async fn drive(&self, rollout: &RolloutId, leaving: watch::Leaving) -> Result<Exit, Error> {
        let driver = self.driver(rollout).await?;
        let (task, banner) = match driver {
            Driver::Other(holder) => (Task::Follow, Some(format!("driven by {holder}; this process only watches"))),
            Driver::Nobody | Driver::Us => (Task::Drive, None),
        };
        self.watching(rollout, task, leaving, banner.as_deref()).run_and_report().await
    }

    /// A watching of a rollout.
    pub fn watching<'a>(
        &'a self,
        rollout: &'a RolloutId,
        task: Task,
        leaving: watch::Leaving,
        banner: Option<&'a str>,
    ) -> Watching<'a> {
        Watching {
            context: self.context(),
            engine: self.engine,
            rollout,
            task,
            leave_at_approval: leaving.leave_at_approval,
            banner,
            leaving: match task {
                Task::Drive => RESTS,
                Task::Follow => GOES_ON,
            },
        }
    }
}
