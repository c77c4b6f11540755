//! Everything that is rendered: the services of the workspaces, and all charts and kustomizations of the tests. All files
//! are read here, so that what a job does afterwards needs none.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use seaway_core::{
    declaration::{Service, SourceFile, Workspace, load},
    diagnostic::{Diagnostic, render_plain},
    digest::Digest,
    release::Content,
};
use seaway_render::{
    Inputs, Remotes, TargetContext, Tree,
    helm::{
        chart::Chart,
        functions::Entropy,
        release::{Options, Renderer},
    },
    kustomize::{NoCharts, RemoteSources, build},
    prepare,
};

/// Something that is rendered.
pub(crate) struct Job {
    /// Kind and path.
    pub(crate) name: String,
    work: Work,
}

enum Work {
    Service { service: Box<Service>, tree: Tree, targets: Vec<TargetContext> },
    Chart(Tree),
    Kustomization { tree: Tree, folder: &'static str },
}

impl Job {
    /// Reads, renders with so many threads that share what was read, and tells all bytes by their digests.
    pub(crate) fn run(&self, threads: usize) -> String {
        match &self.work {
            Work::Service { service, tree, targets } => match prepare(service, &Inputs::of(tree, &Remotes::none())) {
                Err(findings) => shown(&findings),
                Ok(source) => shared(targets, threads, |target| match source.render(target) {
                    Ok(rendering) => content(&rendering.content) + &shown(&rendering.remarks),
                    Err(findings) => shown(&findings),
                }),
            },
            Work::Chart(tree) => match Chart::from_tree(tree, "") {
                Err(error) => error.to_string(),
                Ok(chart) => {
                    let renderer = Renderer::new(chart);
                    shared(&["one", "two", "three"], threads, |name| release(&renderer, name))
                }
            },
            Work::Kustomization { tree, folder } => match build(tree, folder, &RemoteSources::none(), &NoCharts) {
                Ok(built) => {
                    let text: String = built.objects.iter().map(|one| one.manifest.to_string()).collect();
                    format!("content {}\n", Digest::of(text.as_bytes())) + &shown(&built.remarks)
                }
                Err(findings) => shown(&findings),
            },
        }
    }
}

/// What `work` gives for each item, in their order, done by several threads.
fn shared<T: Sync>(items: &[T], threads: usize, work: impl Fn(&T) -> String + Sync) -> String {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    let mut all: Vec<(usize, String)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    all.sort();
    all.into_iter().map(|(_, text)| text).collect()
}

fn release(renderer: &Renderer, name: &str) -> String {
    let mut options = Options::new(name, "shop");
    options.entropy = Entropy::Drawn { seed: [7; 32], unix_seconds: 1_700_000_000 };
    match renderer.render(&options) {
        Ok(release) => format!("content {}\n", Digest::of(format!("{release:?}").as_bytes())),
        Err(error) => format!("{error}\n"),
    }
}

fn content(content: &Content) -> String {
    let mut out = format!("content {}\n", content.digest);
    for object in &content.objects {
        writeln!(out, "{} {}", object.entry.object, Digest::of(object.manifest.to_string().as_bytes())).unwrap();
    }
    out
}

fn shown(findings: &[Diagnostic]) -> String {
    findings.iter().map(|finding| render_plain(finding, None)).collect()
}

/// All jobs, by name.
pub(crate) fn all() -> Vec<Job> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut jobs = Vec::new();
    for workspace in folders(&root.join("tests/render")) {
        services(&workspace, &mut jobs);
    }
    services(&root.join("examples/sources"), &mut jobs);
    services(&root.join("examples/shop"), &mut jobs);
    for folder in folders(&root.join("tests/charts")) {
        let chart = folder.join("chart");
        if chart.is_dir() {
            jobs.push(Job { name: format!("chart {}", file_name(&folder)), work: Work::Chart(tree(&chart)) });
        }
    }
    for feature in folders(&root.join("tests/kustomize")) {
        for case in folders(&feature) {
            let folder = if case.join("overlay").is_dir() { "overlay" } else { "" };
            let name = format!("kustomization {}/{}", file_name(&feature), file_name(&case));
            jobs.push(Job { name, work: Work::Kustomization { tree: tree(&case), folder } });
        }
    }
    jobs
}

fn services(folder: &Path, jobs: &mut Vec<Job>) {
    let mut files = Vec::new();
    read(folder, folder, &mut files);
    let is_declaration = |path: &str| path.ends_with("seaway.yaml") || path.starts_with("environments/");
    let declarations: Vec<SourceFile> = files
        .iter()
        .filter(|(path, _)| is_declaration(path))
        .map(|(path, bytes)| SourceFile { path: path.clone(), text: String::from_utf8_lossy(bytes).into_owned() })
        .collect();
    let (workspace, findings) = load(&declarations);
    assert!(!workspace.services.is_empty(), "{}: {findings:?}", folder.display());
    for service in workspace.services.values() {
        let path = service.source.path().expect("a folder of the workspace");
        // The files of a chart may be anywhere in the workspace.
        let path = if service.source.kind() == "helm" { "" } else { path };
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let own =
            files.iter().filter_map(|(name, bytes)| Some((name.strip_prefix(&prefix)?.to_owned(), bytes.clone())));
        let name = format!("{} {}/{}", service.source.kind(), file_name(folder), service.name);
        let tree = Tree::of(path, own).unwrap();
        let targets = targets(&workspace, service);
        jobs.push(Job { name, work: Work::Service { service: Box::new(service.clone()), tree, targets } });
    }
}

fn targets(workspace: &Workspace, service: &Service) -> Vec<TargetContext> {
    let mut targets = Vec::new();
    for environment in workspace.environments.values() {
        for (region, cluster) in environment.clusters() {
            if service.targets.mismatch(environment, region, cluster).is_none() {
                targets.push(TargetContext::of(service, environment, region, cluster).unwrap());
            }
        }
    }
    targets
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = paths.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn tree(folder: &Path) -> Tree {
    let mut files = Vec::new();
    read(folder, folder, &mut files);
    Tree::of("", files).unwrap()
}

fn read(folder: &Path, root: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, root, out);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            out.push((name, fs::read(&path).unwrap()));
        }
    }
}
