//! The loader: whatever the files hold, it answers, places are inside the files, findings do not depend on the
//! order of files, and a workspace without errors keeps what the model promises.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::fuzz_target;
use seaway_core::{
    declaration::{SourceFile, Workspace, load, resolve},
    diagnostic::{Diagnostic, has_errors, render_plain},
    ids::is_dns_label,
};

fuzz_target!(|text: &str| {
    // A NUL, which YAML forbids, separates files.
    let files: Vec<SourceFile> = text
        .split('\0')
        .take(4)
        .enumerate()
        .map(|(n, text)| SourceFile { path: format!("folder{n}/seaway.yaml"), text: text.to_owned() })
        .collect();
    let (workspace, findings) = load(&files);
    places(&files, &findings);
    if files.len() > 1 {
        let reversed: Vec<SourceFile> = files.iter().rev().cloned().collect();
        assert_eq!(load(&reversed), (workspace.clone(), findings.clone()));
    }
    if !has_errors(&findings) {
        promises(&workspace);
    }
});

fn places(files: &[SourceFile], findings: &[Diagnostic]) {
    let texts: BTreeMap<&str, &str> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    for finding in findings {
        let text = finding.place.as_ref().map(|place| texts[place.file.as_str()]);
        if let (Some(place), Some(text)) = (&finding.place, text) {
            assert!(text.get(place.offset..place.offset + place.len).is_some(), "{place}");
        }
        let rendered = render_plain(finding, text);
        assert!(rendered.chars().all(|c| c == '\n' || !c.is_control()), "{rendered:?}");
    }
}

fn promises(workspace: &Workspace) {
    for environment in workspace.environments.values() {
        assert!(is_dns_label(environment.name.as_str()));
        let stages: BTreeSet<_> = environment.stages.iter().map(|stage| &stage.name).collect();
        assert_eq!(stages.len(), environment.stages.len());
        let mut names = BTreeSet::new();
        for (region, cluster) in environment.clusters() {
            assert!(names.insert(&cluster.name) && is_dns_label(cluster.name.as_str()));
            assert!(region.is_none_or(|region| stages.contains(&region.stage)));
        }
    }
    for service in workspace.services.values() {
        assert!(service.depends_on.iter().all(|name| workspace.services.contains_key(name)));
        for environment in workspace.environments.values() {
            for (region, cluster) in environment.clusters() {
                if service.targets.mismatch(environment, region, cluster).is_none() {
                    assert!(resolve(service, environment, region, cluster).is_ok());
                }
            }
        }
    }
}
