//! Which crate may use which: arrows point down only.

use super::{
    Finding,
    graph::{Graph, Use},
};

const CORE: &str = "seaway-core";
const TESTBED: &str = "seaway-testbed";
const XTASK: &str = "xtask";

/// Crates that speak to one outside system each; they never use each other.
const DRIVERS: [&str; 5] = ["seaway-chartrepo", "seaway-kube", "seaway-git", "seaway-oci", "seaway-sandbox"];

/// A crate and what it may use beside itself. [`DRIVERS`] stands for all of them. Every crate needs a line: a new one
/// finds its place here first.
const MAY_USE: [(&str, &[&str]); 8] = [
    (CORE, &[]),
    ("seaway-render", &[CORE]),
    ("seaway-sim", &[CORE]),
    ("seaway-store", &[CORE]),
    ("seaway-engine", &["drivers", "seaway-store", "seaway-render", "seaway-sim", CORE]),
    ("seaway-cli", &["seaway-engine", "drivers", "seaway-store", "seaway-render", "seaway-sim", CORE]),
    (TESTBED, &[]),
    (XTASK, &[TESTBED, "seaway-engine", "drivers", "seaway-store", "seaway-render", "seaway-sim", CORE]),
];

pub(crate) fn check(graph: &Graph) -> Vec<Finding> {
    let unplaced = graph
        .members
        .keys()
        .filter(|name| may_use(name).is_none())
        .map(|name| Finding::new(name, "is in no room: say in `xtask/src/tidy/arrows.rs` which crates it may use"));
    let wrong = graph.inner_uses().filter(|(from, to, how)| !is_allowed(from, to, *how)).map(|(from, to, _)| {
        let allowed = may_use(from).unwrap_or_default();
        let message = if to == TESTBED {
            format!("uses `{TESTBED}`, which is for tests: make it a dev-dependency")
        } else if allowed.is_empty() {
            format!("uses `{to}`, expected no crate of this workspace")
        } else {
            format!("uses `{to}`, expected only {}", allowed.join(", "))
        };
        Finding::new(from, message)
    });
    unplaced.chain(wrong).collect()
}

fn may_use(name: &str) -> Option<&'static [&'static str]> {
    if DRIVERS.contains(&name) {
        return Some(&[CORE]);
    }
    MAY_USE.iter().find(|(of, _)| *of == name).map(|(_, uses)| *uses)
}

fn is_allowed(from: &str, to: &str, how: Use) -> bool {
    let listed =
        may_use(from).is_none_or(|uses| uses.contains(&to) || (uses.contains(&"drivers") && DRIVERS.contains(&to)));
    // Cargo lists a crate as its own dev-dependency when its tests need another feature of it.
    listed || (how == Use::Dev && (to == TESTBED || to == from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(members: &[&str], uses: &[(&str, &str, Use)]) -> Vec<String> {
        check(&Graph::sample(members, uses)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let all = findings(
            &["seaway-core", "seaway-store", "seaway-engine", "seaway-kube"],
            &[
                ("seaway-engine", "seaway-store", Use::Normal),
                ("seaway-engine", "seaway-kube", Use::Normal),
                ("seaway-kube", "seaway-core", Use::Normal),
                ("seaway-core", "seaway-store", Use::Normal),
                ("seaway-kube", "seaway-store", Use::Dev),
            ],
        );
        assert_eq!(
            all,
            [
                "seaway-core: uses `seaway-store`, expected no crate of this workspace",
                "seaway-kube: uses `seaway-store`, expected only seaway-core",
            ]
        );
    }

    #[test]
    fn the_testbed_is_for_tests() {
        let members = ["seaway-testbed", "seaway-cli", "seaway-kube", "xtask"];
        let all = findings(
            &members,
            &[
                ("xtask", "seaway-testbed", Use::Normal),
                ("seaway-kube", "seaway-testbed", Use::Dev),
                ("seaway-cli", "seaway-testbed", Use::Normal),
            ],
        );
        assert_eq!(all, ["seaway-cli: uses `seaway-testbed`, which is for tests: make it a dev-dependency"]);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let all = findings(&["seaway-shed"], &[]);
        assert_eq!(all.len(), 1);
        assert!(all[0].starts_with("seaway-shed: is in no room"), "{all:?}");
    }
}
