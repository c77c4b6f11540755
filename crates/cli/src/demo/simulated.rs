//! The demo on a simulated fleet: the real planner, engine and store, simulated clusters, a fast clock.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use seaway_core::{
    declaration::{Service, SourceFile, Workspace, load},
    duration::Millis,
    execution::{Phase, State},
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

/// A fleet that the driver and the storyteller share.
type Shared = Arc<Mutex<Fleet>>;

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
    let (workspace, engine, fleet) = world(folder.path(), clock).await.map_err(failed)?;
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
    gather_clouds(&fleet, clock.now_ms());
    let rollout = engine.start(&planned.hash, &context.principal()?, Some("demo".to_owned())).await.map_err(failed)?;
    let banner = format!("simulated fleet, clock × {speed}: nothing here is real");
    let watching = Watching {
        context,
        engine: &engine,
        rollout: &rollout,
        task: Task::Drive,
        leave_at_approval: false,
        banner: Some(&banner),
        leaving: "Ctrl-C leaves; the simulated fleet is then gone",
    };
    let outcome = watching.run().await?;
    if outcome.how == How::Interrupted {
        context.remark("\nleft; the simulated fleet is gone\n");
        return Ok(Exit::Interrupted);
    }
    let summary = Outcome::of(&outcome.state);
    let was_tried_again = was_tried_again(&outcome.state);
    context.show(&summary, || tell(&summary, outcome.state.phase(), was_tried_again, speed))?;
    Ok(exit(&outcome.state))
}

/// The declarations, and an engine whose fleet runs the version before.
async fn world(folder: &Path, clock: Clock) -> Result<(Workspace, Engine, Shared), EngineError> {
    let workspace = declarations(FILES.to_vec())?;
    let earlier = FILES.iter().map(|(path, content)| (*path, content.replace("1.1.0", "1.0.0"))).collect::<Vec<_>>();
    let earlier: Vec<(&str, &str)> = earlier.iter().map(|(path, content)| (*path, content.as_str())).collect();
    let fleet = Arc::new(Mutex::new(fleet(&declarations(earlier.clone())?, &Embedded(earlier))?));
    let store = Store::open(&Location::Sqlite(folder.join("state.db"))).await?;
    let driver = Arc::new(drivers::sim::SimDriver::new(Arc::clone(&fleet), clock));
    let known = drivers::Drivers::default().with(drivers::sim::SIM, driver);
    Ok((workspace, Engine::new(store, known, Arc::new(NoSecrets), clock), fleet))
}

fn declarations(files: Vec<(&str, &str)>) -> Result<Workspace, EngineError> {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let mut sources = vec![file("environments/demo.yaml", include_str!("fleet.yaml"))];
    sources.extend(files.iter().filter(|(path, _)| path.ends_with("seaway.yaml")).map(|(path, text)| file(path, text)));
    let (workspace, findings) = load(&sources);
    if seaway_core::diagnostic::has_errors(&findings) { Err(EngineError::Findings(findings)) } else { Ok(workspace) }
}

/// Twelve clusters of different pace, all healthy at the earlier version.
fn fleet(earlier: &Workspace, sources: &Embedded<'_>) -> Result<Fleet, EngineError> {
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
    Ok(fleet)
}

/// One cluster is out of reach when its stage opens. Counted from the start of the rollout: how long planning takes
/// on a fast clock is nothing to build a story on.
fn gather_clouds(fleet: &Shared, now_ms: i64) {
    let minutes = |minutes: u64| Millis::secs(60 * minutes).0 as i64;
    // A panic elsewhere cannot leave the fleet half changed: each use is one call.
    let mut fleet = fleet.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(cluster) = fleet.cluster_mut(&TargetName::new(HICCUP)) {
        let spell = Spell { from_ms: now_ms + minutes(8), to_ms: now_ms + minutes(14), trouble: Trouble::Unreachable };
        cluster.weather.add(spell);
    }
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

/// Whether a step of the cluster that was out of reach needed more than one attempt.
fn was_tried_again(state: &State) -> bool {
    let targets = 0..state.frame.target_count();
    let mut hiccups = targets.filter(|target| state.frame.target(*target).name.as_str() == HICCUP);
    hiccups.any(|target| state.frame.steps_of(target).any(|step| state.steps[step].attempt > 1))
}

/// What was seen, and what to try next.
fn tell(outcome: &Outcome, phase: Phase, was_tried_again: bool, speed: u32) -> String {
    let targets = || outcome.stages.iter().flat_map(|stage| &stage.targets);
    let stages: Vec<String> = outcome
        .stages
        .iter()
        .map(|stage| format!("{} ({})", stage.name, text::count(stage.targets.len(), "cluster")))
        .collect();
    let hiccup = if was_tried_again {
        format!(
            "`{HICCUP}` was out of reach for six minutes: it was tried again, and delayed nobody but its own stage.\n"
        )
    } else {
        String::new()
    };
    format!(
        "\n{phase} after {took} of simulated time ({real} of yours): {stages}.\n\
         {writes} on {clusters}, in stage order; each stage baked before the next opened.\n\
         {hiccup}The fleet was simulated; planner, engine, store and this display are the real ones.\n\n\
         What next:\n  \
         seaway demo --kubeconfig FILE    the same for real, each context a region\n  \
         seaway init                      a workspace of your own\n  \
         seaway --help                    everything else\n",
        phase = crate::output::view::phase(phase),
        took = outcome.took,
        real = Millis(outcome.took.0 / u64::from(speed.max(1))),
        stages = stages.join(" → "),
        writes = text::count(outcome.writes as usize, "write"),
        clusters = text::count(targets().count(), "cluster"),
    )
}
