//! Charts: an answer, twice the same, whatever files, values and templates say.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaway_render::{
    Tree,
    helm::{
        chart::Chart,
        functions::Entropy,
        release::{Options, Renderer},
        template::Limits,
        values::Layer,
    },
};

/// Files of the input, in its order; a NUL, which YAML forbids, separates them.
const NAMES: [&str; 9] = [
    "templates/a.yaml",
    "values.yaml",
    "Chart.yaml",
    "templates/_b.tpl",
    "charts/kid/Chart.yaml",
    "charts/kid/values.yaml",
    "charts/kid/templates/c.yaml",
    "values.schema.json",
    ".helmignore",
];
const META: &[u8] = b"apiVersion: v2\nname: web\nversion: 0.1.0\n";

fuzz_target!(|bytes: &[u8]| {
    let _ = Chart::from_archive(bytes);
    let mut parts = bytes.split(|byte| *byte == 0);
    let mut files: Vec<(String, &[u8])> =
        NAMES.iter().zip(&mut parts).map(|(name, bytes)| ((*name).to_owned(), bytes)).collect();
    // Most inputs are about templates and values: a chart without a name of its own gets one.
    match files.iter_mut().find(|(name, _)| name == "Chart.yaml") {
        Some((_, data)) if data.is_empty() => *data = META,
        Some(_) => {}
        None => files.push(("Chart.yaml".to_owned(), META)),
    }
    let Ok(tree) = Tree::of("", files) else { return };
    let Ok(chart) = Chart::from_tree(&tree, "") else { return };
    let renderer = Renderer::new(chart);
    let mut options = Options::new("rel", "ns");
    options.entropy = Entropy::Drawn { seed: [1; 32], unix_seconds: 1_700_000_000 };
    options.limits = Limits { steps: 200_000, output_bytes: 1 << 20, held_bytes: 8 << 20, ..Limits::default() };
    if let Some(text) = parts.next().and_then(|bytes| std::str::from_utf8(bytes).ok()) {
        options.layers.push(Layer::Set(text.to_owned()));
    }
    let first = renderer.render(&options);
    assert_eq!(first.as_ref().ok(), renderer.render(&options).as_ref().ok());
    if let Err(error) = first {
        assert!(!error.to_string().is_empty());
    }
});
