//! The command as a user runs it, without clusters: one binary, a module per subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/drawn.rs"]
mod drawn;
#[path = "cli/elsewhere.rs"]
mod elsewhere;
#[path = "cli/examples.rs"]
mod examples;
#[path = "cli/external.rs"]
mod external;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/hld.rs"]
mod hld;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/leaving.rs"]
mod leaving;
#[path = "cli/plan.rs"]
mod plan;
#[path = "cli/reference.rs"]
mod reference;
#[path = "cli/render.rs"]
mod render;
#[path = "cli/rollout.rs"]
mod rollout;
#[path = "cli/sandbox.rs"]
mod sandbox;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/validate.rs"]
mod validate;

#[test]
fn every_module_is_part_of_this_binary() {
    let this = include_str!("cli.rs");
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli")).unwrap();
    for file in folder {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.ends_with(".rs") || this.contains(&format!("cli/{name}")),
            "{name} is not a module of tests/cli.rs"
        );
    }
}
