//! Planning: declarations are read and rendered, targets are asked, the planner does the rest.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use seaway_core::{
    declaration::{Environment, Service, Workspace},
    diagnostic::{Diagnostic, nearest},
    digest::Digest,
    ids::{EnvironmentName, ServiceName, TargetName},
    plan::{Observed, Plan, PlanInput, Selection, ServiceInput, ServicePolicy, build, lint, lint_against, select},
    release::Content,
};
use seaway_render::{Inputs, Prepared, TargetContext, prepare};

use crate::{
    DiskSources, Engine, Error, Fetching, Renderer, Sources,
    drivers::{Target, Wanted},
    provenance::{drawn_from, planned_values, provenance, source_digest},
    sources::is_worth_fetching,
    spread, workspace,
};

/// Targets that are asked at the same time. Each answer is a few lists; more would only queue here.
const TARGETS_AT_ONCE: usize = 32;

/// What shall be planned.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// The services; empty = all that go there.
    pub services: Vec<ServiceName>,
    /// Consent to delete and create again what cannot be changed in place.
    pub allow_replace: bool,
    /// Plan that this one replaces.
    pub parent: Option<Digest>,
    /// The driver of all targets.
    pub driver: &'static str,
}

/// A plan that is stored and can be started.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: Digest,
    /// Remarks of the loader, the renderer and the linter; none is an error.
    pub findings: Vec<Diagnostic>,
}

/// How far planning is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanProgress {
    /// Targets that answered, or did not in time.
    pub asked: usize,
    /// Targets in all.
    pub targets: usize,
}

/// Services rendered for their targets.
pub struct Rendered<'a> {
    /// Where they go.
    pub selection: Selection<'a>,
    /// Declaration, source digest and contents by service.
    pub services: BTreeMap<ServiceName, ServiceInput<'a>>,
    /// Remarks; none is an error.
    pub remarks: Vec<Diagnostic>,
}

impl Engine {
    /// Computes and stores a plan.
    ///
    /// # Errors
    /// Findings, unknown names, and store errors. A target that does not answer is no error: the plan says so.
    pub async fn plan(
        &self,
        workspace: &Workspace,
        sources: &dyn Sources,
        request: &PlanRequest,
        progress: &(dyn Fn(PlanProgress) + Send + Sync),
    ) -> Result<Planned, Error> {
        let environment = environment(workspace, &request.environment)?;
        let rendered = render_all(workspace, environment, &request.services, sources)?;
        let observed = self.observe(environment, &rendered, request, progress).await?;
        let timings = self.timings(environment, rendered.services.keys()).await?;
        let plan = build(&PlanInput {
            environment,
            services: rendered.services.clone(),
            selection: &rendered.selection,
            observed: &observed,
            driver: request.driver,
            allow_replace: request.allow_replace,
            parent: request.parent.clone(),
            timings: &timings,
        });
        let mut findings = rendered.remarks;
        findings.extend(lint(&plan));
        findings.extend(lint_against(&plan, environment));
        if seaway_core::diagnostic::has_errors(&findings) {
            return Err(Error::Findings(findings));
        }
        self.contents.save(rendered.services.values().flat_map(|service| service.contents.values())).await?;
        let hash = self.save_plan(&plan).await?;
        Ok(Planned { plan, hash, findings })
    }

    async fn observe(
        &self,
        environment: &Environment,
        rendered: &Rendered<'_>,
        request: &PlanRequest,
        progress: &(dyn Fn(PlanProgress) + Send + Sync),
    ) -> Result<BTreeMap<TargetName, Observed>, Error> {
        let driver = self.drivers.get(request.driver).map_err(|failure| Error::PlanRefused(failure.message))?;
        let targets = rendered.selection.targets.len();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let ask = |selected: &seaway_core::plan::Selected<'_>| {
            let target = Target {
                environment: environment.name.clone(),
                name: selected.cluster.name.clone(),
                connection: selected.cluster.connection.clone(),
            };
            let wanted: Vec<Wanted> = selected
                .services
                .iter()
                .filter_map(|name| {
                    let input = rendered.services.get(name)?;
                    Some(Wanted {
                        content: Arc::clone(input.contents.get(&target.name)?),
                        policy: ServicePolicy::of(input.service, input.source.clone(), rendered.services.keys()),
                        allow_replace: request.allow_replace,
                        base: None,
                    })
                })
                .collect();
            let (driver, asked) = (Arc::clone(&driver), &asked);
            async move {
                let observed = match driver.diff(&target, &wanted).await {
                    Ok(differences) => Observed::Reached(differences),
                    Err(failure) => Observed::Unreachable { why: failure.to_string() },
                };
                let done = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                progress(PlanProgress { asked: done, targets });
                (target.name, observed)
            }
        };
        let pending: Vec<_> = rendered.selection.targets.iter().map(ask).collect();
        Ok(stream::iter(pending).buffer_unordered(TARGETS_AT_ONCE).collect().await)
    }
}

/// Renders again from a workspace on disk, for manifests that are not stored. A service is rendered once for all
/// its targets, and again when another state of its sources is asked for.
pub struct DiskRenderer {
    root: PathBuf,
    fetching: Fetching,
    known: tokio::sync::Mutex<BTreeMap<(EnvironmentName, ServiceName), (Digest, Contents)>>,
}

type Contents = Arc<BTreeMap<TargetName, Arc<Content>>>;

impl DiskRenderer {
    /// A renderer of the workspace with this root.
    pub fn new(root: impl Into<PathBuf>, fetching: Fetching) -> Self {
        Self { root: root.into(), fetching, known: tokio::sync::Mutex::default() }
    }

    fn render_service(
        &self,
        environment: &EnvironmentName,
        service: &ServiceName,
    ) -> Result<(Digest, Contents), Error> {
        let workspace = workspace::read(&self.root)?.usable()?;
        let environment = self::environment(&workspace, environment)?;
        let sources = DiskSources::open(self.root.clone(), self.fetching)?;
        let mut rendered = render_all(&workspace, environment, std::slice::from_ref(service), &sources)?;
        let input = rendered.services.remove(service).ok_or_else(|| Error::NotFound {
            what: "service",
            name: service.to_string(),
            hint: String::new(),
        })?;
        Ok((input.source, Arc::new(input.contents)))
    }
}

#[async_trait]
impl Renderer for DiskRenderer {
    async fn render(
        &self,
        environment: &EnvironmentName,
        service: &ServiceName,
        source: &Digest,
        target: &TargetName,
    ) -> Result<Arc<Content>, Error> {
        let key = (environment.clone(), service.clone());
        let mut known = self.known.lock().await;
        let contents = match known.get(&key) {
            Some((rendered, contents)) if rendered == source => Arc::clone(contents),
            _ => {
                let (rendered, contents) = self.render_service(environment, service)?;
                known.insert(key, (rendered, Arc::clone(&contents)));
                contents
            }
        };
        contents.get(target).cloned().ok_or_else(|| Error::NotFound {
            what: "target",
            name: target.to_string(),
            hint: format!(" for service `{service}` any more"),
        })
    }
}

/// The environment of this name.
///
/// # Errors
/// [`Error::NotFound`] with the nearest name.
pub fn environment<'a>(workspace: &'a Workspace, name: &EnvironmentName) -> Result<&'a Environment, Error> {
    workspace.environments.get(name).ok_or_else(|| {
        let known = workspace.environments.keys().map(EnvironmentName::as_str);
        Error::NotFound { what: "environment", name: name.to_string(), hint: hint(name.as_str(), known) }
    })
}

fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; known: {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// Renders services for all their targets in an environment. Each source is read and prepared once. What is locked and
/// not here is brought first, when the sources may.
///
/// # Errors
/// Unknown names and all findings of all services.
pub fn render_all<'a>(
    workspace: &'a Workspace,
    environment: &'a Environment,
    names: &[ServiceName],
    sources: &dyn Sources,
) -> Result<Rendered<'a>, Error> {
    let services = chosen(workspace, environment, names)?;
    match render_chosen(environment, &services, sources) {
        // Only now: who has everything does not pay for looking twice.
        Err(Error::Findings(findings)) if is_worth_fetching(&findings) => {
            let wanted: Vec<&Service> = services.values().copied().collect();
            if sources.bring(workspace, &wanted)? {
                return render_chosen(environment, &services, sources);
            }
            Err(Error::Findings(findings))
        }
        done => done,
    }
}

fn render_chosen<'a>(
    environment: &'a Environment,
    services: &BTreeMap<ServiceName, &'a Service>,
    sources: &dyn Sources,
) -> Result<Rendered<'a>, Error> {
    let selection = select(environment, services);
    let (mut findings, mut remarks) = (Vec::new(), Vec::new());
    let mut rendered = BTreeMap::new();
    let remotes = sources.remotes();
    for (name, service) in services {
        let tree = match sources.tree(service) {
            Err(Error::Findings(found)) => {
                findings.extend(found);
                continue;
            }
            tree => tree?,
        };
        let beside = sources.patches(service)?;
        let program = match sources.program(service) {
            Err(Error::Findings(found)) => {
                findings.extend(found);
                continue;
            }
            program => program?,
        };
        let key = match sources.key(service) {
            Err(Error::Findings(found)) => {
                findings.extend(found);
                continue;
            }
            key => key?,
        };
        let (program, key) = (program.as_ref(), key.as_ref());
        let inputs = Inputs { tree: &tree, beside: &beside, remotes: &remotes, program, key };
        let prepared = match prepare(service, &inputs) {
            Ok(prepared) => prepared,
            Err(found) => {
                findings.extend(found);
                continue;
            }
        };
        let mine: Vec<_> = selection.targets.iter().filter(|target| target.services.contains(name)).collect();
        let (mut contents, mut values) = (BTreeMap::new(), BTreeMap::new());
        let renderings = spread::over(&mine, |target| render_one(&*prepared, service, environment, target));
        for (target, rendering) in mine.iter().zip(renderings) {
            match rendering {
                Ok(rendering) => {
                    remarks.extend(rendering.remarks.iter().cloned());
                    contents.insert(target.cluster.name.clone(), rendering.content);
                    values.extend(planned_values(service, environment, target));
                }
                Err(found) => findings.extend(found),
            }
        }
        let network = program.map(|program| program.network());
        let mut provenance = provenance(service, (&tree, &beside), &prepared.elsewhere(), &remotes, network);
        provenance.drawn = service.drawn.as_ref().map(|drawn| drawn_from(drawn, key.map(|key| key.id())));
        let source = source_digest(&provenance);
        let provenance = Some(provenance);
        rendered.insert(name.clone(), ServiceInput { service, source, contents, provenance, values });
    }
    if !findings.is_empty() {
        dedup(&mut findings);
        return Err(Error::Findings(findings));
    }
    dedup(&mut remarks);
    Ok(Rendered { selection, services: rendered, remarks })
}

fn render_one(
    prepared: &dyn Prepared,
    service: &Service,
    environment: &Environment,
    target: &seaway_core::plan::Selected<'_>,
) -> Result<seaway_render::Rendering, Vec<Diagnostic>> {
    prepared.render(&TargetContext::of(service, environment, target.region, target.cluster)?)
}

/// The services that were named, or all that go to the environment.
fn chosen<'a>(
    workspace: &'a Workspace,
    environment: &Environment,
    names: &[ServiceName],
) -> Result<BTreeMap<ServiceName, &'a Service>, Error> {
    if names.is_empty() {
        let goes = |service: &&Service| {
            environment
                .clusters()
                .any(|(region, cluster)| service.targets.mismatch(environment, region, cluster).is_none())
        };
        return Ok(workspace.services.values().filter(goes).map(|service| (service.name.clone(), service)).collect());
    }
    let find = |name: &ServiceName| {
        let service = workspace.services.get(name).ok_or_else(|| {
            let known = workspace.services.keys().map(ServiceName::as_str);
            Error::NotFound { what: "service", name: name.to_string(), hint: hint(name.as_str(), known) }
        })?;
        Ok((name.clone(), service))
    };
    names.iter().map(find).collect()
}

/// Many targets give the same finding; people want to read it once.
fn dedup(findings: &mut Vec<Diagnostic>) {
    let mut seen = std::collections::HashSet::new();
    findings.retain(|finding| seen.insert((finding.code, finding.message.clone(), finding.place.clone())));
}
