//! `seaway adopt`: what Seaway would take over, before it owns anything.

use seaway_core::{
    execution::Failure,
    ids::{EnvironmentName, ServiceName, TargetName},
    object::ObjectRef,
    plan::{FieldChange, ServicePolicy},
};
use seaway_engine::{
    drivers::{Target, Wanted, kube::KubeDriver},
    environment, render_all,
};
use serde::Serialize;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    fetching::Reach,
    output::{
        field,
        table::{Cell, columns},
        text,
    },
    progress::Progress,
    session::Session,
    terminal::Role,
};

/// Say which objects on the clusters exist already and would become Seaway's own, who manages their fields
/// now, and what would conflict. Changes nothing.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway adopt shop -e prod                what Seaway would take over on the clusters of prod
  seaway adopt shop -e prod -o json        for programs

Exit codes: 0 nothing to take over, 2 there is, 1 error.")]
pub struct Args {
    /// Service
    pub service: String,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reach: Reach,
}

/// What is on one cluster.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OnCluster {
    cluster: TargetName,
    /// Why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    objects: Vec<Found>,
}

/// One object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    object: ObjectRef,
    verdict: Verdict,
    owners: String,
    conflicts: Vec<Conflict>,
    fields: Vec<FieldChange>,
    #[serde(skip_serializing_if = "String::is_empty")]
    refused: String,
}

/// A field that somebody else has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Conflict {
    path: String,
    owner: String,
}

/// What would become of an object.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    /// It does not exist and will be created.
    New,
    /// The service has it already.
    Own,
    /// It would be taken over as it is or with changes.
    TakeOver,
    /// Somebody else has fields that the service sets too.
    Conflict,
    /// It belongs to somebody else.
    Refused,
}

impl Verdict {
    const fn show(self) -> (&'static str, Role) {
        match self {
            Self::New => ("new", Role::Good),
            Self::Own => ("own", Role::Dim),
            Self::TakeOver => ("take over", Role::Warn),
            Self::Conflict => ("conflict", Role::Bad),
            Self::Refused => ("refused", Role::Bad),
        }
    }
}

/// Asks the clusters and reports.
///
/// # Errors
/// When the declarations have errors, or no cluster answers.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let workspace = session.declarations()?;
    let name = EnvironmentName::new(&args.environment);
    let environment = environment(&workspace, &name).map_err(|error| session.explain(error))?;
    let service = ServiceName::new(&args.service);
    let sources = args.reach.sources(&session)?;
    let rendered = render_all(&workspace, environment, std::slice::from_ref(&service), &sources)
        .map_err(|error| session.explain(error))?;
    let Some(input) = rendered.services.get(&service) else {
        return Err(Error::new(format!("service `{service}` goes to no cluster of environment `{name}`")));
    };
    let driver = KubeDriver::new(&session.root);
    let progress = Progress::start("asking clusters");
    let mut report = Vec::new();
    for selected in &rendered.selection.targets {
        let cluster = selected.cluster.name.clone();
        let Some(content) = input.contents.get(&cluster) else { continue };
        progress.say(format!("asking cluster {cluster}"));
        let target = Target {
            environment: name.clone(),
            name: cluster.clone(),
            connection: selected.cluster.connection.clone(),
        };
        let wanted = Wanted {
            content: std::sync::Arc::clone(content),
            policy: ServicePolicy::of(input.service, input.source.clone(), std::iter::once(&service)),
            allow_replace: false,
            base: None,
        };
        report.push(match driver.adoptions(&target, &[wanted]).await {
            Ok(found) => OnCluster { cluster, failure: None, objects: found.into_iter().map(judge).collect() },
            Err(failure) => OnCluster { cluster, failure: Some(failure), objects: Vec::new() },
        });
    }
    drop(progress);
    context.show(&report, || show(context, &service, &report))?;
    let is_any =
        |verdicts: &[Verdict]| report.iter().flat_map(|on| &on.objects).any(|found| verdicts.contains(&found.verdict));
    Ok(if report.iter().any(|on| on.failure.is_some()) {
        Exit::Error
    } else if is_any(&[Verdict::TakeOver, Verdict::Conflict, Verdict::Refused]) {
        Exit::Changes
    } else {
        Exit::Done
    })
}

fn judge(adoption: seaway_kube::Adoption) -> Found {
    let verdict = if !adoption.refused.is_empty() {
        Verdict::Refused
    } else if !adoption.exists {
        Verdict::New
    } else if adoption.is_ours {
        Verdict::Own
    } else if adoption.conflicts.is_empty() {
        Verdict::TakeOver
    } else {
        Verdict::Conflict
    };
    let conflicts = adoption.conflicts.into_iter();
    Found {
        object: adoption.object,
        verdict,
        owners: adoption.owners,
        conflicts: conflicts.map(|one| Conflict { path: one.field, owner: one.owner }).collect(),
        fields: adoption.fields,
        refused: adoption.refused,
    }
}

fn show(context: &Context, service: &ServiceName, report: &[OnCluster]) -> String {
    let paint = context.paint;
    let mut out = String::new();
    for on in report {
        out += &format!("{}\n", paint.apply(Role::Strong, &format!("{service} on {}", on.cluster)));
        if let Some(failure) = &on.failure {
            out += &format!("  {}\n\n", paint.apply(Role::Bad, &text::printable(&failure.to_string())));
            continue;
        }
        for found in &on.objects {
            let (word, role) = found.verdict.show();
            let owners = if found.owners.is_empty() { String::new() } else { format!("now with {}", found.owners) };
            let row = vec![
                Cell::colored(format!("  {word:<10}"), role),
                Cell::from(found.object.to_string()),
                Cell::from(owners),
            ];
            out += &columns(std::iter::once(&row), 2, paint);
            if !found.refused.is_empty() {
                out += &format!("      {}\n", text::printable(&found.refused));
            }
            for conflict in &found.conflicts {
                out += &format!(
                    "      {} is set by {}\n",
                    text::printable(&conflict.path),
                    text::printable(&conflict.owner)
                );
            }
            let room = field::Room { columns: context.columns(), indent: 6, is_whole: context.verbose > 0 };
            for line in found.fields.iter().flat_map(|one| field::lines(one, room, paint)) {
                out += &format!("{line}\n");
            }
        }
        out.push('\n');
    }
    out + &totals(report)
}

fn totals(report: &[OnCluster]) -> String {
    let count = |verdict| report.iter().flat_map(|on| &on.objects).filter(|found| found.verdict == verdict).count();
    format!(
        "Adopt: {} to take over, {} in conflict, {} refused, {} new, {} own already; nothing was changed\n",
        count(Verdict::TakeOver),
        count(Verdict::Conflict),
        count(Verdict::Refused),
        count(Verdict::New),
        count(Verdict::Own)
    )
}
