//! What planning and running one service on thousands of clusters costs: the real engine, its real store on disk, a
//! simulated fleet and a clock a thousand times as fast as ours.
//!
//! `cargo run --release -p seaway-engine --example fleet_cost -- [CLUSTERS] [FOLDER]` prints one line of JSON.

use std::{
    error::Error,
    fmt::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

use async_trait::async_trait;
use seaway_core::{
    declaration::{Service, SourceFile, Workspace, load},
    diagnostic::has_errors,
    digest::{Digest, canonical_json},
    execution::Phase,
    ids::{EnvironmentName, Principal, ServiceName, TargetName},
    release::Content,
};
use seaway_engine::{
    Clock, Engine, Left, PlanRequest, Planned, Renderer, Sources,
    drivers::{
        Drivers,
        sim::{SIM, SimDriver},
    },
};
use seaway_render::Tree;
use seaway_sim::fleet::{Fleet, Pace};
use seaway_store::{Location, Store};
use tokio_util::sync::CancellationToken;

/// How much faster than ours the fleet's clock is: what the fleet takes is next to nothing, the rest is ours.
const SPEED: u32 = 1000;
/// Regions, each with a value of its own for the service's configuration.
const REGIONS: u32 = 20;
/// ConfigMaps of the service beside its Deployment, Service and Namespace.
const CONFIG_MAPS: u32 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let clusters: u32 = args.next().map_or(Ok(1000), |count| count.parse())?;
    let parent = args.next().map_or_else(std::env::temp_dir, Into::into);
    let folder = parent.join(format!("seaway-fleet-cost-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(measure(&folder, clusters));
    std::fs::remove_dir_all(&folder)?;
    println!("{}", outcome?);
    Ok(())
}

async fn measure(folder: &Path, clusters: u32) -> Result<serde_json::Value, Box<dyn Error>> {
    let (workspace, findings) = load(&[declarations(clusters)]);
    if has_errors(&findings) {
        return Err(format!("the declarations have errors: {findings:?}").into());
    }
    let clock = Clock::faster(SPEED);
    let mut fleet = Fleet::new(1);
    for number in 0..clusters {
        fleet.add(TargetName::new(format!("c{number}")), Pace::default());
    }
    let driver = Arc::new(SimDriver::new(Arc::new(Mutex::new(fleet)), clock));
    let store = Store::open(&Location::Sqlite(folder.join("state.db"))).await?;
    let engine = Engine::new(store, Drivers::default().with(SIM, driver), Arc::new(NoSecrets), clock);

    let began = Instant::now();
    let planned = plan(&engine, &workspace).await?;
    let plan_secs = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let events = run(&engine, &planned).await?;
    let run_secs = began.elapsed().as_secs_f64();

    let began = Instant::now();
    let again = plan(&engine, &workspace).await?;
    if !again.plan.is_noop() {
        return Err("the second plan has changes".into());
    }
    run(&engine, &again).await?;
    Ok(serde_json::json!({
        "planSecs": plan_secs,
        "runSecs": run_secs,
        "againSecs": began.elapsed().as_secs_f64(),
        "events": events,
        "planBytes": canonical_json(&serde_json::to_value(&planned.plan)?).len(),
        "storeBytes": bytes_in(folder)?,
    }))
}

async fn plan(engine: &Engine, workspace: &Workspace) -> Result<Planned, seaway_engine::Error> {
    let request = PlanRequest {
        environment: EnvironmentName::new("prod"),
        services: vec![],
        allow_replace: false,
        parent: None,
        driver: SIM,
    };
    engine.plan(workspace, &Manifests, &request, &|_| {}).await
}

/// Runs a plan to its success; how many events that took.
async fn run(engine: &Engine, planned: &Planned) -> Result<usize, Box<dyn Error>> {
    let rollout = engine.start(&planned.hash, &Principal::new("bench"), None).await?;
    let mut events = 1;
    let (state, left) = engine.drive(&rollout, &mut |_, fresh| events += fresh.len(), CancellationToken::new()).await?;
    match (state.phase(), left) {
        (Phase::Succeeded, Left::Ended) => Ok(events),
        (phase, _) => Err(format!("the rollout is {phase:?}, expected it to succeed").into()),
    }
}

/// Three stages: a hundredth of the fleet, a tenth, and the rest; a quarter of a stage at once.
fn declarations(clusters: u32) -> SourceFile {
    let mut text = String::from(
        "apiVersion: seaway.dev/v1\nkind: Environment\nmetadata: {name: prod}\nspec:\n  stages:\n  \
         - {name: canary, maxConcurrent: 25%}\n  - {name: early, maxConcurrent: 25%}\n  \
         - {name: broad, maxConcurrent: 25%}\n  regions:\n",
    );
    let early = clusters.div_ceil(100);
    let broad = early + clusters.div_ceil(10);
    for region in 0..REGIONS {
        for (stage, range) in [("canary", 0..early), ("early", early..broad), ("broad", broad..clusters)] {
            let mine: Vec<u32> = range.filter(|number| number % REGIONS == region).collect();
            if mine.is_empty() {
                continue;
            }
            let _ = writeln!(text, "  - name: region-{region}-{stage}\n    stage: {stage}\n    clusters:");
            for number in mine {
                let _ = writeln!(text, "    - {{name: c{number}, labels: {{tier: standard}}}}");
            }
        }
    }
    text.push_str(
        "---\napiVersion: seaway.dev/v1\nkind: Service\nmetadata: {name: web}\nspec:\n  \
         source: {manifests: {path: manifests}}\n  namespace: web\n  config:\n    \
         schema: {replicas: {type: integer, default: 2}}\n    values:\n      regions:\n",
    );
    for region in 0..REGIONS {
        for stage in ["canary", "early", "broad"] {
            if text.contains(&format!("region-{region}-{stage}\n")) {
                let _ = writeln!(text, "        region-{region}-{stage}: {{replicas: {}}}", region + 1);
            }
        }
    }
    SourceFile { path: "seaway.yaml".into(), text }
}

/// The manifests of the one service.
struct Manifests;

impl Sources for Manifests {
    fn tree(&self, _service: &Service) -> Result<Tree, seaway_engine::Error> {
        let mut text = String::from(
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {name: web}\n\
             spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: ${config.replicas}\n  \
             selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
             spec: {containers: [{name: web, image: \"registry.example.com/web:1\"}]}\n",
        );
        for number in 0..CONFIG_MAPS {
            let _ = write!(
                text,
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config-{number}}}\ndata: {{key: value}}\n"
            );
        }
        Tree::of("manifests", [("all.yaml".to_owned(), text.into_bytes())]).map_err(seaway_engine::Error::Findings)
    }
}

/// The service has no secrets, so that nothing is ever rendered again.
struct NoSecrets;

#[async_trait]
impl Renderer for NoSecrets {
    async fn render(
        &self,
        _environment: &EnvironmentName,
        service: &ServiceName,
        _source: &Digest,
        _target: &TargetName,
    ) -> Result<Arc<Content>, seaway_engine::Error> {
        Err(seaway_engine::Error::NotFound { what: "secret of", name: service.to_string(), hint: String::new() })
    }
}

fn bytes_in(folder: &Path) -> std::io::Result<u64> {
    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
