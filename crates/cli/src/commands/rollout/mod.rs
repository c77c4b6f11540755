//! `seaway rollout`: start, watch and steer rollouts.

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
