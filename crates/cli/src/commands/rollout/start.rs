//! `seaway rollout start`.

use std::path::Path;

use seaway_core::{digest::Digest, plan::Plan};
use seaway_engine::Planned;

use super::Desk;
use crate::{
    ask,
    cli::Format,
    commands::plan::{Wish, make, picture},
    error::Error,
    exit::Exit,
    fetching::Reach,
    output::plan as pictures,
};

/// Start a rollout, drive it and watch it to its end.
///
/// Runs a kept plan, or makes one of the services, shows it and asks. Ctrl-C once leaves: the rollout rests and
/// `seaway rollout resume` goes on.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout start shop -e prod                   plan, ask, go
  seaway rollout start shop -e prod --yes             without asking, for pipelines
  seaway rollout start --plan 4f2a91c03b7d            exactly the plan that was reviewed
  seaway rollout start --plan plan.json --yes --reason 'release 42'

Exit codes: 0 succeeded or nothing to do, 3 failed, 4 stopped, 5 waits for a person, 6 refused, 130 Ctrl-C.")]
pub struct Args {
    /// Services; all of the workspace when left out
    #[arg(value_name = "SERVICE", conflicts_with = "plan")]
    pub services: Vec<String>,
    /// Environment
    #[arg(short, long, value_name = "ENV", required_unless_present = "plan", conflicts_with = "plan")]
    pub environment: Option<String>,
    /// Run this plan: a file, or the hash (or its start) of a kept one
    #[arg(long, value_name = "FILE|HASH")]
    pub plan: Option<String>,
    /// Consent to delete and create again what cannot be changed in place
    #[arg(long, conflicts_with = "plan")]
    pub allow_replace: bool,
    /// Start without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Record the rollout and leave; nobody drives it until `seaway rollout resume`
    #[arg(long)]
    pub no_watch: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub leaving: super::watch::Leaving,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reach: Reach,
}

/// Starts, and drives unless told not to.
///
/// # Errors
/// When the plan cannot be made or read, is refused, or is not confirmed.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let context = desk.context();
    let by = context.principal()?;
    let planned = plan(desk, args).await?;
    if context.format == Format::Table {
        let text = match args.plan {
            Some(_) => format!("{}\n", pictures::summary(&planned.plan, &planned.hash, context.paint)),
            None => picture(context, &planned),
        };
        context.print(&text)?;
    }
    if planned.plan.totals.refused > 0 {
        return Err(Error::refused("the plan cannot be started").cause(pictures::next(&planned.plan, &planned.hash)));
    }
    if planned.plan.is_noop() {
        context.remark("nothing changes: every target is read back, nothing is written, no bake is needed\n");
    } else if !args.yes {
        ask::confirm(context, "\nStart this rollout?", "the rollout", "--yes")?;
    }
    let rollout = desk.engine.start(&planned.hash, &by, args.reason.clone()).await;
    let rollout = rollout.map_err(|error| desk.session.explain(error))?;
    if args.no_watch {
        let (state, _) = desk.look(&rollout).await?;
        return desk.say(&state, &format!("created rollout {rollout}")).await;
    }
    desk.drive(&rollout, args.leaving).await
}

async fn plan(desk: &Desk<'_>, args: &Args) -> Result<Planned, Error> {
    let Some(given) = &args.plan else {
        let wish = Wish {
            environment: args.environment.as_deref().unwrap_or_default(),
            services: &args.services,
            allow_replace: args.allow_replace,
            parent: None,
            reach: &args.reach,
        };
        return make(desk.session, desk.engine, &wish).await;
    };
    let path = Path::new(given);
    let is_file = path.is_file() || given.contains(std::path::MAIN_SEPARATOR) || given.ends_with(".json");
    let plan = if is_file { read(desk, path)? } else { kept(desk, given).await? };
    let hash = desk.engine.save_plan(&plan).await.map_err(|error| desk.session.explain(error))?;
    Ok(Planned { plan, hash, findings: Vec::new() })
}

async fn kept(desk: &Desk<'_>, prefix: &str) -> Result<Plan, Error> {
    let hex = prefix.strip_prefix("sha256:").unwrap_or(prefix);
    if hex.is_empty() || hex.len() > 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Error::new(format!("`{prefix}` is neither a file nor the hash of a plan"))
            .hint("`seaway get plans` lists the plans of this workspace"));
    }
    desk.engine.plan_by_hash(&hex.to_lowercase()).await.map_err(|error| desk.session.explain(error))
}

fn read(desk: &Desk<'_>, path: &Path) -> Result<Plan, Error> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| {
        Error::new(format!("cannot read plan `{name}`"))
            .because(&error)
            .hint("make one with `seaway plan … --out FILE`")
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > seaway_core::plan::PLAN_BYTES_MAX as u64 {
        return Err(Error::new(format!("plan `{name}` has {size} bytes"))
            .cause(format!("expected at most {}", seaway_core::plan::PLAN_BYTES_MAX)));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let findings = |found| desk.session.explain(seaway_engine::Error::Findings(found));
    seaway_core::plan::read(&name, &bytes).map_err(|found| {
        Error { what: format!("`{name}` is not a plan that can be run"), ..findings(found) }
            .hint("make a new one with `seaway plan … --out FILE`; a plan is never edited")
    })
}

/// Whether `given` is the hash, or at least eight digits of its start.
pub fn is_hash(given: &str, hash: &Digest) -> bool {
    const DIGITS_MIN: usize = 8;
    let given = given.strip_prefix("sha256:").unwrap_or(given).to_lowercase();
    let whole = hash.as_str().strip_prefix("sha256:").unwrap_or(hash.as_str());
    given.len() >= DIGITS_MIN && whole.starts_with(&given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_by_their_start() {
        let hash = Digest::of(b"");
        assert!(is_hash("e3b0c442", &hash) && is_hash("sha256:E3B0C44298", &hash) && is_hash(hash.as_str(), &hash));
        assert!(!is_hash("e3b0c44", &hash) && !is_hash("", &hash) && !is_hash("e3b0c443", &hash));
    }
}
