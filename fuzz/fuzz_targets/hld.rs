//! High-level definitions: an answer, twice the same, files inside their folder; edits that say what they mean.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaway_core::diagnostic::{codes, has_errors};
use seaway_render::{
    Native, Tree,
    hld::{
        Lock, Profile, Request, Settings,
        edit::{Assignments, NewEntry, add, remove, set},
        explain, generate, settings, wanted,
    },
    remote::View,
};

/// Files of the input, in its order; a NUL, which YAML forbids, separates them.
const NAMES: [&str; 8] = [
    "component.yaml",
    "config/common.yaml",
    "config/prod.yaml",
    "a/component.yaml",
    "a/config/common.json",
    "a/chart/Chart.yaml",
    "a/chart/templates/t.yaml",
    "hld.yaml",
];

fuzz_target!(|bytes: &[u8]| {
    let files = NAMES.iter().zip(bytes.split(|byte| *byte == 0)).map(|(name, bytes)| ((*name).to_owned(), bytes));
    let Ok(tree) = Tree::of("", files) else { return };
    let own = settings(&tree, "").unwrap_or_default();
    let lock = Lock::default();
    let environments = ["prod".to_owned()];
    for profile in [Profile::Compat, Profile::Strict] {
        let settings = Settings { profile, ..own.clone() };
        let request = Request {
            tree: &tree,
            folder: "",
            settings: &settings,
            environments: &environments,
            lock: &lock,
            store: &(),
        };
        let native = Native::new(View::nothing());
        let made = generate(&request, &native);
        assert_eq!(made, generate(&request, &native));
        match &made {
            Err(findings) => assert!(has_errors(findings)),
            Ok(made) => {
                assert!(!has_errors(&made.remarks));
                for path in made.files.keys() {
                    assert!(!path.starts_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | "..")));
                }
                assert!(explain(&request, "", "").is_ok());
            }
        }
        let _ = wanted(&tree, "", &settings, &[environments.to_vec()], &lock, &());
        edits(&tree, profile);
    }
});

/// What was set is there afterwards, and a second time changes nothing.
fn edits(tree: &Tree, profile: Profile) {
    let arguments = ["x.y=1".to_owned()];
    let what = Assignments { subcomponent: "a", arguments: &arguments, ..Assignments::default() };
    if let Ok(edited) = set(tree, "", profile, &what) {
        let again = Tree::of("", [(edited.path.clone(), edited.bytes.clone())]).expect("one file");
        let twice = set(&again, "", profile, &what).expect("what was written can be read");
        assert_eq!(String::from_utf8_lossy(&twice.bytes), String::from_utf8_lossy(&edited.bytes));
    }
    let entry = NewEntry { name: "fuzz", source: "./fuzz", method: "local", ..NewEntry::default() };
    if let Ok(edited) = add(tree, "", "folder", profile, &entry) {
        let again = Tree::of("", [(edited.path, edited.bytes)]).expect("one file");
        let removed = remove(&again, "", profile, &["fuzz".to_owned()]);
        // The strict profile refuses to write a file anew.
        if let Err(findings) = removed {
            assert!(profile == Profile::Strict && findings.iter().all(|finding| finding.code == codes::HLD_EDIT));
        }
    }
}
