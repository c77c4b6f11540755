//! `seaway plan`: what would change, where, and why.

use clap::ValueHint;
use seaway_core::{
    digest::Digest,
    ids::{EnvironmentName, ServiceName},
    plan::Plan,
};
use seaway_engine::{Engine, PlanRequest, Planned, drivers::kube::KUBE};
use serde::Serialize;
use std::path::PathBuf;

use crate::{
    atomic,
    context::{self, Context},
    error::Error,
    exit::Exit,
    fetching::Reach,
    output::plan as picture,
    progress::Progress,
    session::Session,
};

/// Say what a rollout would change, target by target, without changing anything.
///
/// The plan is kept: `seaway rollout start --plan HASH` runs exactly it, and refuses when the clusters have
/// changed since.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway plan shop -e prod                     what would change
  seaway plan -e prod                          the same for all services
  seaway plan shop cart -e prod -v             with the reason for every target
  seaway plan shop -e prod --out plan.json     keep it as a file, for review and approval
  seaway plan shop -e prod -o json             for programs

Exit codes: 0 nothing to do, 2 there are changes, 1 error.")]
pub struct Args {
    /// Services; all of the workspace when left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
    /// Write the plan to a file as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Consent to delete and create again what cannot be changed in place
    #[arg(long)]
    pub allow_replace: bool,
    /// Plan that this one replaces, by hash
    #[arg(long, value_name = "HASH")]
    pub parent: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reach: Reach,
}

/// What programs read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    hash: &'a Digest,
    is_noop: bool,
    next: String,
    findings: &'a [seaway_core::diagnostic::Diagnostic],
    plan: &'a Plan,
}

/// Plans and shows.
///
/// # Errors
/// When the declarations have errors, or the plan cannot be made, kept or started.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let engine = session.engine().await?;
    let wish = Wish {
        environment: &args.environment,
        services: &args.services,
        allow_replace: args.allow_replace,
        parent: args.parent.as_deref(),
        reach: &args.reach,
    };
    let planned = make(&session, &engine, &wish).await?;
    if let Some(path) = &args.out {
        atomic::write(path, context::json(&planned.plan)?.as_bytes())?;
    }
    let next = picture::next(&planned.plan, &planned.hash);
    let report = Report {
        hash: &planned.hash,
        is_noop: planned.plan.is_noop(),
        next: next.clone(),
        findings: &planned.findings,
        plan: &planned.plan,
    };
    context.show(&report, || format!("{}\n{next}\n", picture(context, &planned)))?;
    Ok(if planned.plan.totals.refused > 0 {
        Exit::Error
    } else if planned.plan.is_noop() {
        Exit::Done
    } else {
        Exit::Changes
    })
}

/// What shall be planned, as it was typed.
pub struct Wish<'a> {
    /// Environment.
    pub environment: &'a str,
    /// Services; empty = all that go there.
    pub services: &'a [String],
    /// Consent to replacing.
    pub allow_replace: bool,
    /// Start of the hash of the plan that this one replaces.
    pub parent: Option<&'a str>,
    /// What may be fetched.
    pub reach: &'a Reach,
}

/// Makes and keeps a plan.
///
/// # Errors
/// When the declarations have errors, or the plan cannot be made or kept.
pub async fn make(session: &Session<'_>, engine: &Engine, wish: &Wish<'_>) -> Result<Planned, Error> {
    let workspace = session.declarations()?;
    let parent = match wish.parent {
        None => None,
        Some(prefix) => {
            let plan = engine.plan_by_hash(prefix).await.map_err(|error| session.explain(error))?;
            let hash = plan.hash();
            Some(hash.map_err(|error| Error::new("the parent plan has no hash").because(&error))?)
        }
    };
    let request = PlanRequest {
        environment: EnvironmentName::new(wish.environment),
        services: wish.services.iter().map(ServiceName::new).collect(),
        allow_replace: wish.allow_replace,
        parent,
        driver: KUBE,
    };
    let sources = wish.reach.sources(session)?;
    let progress = Progress::start("rendering");
    let tell =
        |at: seaway_engine::PlanProgress| progress.say(format!("asking clusters: {} of {}", at.asked, at.targets));
    let planned = engine.plan(&workspace, &sources, &request, &tell).await;
    drop(progress);
    let planned = planned.map_err(|error| session.explain(error))?;
    session.remarks(&planned.findings);
    Ok(planned)
}

/// The plan for people.
pub fn picture(context: &Context, planned: &Planned) -> String {
    let style = picture::Style { columns: context.columns(), is_verbose: context.verbose > 0, paint: context.paint };
    picture::render(&planned.plan, &planned.hash, style)
}
