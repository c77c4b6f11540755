//! The demo on a simulated fleet: the real planner, engine and store, simulated clusters, a fast clock.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use seaway_core::{
    declaration::{Service, SourceFile, Workspace, load},
    duration::Millis,
    execution::Phase,
    ids::{EnvironmentName, ServiceName, TargetName},
    record::Outcome,
};
use seaway_engine::{
    Clock, Engine, Error as EngineError, PlanRequest, Renderer, Sources, drivers, environment, render_all,
};
use seaway_render::Tree;
use seaway_sim::fleet::{Fleet, Pace, Spell, Trouble};
use seaway_store::{Location, Store};

use super::{ENVIRONMENT, FILES};
use crate::{
    commands::plan::picture,
    context::Context,
    error::Error,
    exit::Exit,
    output::text,
    session,
    watching::{How, Task, Watching, exit},
};

/// Seed of the fleet: the demo tells the same story each time.
const SEED: u64 = 12;
/// The cluster that is out of reach for a while.
const HICCUP: &str = "eastasia-2";

/// Rolls out on a simulated fleet whose clock runs `speed` times as fast.
///
/// # Errors
/// When the engine cannot do what it does on every rollout.
pub async fn run(context: &Context, speed: u32) -> Result<Exit, Error> {
    let failed = |error: EngineError| session::explain(error, context, None);
    let folder =
        tempfile::tempdir().map_err(|error| Error::new("cannot make a folder for the demo").because(&error))?;
    let clock = Clock::faster(speed);
    let (workspace, engine) = world(folder.path(), clock).await.map_err(failed)?;
    context.remark(&format!(
        "This fleet is simulated: six regions, twelve clusters, a clock that runs {speed} times as fast. Nothing real is touched.\n\n"
    ));
    let request = PlanRequest {
        environment: EnvironmentName::new(ENVIRONMENT),
        services: Vec::new(),
        allow_replace: false,
        parent: None,
        driver: drivers::sim::SIM,
    };
    let planned = engine.plan(&workspace, &Embedded(FILES.to_vec()), &request, &|_| {}).await.map_err(failed)?;
    if context.format == crate::cli::Format::Table {
        context.print(&format!("{}\n", picture(context, &planned)))?;
    }
    let rollout = engine.start(&planned.hash, &context.principal()?, Some("demo".to_owned())).await.map_err(failed)?;
    let banner = format!("simulated fleet, clock × {speed}: nothing here is real");
    let watching = Watching {
        context,
        engine: &engine,
        rollout: &rollout,
        task: Task::Drive,
        leave_at_approval: false,
        banner: Some(&banner),
    };
    let outcome = watching.run().await?;
    if outcome.how == How::Interrupted {
        context.remark("\nleft; the simulated fleet is gone\n");
        return Ok(Exit::Interrupted);
    }
    let summary = Outcome::of(&outcome.state);
    context.show(&summary, || tell(&summary, outcome.state.phase(), speed))?;
    Ok(exit(&outcome.state))
}

/// The declarations, and an engine whose fleet runs the version before.
async fn world(folder: &Path, clock: Clock) -> Result<(Workspace, Engine), EngineError> {
    let workspace = declarations(FILES.to_vec())?;
    let earlier = FILES.iter().map(|(path, content)| (*path, content.replace("1.1.0", "1.0.0"))).collect::<Vec<_>>();
    let earlier: Vec<(&str, &str)> = earlier.iter().map(|(path, content)| (*path, content.as_str())).collect();
    let fleet = Arc::new(Mutex::new(fleet(&declarations(earlier.clone())?, &Embedded(earlier), clock.now_ms())?));
    let store = Store::open(&Location::Sqlite(folder.join("state.db"))).await?;
    let driver = Arc::new(drivers::sim::SimDriver::new(fleet, clock));
    let known = drivers::Drivers::default().with(drivers::sim::SIM, driver);
    Ok((workspace, Engine::new(store, known, Arc::new(NoSecrets), clock)))
}

fn declarations(files: Vec<(&str, &str)>) -> Result<Workspace, EngineError> {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let mut sources = vec![file("environments/demo.yaml", include_str!("fleet.yaml"))];
    sources.extend(files.iter().filter(|(path, _)| path.ends_with("seaway.yaml")).map(|(path, text)| file(path, text)));
    let (workspace, findings) = load(&sources);
    if seaway_core::diagnostic::has_errors(&findings) { Err(EngineError::Findings(findings)) } else { Ok(workspace) }
}

/// Twelve clusters of different pace, all healthy at the earlier version, one of them soon out of reach.
fn fleet(earlier: &Workspace, sources: &Embedded<'_>, now_ms: i64) -> Result<Fleet, EngineError> {
    let demo = environment(earlier, &EnvironmentName::new(ENVIRONMENT))?;
    let rendered = render_all(earlier, demo, &[], sources)?;
    let mut fleet = Fleet::new(SEED);
    for (number, (_, cluster)) in demo.clusters().enumerate() {
        let pace =
            Pace { request_ms: 300 + 50 * (number as i64 % 4), warm_up_ms: 20_000 + 7_000 * (number as i64 % 5) };
        fleet.add(cluster.name.clone(), pace);
    }
    for service in rendered.services.values() {
        for (target, content) in &service.contents {
            fleet.install(target, Arc::clone(content));
        }
    }
    let minutes = |minutes: u64| Millis::secs(60 * minutes).0 as i64;
    if let Some(cluster) = fleet.cluster_mut(&TargetName::new(HICCUP)) {
        let spell = Spell { from_ms: now_ms + minutes(8), to_ms: now_ms + minutes(14), trouble: Trouble::Unreachable };
        cluster.weather.add(spell);
    }
    Ok(fleet)
}

/// Files that are part of the program.
struct Embedded<'a>(Vec<(&'a str, &'a str)>);

impl Sources for Embedded<'_> {
    fn tree(&self, _: &Service) -> Result<Tree, EngineError> {
        const ROOT: &str = "services/harbour/manifests";
        let files = self.0.iter().filter_map(|(path, text)| {
            let path = path.strip_prefix(ROOT)?.strip_prefix('/')?;
            Some((path.to_owned(), text.as_bytes().to_vec()))
        });
        Tree::of(ROOT, files).map_err(EngineError::Findings)
    }
}

/// The demo's service has no secret manifests, so nothing is ever rendered again.
struct NoSecrets;

#[async_trait::async_trait]
impl Renderer for NoSecrets {
    async fn render(
        &self,
        _: &EnvironmentName,
        service: &ServiceName,
        _: &seaway_core::digest::Digest,
        _: &TargetName,
    ) -> Result<Arc<seaway_core::release::Content>, EngineError> {
        Err(EngineError::NotFound { what: "secret manifest of", name: service.to_string(), hint: String::new() })
    }
}

/// What was seen, and what to try next.
fn tell(outcome: &Outcome, phase: Phase, speed: u32) -> String {
    let targets = || outcome.stages.iter().flat_map(|stage| &stage.targets);
    let stages: Vec<String> = outcome
        .stages
        .iter()
        .map(|stage| format!("{} ({})", stage.name, text::count(stage.targets.len(), "cluster")))
        .collect();
    format!(
        "\n{phase:?} after {took} of simulated time ({real} of yours): {stages}.\n\
         {writes} on {clusters}, in stage order; each stage baked before the next opened.\n\
         `{HICCUP}` was out of reach for six minutes: it was tried again, and delayed nobody but its own stage.\n\
         The fleet was simulated; planner, engine, store and this display are the real ones.\n\n\
         What next:\n  \
         seaway demo --kubeconfig FILE    the same for real, each context a region\n  \
         seaway init                      a workspace of your own\n  \
         seaway --help                    everything else\n",
        took = outcome.took,
        real = Millis(outcome.took.0 / u64::from(speed.max(1))),
        stages = stages.join(" → "),
        writes = text::count(outcome.writes as usize, "write"),
        clusters = text::count(targets().count(), "cluster"),
    )
}
