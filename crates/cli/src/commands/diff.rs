//! `seaway diff`: two releases, two environments, or a release and what runs, object by object.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::ValueHint;
use seaway_core::{
    ids::{EnvironmentName, ServiceName, TargetName},
    plan::{Change, ObjectChange, compare},
    release::Content,
};
use seaway_engine::{Engine, environment, render_all};
use serde::Serialize;

use crate::{
    commands::plan::{self, Wish},
    context::Context,
    error::Error,
    exit::Exit,
    fetching::Reach,
    output::{plan as picture, text},
    session::Session,
    terminal::Role,
};

/// Compare what is rendered, object by object: with another checkout, an earlier plan, another environment, or what
/// runs.
///
/// Writes nothing. Without `--against`, `--plan`, `--to` or `--live` the clusters are asked, as with `--live`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway diff shop -e prod                          release against what runs on the clusters
  seaway diff shop -e prod --against ../main        against the same environment of another checkout
  seaway diff shop -e prod --plan 3f2a9c            against the release of a kept plan
  seaway diff shop -e prod --plan 3f2a9c --to-plan 81d0e4
                                                    releases of two kept plans; nothing is rendered
  seaway diff shop -e int --to prod                 against another environment, first cluster with first cluster
  seaway diff shop -e prod --cluster c1 --to prod --to-cluster c2
                                                    one cluster against another one
  seaway diff shop -e prod --against ../main -o json

Exit codes, as of diff and kubectl diff: 0 the same, 1 different, 2 error.")]
pub struct Args {
    /// Service
    pub service: String,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
    /// Only this cluster
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Folder of the workspace in another checkout; it is the old side
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["to", "live"])]
    pub against: Option<PathBuf>,
    /// Hash of a kept plan, or its start: its release is the old side
    #[arg(long, value_name = "HASH", conflicts_with_all = ["against", "to", "live"])]
    pub plan: Option<String>,
    /// Hash of another kept plan, or its start: its release is the new side
    #[arg(long, value_name = "HASH", requires = "plan")]
    pub to_plan: Option<String>,
    /// Another environment; it is the new side
    #[arg(long, value_name = "ENV", conflicts_with = "live")]
    pub to: Option<String>,
    /// Cluster of the other environment; its first one when left out
    #[arg(long, value_name = "NAME", requires = "to")]
    pub to_cluster: Option<String>,
    /// What runs on the clusters
    #[arg(long)]
    pub live: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reach: Reach,
}

/// Clusters with equal differences.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    clusters: Vec<String>,
    changes: Vec<ObjectChange>,
    unchanged: usize,
}

type Contents = BTreeMap<TargetName, Arc<Content>>;

/// How an error ends here: diff tools keep 1 for a difference.
pub const ERROR: Exit = Exit::Changes;
/// How a difference ends here.
const DIFFERENT: Exit = Exit::Error;

/// Compares and shows.
///
/// # Errors
/// When a side cannot be read or rendered, with the exit code of diff tools for errors.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let as_here = |error| Error { exit: ERROR, ..error };
    let groups = groups(context, args).await.map_err(as_here)?;
    let is_same = groups.iter().all(|group| group.changes.is_empty());
    context.show(&groups, || shown(context, &groups)).map_err(as_here)?;
    Ok(if is_same { Exit::Done } else { DIFFERENT })
}

async fn groups(context: &Context, args: &Args) -> Result<Vec<Group>, Error> {
    let session = Session::find(context)?;
    match (&args.against, &args.plan, &args.to) {
        (Some(folder), _, _) => against_checkout(&session, args, folder),
        (None, Some(plan), _) => since_plan(&session, args, plan).await,
        (None, None, Some(other)) => to_environment(&session, args, other),
        (None, None, None) => live(&session, args).await,
    }
}

/// What one side has: clusters in their order, and the content of each.
type Side = (Vec<TargetName>, Contents);

fn contents(session: &Session<'_>, environment_name: &str, service: &str, reach: &Reach) -> Result<Side, Error> {
    let workspace = session.declarations()?;
    let name = EnvironmentName::new(environment_name);
    let environment = environment(&workspace, &name).map_err(|error| session.explain(error))?;
    let sources = reach.sources(session)?;
    let rendered = render_all(&workspace, environment, &[ServiceName::new(service)], &sources)
        .map_err(|error| session.explain(error))?;
    let order = rendered.selection.targets.iter().map(|target| target.cluster.name.clone()).collect();
    let contents = rendered.services.into_values().next().map(|input| input.contents).unwrap_or_default();
    Ok((order, contents))
}

fn against_checkout(session: &Session<'_>, args: &Args, folder: &Path) -> Result<Vec<Group>, Error> {
    if !folder.is_dir() {
        return Err(Error::new(format!("`{}` is not a folder", folder.display())).hint(
            "`--against` takes the folder of the workspace in another checkout, such as `git worktree add` makes",
        ));
    }
    let other = Session { context: session.context, root: folder.to_owned() };
    let after = contents(session, &args.environment, &args.service, &args.reach)?;
    let before = contents(&other, &args.environment, &args.service, &args.reach)?;
    cluster_by_cluster(args, before, after)
}

async fn since_plan(session: &Session<'_>, args: &Args, plan: &str) -> Result<Vec<Group>, Error> {
    let engine = session.engine().await?;
    let before = planned(session, &engine, args, plan).await?;
    let after = match &args.to_plan {
        Some(other) => planned(session, &engine, args, other).await?,
        None => contents(session, &args.environment, &args.service, &args.reach)?,
    };
    cluster_by_cluster(args, before, after)
}

/// What a kept plan puts on the clusters.
async fn planned(session: &Session<'_>, engine: &Engine, args: &Args, hash: &str) -> Result<Side, Error> {
    let plan = engine.plan_by_hash(hash).await.map_err(|error| session.explain(error))?;
    if plan.environment.as_str() != args.environment {
        let message = format!("plan `{hash}` is for environment `{}`, not `{}`", plan.environment, args.environment);
        return Err(Error::new(message).hint("`seaway get plans` shows what each plan is for"));
    }
    let service = ServiceName::new(&args.service);
    if !plan.services.contains_key(&service) {
        let known: Vec<&str> = plan.services.keys().map(ServiceName::as_str).collect();
        let message = format!("plan `{hash}` has no service `{service}`");
        return Err(Error::new(message).hint(format!("it has {}", text::some_of(&known, 20))));
    }
    let kept = engine.kept(&plan, &service).await.map_err(|error| session.explain(error))?;
    Ok((kept.iter().map(|(name, _)| name.clone()).collect(), kept.into_iter().collect()))
}

fn cluster_by_cluster(args: &Args, (old_order, before): Side, (mut names, after): Side) -> Result<Vec<Group>, Error> {
    names.extend(old_order.into_iter().filter(|name| !after.contains_key(name)));
    let wanted = |name: &TargetName| args.cluster.as_deref().is_none_or(|cluster| cluster == name.as_str());
    let nothing = Arc::new(Content::new(ServiceName::new(&args.service), Vec::new()));
    let mut groups = Vec::new();
    for name in names.into_iter().filter(wanted) {
        let (old, new) = (before.get(&name).unwrap_or(&nothing), after.get(&name).unwrap_or(&nothing));
        add(&mut groups, name.to_string(), compare(old, new), new);
    }
    known(groups, args)
}

fn to_environment(session: &Session<'_>, args: &Args, other: &str) -> Result<Vec<Group>, Error> {
    let (order, before) = contents(session, &args.environment, &args.service, &args.reach)?;
    let (to_order, after) = contents(session, other, &args.service, &args.reach)?;
    let (from, old) = one_of(&order, &before, args.cluster.as_deref(), &args.service, &args.environment)?;
    let (to, new) = one_of(&to_order, &after, args.to_cluster.as_deref(), &args.service, other)?;
    let mut groups = Vec::new();
    add(&mut groups, format!("{}/{from} → {other}/{to}", args.environment), compare(old, new), new);
    Ok(groups)
}

fn one_of<'a>(
    order: &'a [TargetName],
    contents: &'a Contents,
    wanted: Option<&str>,
    service: &str,
    environment: &str,
) -> Result<(&'a TargetName, &'a Content), Error> {
    let has = |name: &&TargetName| contents.contains_key(*name);
    let found = order.iter().filter(has).find(|name| wanted.is_none_or(|wanted| wanted == name.as_str()));
    let found = found.and_then(|name| Some((name, &**contents.get(name)?)));
    found.ok_or_else(|| nowhere(service, environment, wanted, contents))
}

fn nowhere(service: &str, environment: &str, cluster: Option<&str>, contents: &Contents) -> Error {
    let what = match cluster {
        Some(cluster) => {
            format!("service `{service}` does not go to cluster `{cluster}` of environment `{environment}`")
        }
        None => format!("service `{service}` goes to no cluster of environment `{environment}`"),
    };
    let known: Vec<&str> = contents.keys().map(|name| name.as_str()).collect();
    let error = Error::new(what);
    if known.is_empty() { error } else { error.hint(format!("it goes to {}", text::some_of(&known, 20))) }
}

async fn live(session: &Session<'_>, args: &Args) -> Result<Vec<Group>, Error> {
    let engine = session.engine().await?;
    let services = [args.service.clone()];
    let wish = Wish {
        environment: &args.environment,
        services: &services,
        allow_replace: false,
        parent: None,
        reach: &args.reach,
    };
    let planned = plan::make(session, &engine, &wish).await?;
    let mut groups = Vec::new();
    for (_, target) in planned.plan.targets() {
        if args.cluster.as_deref().is_some_and(|cluster| cluster != target.name.as_str()) {
            continue;
        }
        if let Some(why) = &target.unreachable {
            return Err(Error::new(format!("cluster `{}` cannot be read", target.name)).cause(why));
        }
        for service in &target.services {
            let changes: Vec<_> = service.changes.iter().filter(|one| one.change != Change::Ignored).cloned().collect();
            push(&mut groups, target.name.to_string(), changes, service.unchanged as usize);
        }
    }
    known(groups, args)
}

fn known(groups: Vec<Group>, args: &Args) -> Result<Vec<Group>, Error> {
    if groups.is_empty() {
        return Err(nowhere(&args.service, &args.environment, args.cluster.as_deref(), &Contents::new()));
    }
    Ok(groups)
}

fn add(groups: &mut Vec<Group>, name: String, changes: Vec<ObjectChange>, after: &Content) {
    let gone = changes.iter().filter(|change| change.change == Change::Delete).count();
    let unchanged = after.objects.len().saturating_sub(changes.len() - gone);
    push(groups, name, changes, unchanged);
}

fn push(groups: &mut Vec<Group>, name: String, changes: Vec<ObjectChange>, unchanged: usize) {
    match groups.iter_mut().find(|group| group.changes == changes && group.unchanged == unchanged) {
        Some(group) => group.clusters.push(name),
        None => groups.push(Group { clusters: vec![name], changes, unchanged }),
    }
}

fn shown(context: &Context, groups: &[Group]) -> String {
    let style = picture::Style { columns: context.columns(), is_verbose: context.verbose > 0, paint: context.paint };
    let mut out = String::new();
    for group in groups {
        let names: Vec<&str> = group.clusters.iter().map(String::as_str).collect();
        let shown = if style.is_verbose { names.len() } else { 5 };
        out += &format!("{}\n", context.paint.apply(Role::Strong, &text::some_of(&names, shown)));
        out += &picture::changes(&group.changes, style);
        let same = format!("     =  {} the same", text::count(group.unchanged, "object"));
        out += &format!("{}\n", context.paint.apply(Role::Dim, &same));
    }
    out
}
