//! Renders a chart or a kustomization again and again and tells how long each time took, as JSON.
//!
//! `cargo xtask bench render` runs it beside the real tools. The first figures, `once`, are of reading all files from the
//! disk, parsing and rendering; the second, `again`, of rendering what was read before, each time with other values, as
//! for the clusters of a fleet.

#![allow(clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Instant,
};

use seaway_render::{
    Tree,
    helm::{
        chart::Chart,
        release::{DOCUMENT_VALUES_MAX, Options, Renderer},
        values::Layer,
    },
    kustomize::{NoCharts, RemoteSources, build},
};
use serde_json::{Value, json};

/// The allocator that the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: render_cost helm CHART ROUNDS
       render_cost kustomize TREE FOLDER ROUNDS
       render_cost clusters CHART COUNT THREADS
       render_cost usage CHART";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u32>().unwrap_or_else(|_| panic!("`{text}` is no number\n{USAGE}"));
    let found = match args[..] {
        ["helm", chart, rounds] => helm(Path::new(chart), number(rounds)),
        ["kustomize", tree, folder, rounds] => kustomize(Path::new(tree), folder, number(rounds)),
        ["clusters", chart, count, threads] => clusters(Path::new(chart), number(count), number(threads)),
        ["usage", chart] => usage(Path::new(chart)),
        _ => panic!("{USAGE}"),
    };
    println!("{found}");
}

/// What a chart takes of its limits.
fn usage(folder: &Path) -> Value {
    let tree = read(folder);
    let bytes: usize = tree.files().map(|(_, bytes)| bytes.len()).sum();
    let chart = Chart::from_tree(&tree, "").unwrap_or_else(|error| panic!("{error}"));
    let options = Options::new("rel", "ns");
    let release = Renderer::new(chart).render(&options).unwrap_or_else(|error| panic!("{error}"));
    let usage = release.usage;
    let documents = release.definitions.len() + release.documents.len() + release.hooks.len();
    json!({
        "files": tree.files().count(), "bytes": bytes, "documents": documents,
        "steps": usage.steps, "of steps": options.limits.steps,
        "output bytes": usage.output_bytes, "of output bytes": options.limits.output_bytes,
        "values of documents": usage.document_values, "of values": DOCUMENT_VALUES_MAX,
    })
}

/// The files below a folder.
fn read(folder: &Path) -> Tree {
    let mut tree = Tree::new("");
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            waiting.extend(entries.map(|entry| entry.expect("a folder that can be read").path()));
        } else {
            let name = path.strip_prefix(folder).expect("below the folder").to_string_lossy().into_owned();
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            tree.insert(name, bytes).expect("a plain path");
        }
    }
    tree
}

fn load(folder: &Path) -> Renderer {
    Renderer::new(Chart::from_tree(&read(folder), "").unwrap_or_else(|error| panic!("{error}")))
}

/// Renders with the values of one cluster; gives the number of documents.
fn render(renderer: &Renderer, number: u32) -> usize {
    let mut options = Options::new("bench", "bench");
    let values = json!({"replicaCount": number % 7 + 1, "cluster": format!("c{number}")});
    let Value::Object(values) = values else { unreachable!("it is an object") };
    options.layers.push(Layer::Values(values));
    let release = renderer.render(&options).unwrap_or_else(|error| panic!("{error}"));
    release.documents.len() + release.hooks.len()
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let found = work();
    (start.elapsed().as_secs_f64(), found)
}

fn helm(folder: &Path, rounds: u32) -> Value {
    let mut documents = 0;
    let once: Vec<f64> = (0..rounds)
        .map(|number| {
            let (seconds, count) = timed(|| render(&load(folder), number));
            documents = count;
            seconds
        })
        .collect();
    let renderer = load(folder);
    // The first time compiles the templates.
    render(&renderer, 0);
    let again: Vec<f64> = (0..rounds).map(|number| timed(|| render(&renderer, number)).0).collect();
    json!({ "once": once, "again": again, "documents": documents })
}

fn kustomize(folder: &Path, overlay: &str, rounds: u32) -> Value {
    let mut documents = 0;
    let mut build_in = |tree: &Tree| match build(tree, overlay, &RemoteSources::none(), &NoCharts) {
        Ok(built) => documents = built.objects.len(),
        Err(findings) => panic!("{findings:?}"),
    };
    let once: Vec<f64> = (0..rounds).map(|_| timed(|| build_in(&read(folder))).0).collect();
    let tree = read(folder);
    let again: Vec<f64> = (0..rounds).map(|_| timed(|| build_in(&tree)).0).collect();
    json!({ "once": once, "again": again, "documents": documents })
}

/// One chart for a fleet: read and compiled once, rendered for each cluster by so many threads.
fn clusters(folder: &Path, count: u32, threads: u32) -> Value {
    let (seconds, documents) = timed(|| {
        let renderer = load(folder);
        let next = AtomicU32::new(0);
        let work = || {
            let mut documents = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return documents;
                }
                documents += render(&renderer, number);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).sum::<usize>()
        })
    });
    json!({ "once": [seconds], "again": [], "documents": documents })
}
