//! Kustomizations: a build answers, twice the same, and what comes out are objects.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaway_core::diagnostic::has_errors;
use seaway_render::{
    Tree,
    kustomize::{NoCharts, RemoteSources, build},
};

/// Files of the tree, in the order of the parts of the input. The first names the others.
const NAMES: [&str; 6] =
    ["kustomization.yaml", "a.yaml", "b.yaml", "base/kustomization.yaml", "base/a.yaml", "data.env"];

fuzz_target!(|bytes: &[u8]| {
    // A NUL, which YAML forbids, separates files.
    let files = NAMES.iter().zip(bytes.split(|b| *b == 0)).map(|(name, bytes)| ((*name).to_owned(), bytes));
    let Ok(tree) = Tree::of("k", files) else { return };
    let remotes = RemoteSources::none();
    match build(&tree, "", &remotes, &NoCharts) {
        Err(findings) => assert!(has_errors(&findings)),
        Ok(built) => {
            assert!(!has_errors(&built.remarks));
            for object in &built.objects {
                assert!(object.manifest["kind"].is_string() || object.manifest["kind"].is_number());
            }
            assert!(build(&tree, "", &remotes, &NoCharts).is_ok_and(|again| again == built));
        }
    }
});
