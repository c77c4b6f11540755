//! One TLS provider: two of them make builds slow and panic when each wants to be the process's default.

use super::{Finding, graph::Graph};

/// The other provider and its C code.
const REFUSED: [&str; 3] = ["aws-lc-rs", "aws-lc-sys", "openssl-sys"];

/// Crates of which there is one version, or their process-wide state is there twice.
const SINGLE: [&str; 3] = ["rustls", "ring", "tokio"];

pub(crate) fn check(graph: &Graph) -> Vec<Finding> {
    let refused = graph.uses.keys().filter(|c| REFUSED.contains(&c.name.as_str())).map(|c| {
        let by: Vec<&str> = graph
            .uses
            .iter()
            .filter(|(_, uses)| uses.iter().any(|(to, _)| to == c))
            .map(|(from, _)| from.name.as_str())
            .collect();
        Finding::new(&c.name, format!("is used by {}; choose features that use `ring` instead", by.join(", ")))
    });
    let several = SINGLE.iter().filter_map(|name| {
        let versions: Vec<&str> = graph.uses.keys().filter(|c| c.name == *name).map(|c| c.version.as_str()).collect();
        (versions.len() > 1).then(|| Finding::new(*name, format!("has versions {}, expected one", versions.join(", "))))
    });
    refused.chain(several).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::graph::Use;

    #[test]
    fn a_second_provider_and_a_second_version_are_found() {
        let graph = Graph::sample(
            &["a"],
            &[
                ("a", "rustls@0.23.1", Use::Normal),
                ("a", "client", Use::Normal),
                ("client", "rustls@0.22.4", Use::Normal),
                ("client", "aws-lc-sys", Use::Normal),
            ],
        );
        let all: Vec<String> = check(&graph).iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            [
                "aws-lc-sys: is used by client; choose features that use `ring` instead",
                "rustls: has versions 0.22.4, 0.23.1, expected one",
            ]
        );
    }
}
