//! `seaway rollout approve`.

use seaway_core::{
    declaration::Gate,
    execution::{Command, StageStatus, State},
    ids::StageName,
};

use super::{Desk, start::is_hash};
use crate::{ask, error::Error, exit::Exit, output::plan as pictures};

/// Open an approval gate: sign the hash of the plan that you have read.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout approve prod-261103-k3                               show what you sign, and ask
  seaway rollout approve prod-261103-k3 --stage broad --plan 4f2a91c03b7d --reason 'canary looks good'

Exit codes: 0 approved, 6 refused, 1 error.")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Stage; the one that waits when left out
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Hash of the plan that you have read, or at least 8 digits of it; asked for when left out
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Approves.
///
/// # Errors
/// When there is nothing to approve, the plan is another one, or the rules refuse.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let context = desk.context();
    let by = context.principal()?;
    let rollout = desk.rollout(Some(&args.rollout)).await?;
    let (state, _) = desk.look(&rollout).await?;
    let hash = state.frame.hash.clone();
    let stage = match &args.stage {
        Some(name) => StageName::new(name),
        None => waiting(&state).ok_or_else(|| {
            Error::refused(format!("no stage of rollout {rollout} waits for approval"))
                .hint(format!("`seaway rollout explain {rollout}` says what it waits for"))
        })?,
    };
    match &args.plan {
        Some(given) if is_hash(given, &hash) => {}
        Some(given) => {
            return Err(Error::refused(format!("you have read plan `{given}`, but this rollout runs another one"))
                .cause(format!("it runs plan {hash}"))
                .hint("read that plan; an approval needs at least 8 digits of its hash"));
        }
        None => {
            context.remark(&format!("{}\n", pictures::summary(&state.frame.plan, &hash, context.paint_err)));
            let question = format!("Approve stage `{stage}` of rollout {rollout} as {by}?");
            ask::confirm(context, &question, "the approval", &format!("--plan {}", hash.short()))?;
        }
    }
    let command = Command::Approve { stage: stage.clone(), plan: hash };
    let state = desk.command(&rollout, command, args.reason.as_ref()).await?;
    desk.say(&state, &format!("stage {stage} approved by {by}{}", still_needed(&state, &stage))).await
}

/// The stage whose gate is next.
fn waiting(state: &State) -> Option<StageName> {
    let stages = state.frame.plan.stages.iter().zip(&state.stages);
    let mut closed = stages.filter(|(planned, stage)| stage.status == StageStatus::Closed && !planned.gates.is_empty());
    closed.next().map(|(planned, _)| planned.name.clone()).filter(|_| state.end.is_none())
}

fn still_needed(state: &State, name: &StageName) -> String {
    let Some(index) = state.frame.stage_named(name) else { return String::new() };
    let needed = state.frame.stage(index).gates.iter().map(|gate| match gate {
        Gate::Approval(gate) => gate.count as usize,
    });
    match needed.max().unwrap_or(0).saturating_sub(state.stages[index].approvals.len()) {
        0 => String::new(),
        more => format!("; {more} more needed"),
    }
}
