//! The tests of the store: one suite for SQLite and PostgreSQL, and what only one of them can do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod appending;
mod blobs;
mod claiming;
mod crash;
mod documents;
mod faults;
mod full_disk;
mod leasing;
mod ledger;
mod model;
mod opening;
mod place;
mod rollouts;
mod servers;
mod watching;

/// A file that is not named above would never be compiled, and its tests never run.
#[test]
fn no_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap();
        let declared = include_str!("main.rs").contains(&format!("mod {module};"));
        assert!(declared || module == "main", "`{name}` is not part of the test program");
    }
}
