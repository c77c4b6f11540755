//! `seaway get`: lists of what the workspace and its record hold.

mod releases;

use clap::ValueEnum;
use std::collections::BTreeMap;

use seaway_core::{
    declaration::Workspace,
    digest::Digest,
    ids::{EnvironmentName, ServiceName},
    plan::GLOBAL_STAGE,
};
use serde::Serialize;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    output::{
        table::{Cell, table},
        text,
    },
    session::Session,
};

/// List environments, services, targets, rollouts, plans or releases.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway get environments
  seaway get targets -e prod
  seaway get targets k8s-westus2-1 -e prod -o yaml
  seaway get rollouts -o json
  seaway get releases 3f2a -o yaml")]
pub struct Args {
    /// What to list
    #[arg(value_enum)]
    pub kind: Kind,
    /// Only these names, or hashes and ids that start so
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Only of this environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
}

/// What can be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Kind {
    /// Fleets of the workspace
    #[value(alias = "environment", alias = "env")]
    Environments,
    /// Services of the workspace
    #[value(alias = "service", alias = "svc")]
    Services,
    /// Clusters, with their stage and region
    #[value(alias = "target", alias = "clusters")]
    Targets,
    /// Rollouts, the newest first
    #[value(alias = "rollout")]
    Rollouts,
    /// Kept plans, by hash
    #[value(alias = "plan")]
    Plans,
    /// Releases of kept plans: what each service was rendered from, and by what
    #[value(alias = "release")]
    Releases,
}

/// Lists.
///
/// # Errors
/// When the declarations have errors, the state cannot be read, or a name is not there.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    match args.kind {
        Kind::Environments => environments(context, &session.declarations()?, args),
        Kind::Services => services(context, &session.declarations()?, args),
        Kind::Targets => targets(context, &session.declarations()?, args),
        Kind::Rollouts | Kind::Plans => recorded(&session, args).await,
        Kind::Releases => releases::list(&session, args).await,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvironmentRow<'a> {
    name: &'a str,
    stages: Vec<&'a str>,
    regions: usize,
    clusters: usize,
}

fn environments(context: &Context, workspace: &Workspace, args: &Args) -> Result<Exit, Error> {
    let all = workspace.environments.values().map(|environment| EnvironmentRow {
        name: environment.name.as_str(),
        stages: environment.stages.iter().map(|stage| stage.name.as_str()).collect(),
        regions: environment.regions.len(),
        clusters: environment.clusters().count(),
    });
    let is_wanted = |row: &EnvironmentRow<'_>| args.environment.as_deref().is_none_or(|name| name == row.name);
    let rows = chosen(all.filter(is_wanted).collect(), &args.names, "environment", |row| row.name)?;
    let line = |row: &EnvironmentRow<'_>| {
        let (regions, clusters) = (row.regions.to_string(), row.clusters.to_string());
        vec![Cell::from(row.name), Cell::from(row.stages.join(" → ")), Cell::from(regions), Cell::from(clusters)]
    };
    show(context, &rows, &["NAME", "STAGES", "REGIONS", "CLUSTERS"], line)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceRow<'a> {
    name: &'a str,
    namespace: &'a str,
    source: std::borrow::Cow<'a, str>,
    depends_on: Vec<&'a str>,
    /// Clusters by environment.
    targets: BTreeMap<&'a str, usize>,
}

fn services(context: &Context, workspace: &Workspace, args: &Args) -> Result<Exit, Error> {
    let all = workspace.services.values().map(|service| {
        let environments = workspace.environments.values();
        let wanted =
            environments.filter(|one| args.environment.as_deref().is_none_or(|name| name == one.name.as_str()));
        let counts = wanted.map(|environment| {
            let goes = environment
                .clusters()
                .filter(|(region, cluster)| service.targets.mismatch(environment, *region, cluster).is_none());
            (environment.name.as_str(), goes.count())
        });
        ServiceRow {
            name: service.name.as_str(),
            namespace: &service.namespace,
            source: service.source.place(),
            depends_on: service.depends_on.iter().map(|name| name.as_str()).collect(),
            targets: counts.filter(|(_, count)| *count > 0).collect(),
        }
    });
    let is_wanted = |row: &ServiceRow<'_>| args.environment.is_none() || !row.targets.is_empty();
    let rows = chosen(all.filter(is_wanted).collect(), &args.names, "service", |row| row.name)?;
    let line = |row: &ServiceRow<'_>| {
        let targets: Vec<String> = row.targets.iter().map(|(name, count)| format!("{name}: {count}")).collect();
        let depends = row.depends_on.join(", ");
        [row.name, row.namespace, &targets.join(", "), &row.source, &depends].map(Cell::from).to_vec()
    };
    show(context, &rows, &["NAME", "NAMESPACE", "CLUSTERS", "SOURCE", "DEPENDS ON"], line)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetRow<'a> {
    name: &'a str,
    environment: &'a str,
    stage: &'a str,
    region: Option<&'a str>,
    state: seaway_core::declaration::ClusterState,
    kubeconfig: Option<&'a str>,
    context: &'a str,
    roles: Vec<&'a str>,
    labels: &'a BTreeMap<String, String>,
    services: Vec<&'a str>,
}

fn targets(context: &Context, workspace: &Workspace, args: &Args) -> Result<Exit, Error> {
    if let Some(name) = &args.environment {
        seaway_engine::environment(workspace, &EnvironmentName::new(name))
            .map_err(|error| crate::session::explain(error, context, None))?;
    }
    let environments = workspace.environments.values();
    let wanted = environments.filter(|one| args.environment.as_deref().is_none_or(|name| name == one.name.as_str()));
    let rows = wanted.flat_map(|environment| {
        environment.clusters().map(move |(region, cluster)| {
            let goes = |service: &&seaway_core::declaration::Service| {
                service.targets.mismatch(environment, region, cluster).is_none()
            };
            TargetRow {
                name: cluster.name.as_str(),
                environment: environment.name.as_str(),
                stage: region.map_or(GLOBAL_STAGE, |region| region.stage.as_str()),
                region: region.map(|region| region.name.as_str()),
                state: cluster.state,
                kubeconfig: cluster.connection.kubeconfig.as_deref(),
                context: &cluster.connection.context,
                roles: cluster.roles.iter().map(String::as_str).collect(),
                labels: &cluster.labels,
                services: workspace.services.values().filter(goes).map(|service| service.name.as_str()).collect(),
            }
        })
    });
    let rows = chosen(rows.collect(), &args.names, "target", |row: &TargetRow<'_>| row.name)?;
    let line = |row: &TargetRow<'_>| {
        let state = serde_json::to_value(row.state).ok();
        let state = state.as_ref().and_then(|state| state.as_str()).unwrap_or_default().to_owned();
        let services = text::some_of(&row.services, 4);
        [row.name, row.environment, row.stage, row.region.unwrap_or("-"), &state, row.context, &services]
            .map(Cell::from)
            .to_vec()
    };
    show(context, &rows, &["NAME", "ENVIRONMENT", "STAGE", "REGION", "STATE", "CONTEXT", "SERVICES"], line)
}

async fn recorded(session: &Session<'_>, args: &Args) -> Result<Exit, Error> {
    let engine = session.engine().await?;
    let desk = super::rollout::Desk { session, engine: &engine };
    if args.kind == Kind::Rollouts {
        let mut rows = super::rollout::list::rows(&desk, args.environment.as_deref()).await?;
        rows.retain(|row| args.names.is_empty() || args.names.iter().any(|name| row.id().starts_with(name.as_str())));
        return super::rollout::list::show(&desk, &rows);
    }
    let plans = engine.plans().await.map_err(|error| session.explain(error))?;
    let rows: Vec<PlanRow> = plans
        .into_iter()
        .filter(|(_, plan)| args.environment.as_deref().is_none_or(|name| name == plan.environment.as_str()))
        .filter(|(hash, _)| is_named(args, hash))
        .map(|(hash, plan)| PlanRow {
            hash: hash.as_str().to_owned(),
            environment: plan.environment.clone(),
            services: plan.services.keys().cloned().collect(),
            stages: plan.stages.len(),
            targets: plan.targets().count(),
            totals: plan.totals,
        })
        .collect();
    let line = |row: &PlanRow| {
        let services: Vec<&str> = row.services.iter().map(|name| name.as_str()).collect();
        let hash = row.hash.trim_start_matches("sha256:").get(..12).unwrap_or(&row.hash);
        let (services, targets, totals) =
            (text::some_of(&services, 4), row.targets.to_string(), row.totals.to_string());
        [hash, row.environment.as_str(), &services, &targets, &totals].map(Cell::from).to_vec()
    };
    show(session.context, &rows, &["PLAN", "ENVIRONMENT", "SERVICES", "TARGETS", "CHANGES"], line)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanRow {
    hash: String,
    environment: EnvironmentName,
    services: Vec<ServiceName>,
    stages: usize,
    targets: usize,
    totals: seaway_core::plan::Totals,
}

/// Whether one of the names is how a digest starts, or none is given.
fn is_named(args: &Args, digest: &Digest) -> bool {
    let hex = digest.as_str().trim_start_matches("sha256:");
    args.names.is_empty() || args.names.iter().any(|name| hex.starts_with(name.trim_start_matches("sha256:")))
}

/// The rows with these names, all when none is given. A name that is not there is an error.
fn chosen<T>(rows: Vec<T>, names: &[String], what: &str, name_of: impl Fn(&T) -> &str) -> Result<Vec<T>, Error> {
    for name in names {
        if !rows.iter().any(|row| name_of(row) == name) {
            let known: Vec<&str> = rows.iter().map(&name_of).collect();
            let hint = match seaway_core::diagnostic::nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => format!("there is no {what} at all"),
                None => format!("known: {}", text::some_of(&known, 20)),
            };
            return Err(Error::new(format!("{what} `{name}` is not known")).hint(hint));
        }
    }
    Ok(rows.into_iter().filter(|row| names.is_empty() || names.iter().any(|name| name_of(row) == name)).collect())
}

fn show<T: Serialize>(
    context: &Context,
    rows: &[T],
    head: &[&str],
    line: impl Fn(&T) -> Vec<Cell>,
) -> Result<Exit, Error> {
    context.show(&rows, || {
        let lines: Vec<Vec<Cell>> = rows.iter().map(line).collect();
        if lines.is_empty() { "nothing found\n".to_owned() } else { table(head, &lines, context.paint) }
    })?;
    Ok(Exit::Done)
}
