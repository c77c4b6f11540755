//! Versions and constraints as Helm understands them: those of charts, of dependencies, of clusters, and those
//! that templates compare.
//!
//! The rules are those of the Go library that Helm uses: `v1.2` is a version, `>=1.20-0 <2 || ~3.1` a constraint,
//! and a pre-release satisfies only a constraint that names one.

mod constraint;
mod semantic;

pub use constraint::Constraint;
pub use semantic::Version;

/// Whether a version satisfies a constraint; `false` when either is malformed, as for dependencies in Helm.
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Constraint::parse(constraint), Version::parse(version)) {
        (Some(constraint), Some(version)) => constraint.allows(&version),
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Version, is_compatible};

    #[test]
    fn constraints_allow_what_helm_allows() {
        let cases = [
            (">=1.20-0", "1.35.2", true),
            (">=1.20-0", "v1.20.0-gke.1", true),
            (">=1.20", "1.21.0-rc.1", false),
            (">= 1.19.0-0 < 1.30.0-0 || 2.x", "1.29.3-eks-abc", true),
            (">= 1.19.0-0 < 1.30.0-0 || 2.x", "1.30.0", false),
            (">= 1.19.0-0 < 1.30.0-0 || 2.x", "2.9.1", true),
            ("1.2 - 1.4.5", "1.4.5", true),
            ("1.2 - 1.4.5", "1.4.6", false),
            ("~1.2.3", "1.2.9", true),
            ("~1.2.3", "1.3.0", false),
            ("~1", "1.9.0", true),
            ("^0.2.3", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("^0.0.3", "0.0.4", false),
            ("^1.2.3", "1.9.0", true),
            ("*", "7.8.9", true),
            ("*", "7.8.9-rc", false),
            ("1.2.x", "1.2.7", true),
            ("1.2", "1.2.7", true),
            ("1.2.0", "1.2.7", false),
            ("!=1.2", "1.2.7", false),
            ("!=1.2.3", "1.2.7", true),
            (">1", "1.9.0", false),
            (">1.2", "1.3.0", true),
            ("<=1", "1.9.0", true),
            ("<=1.2", "1.3.0", false),
            (">=1.2.3, <2", "1.5.0", true),
            (">=1.2.3,<2", "2.0.0", false),
            ("=>1.2", "1.2.0", true),
            ("", "1.0.0", false),
            ("latest", "1.0.0", false),
            ("1.0.0", "one", false),
            (">=1.0.0+build", "1.0.0", true),
        ];
        for (constraint, version, expected) in cases {
            assert_eq!(is_compatible(constraint, version), expected, "{constraint} for {version}");
        }
    }

    #[test]
    fn versions_are_ordered_by_their_parts() {
        let sorted =
            ["1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.2", "1.0.0-rc.11", "1.0.0"];
        for pair in sorted.windows(2) {
            let [a, b] = pair else { unreachable!() };
            assert!(Version::parse(a).unwrap() < Version::parse(b).unwrap(), "{a} < {b}");
        }
        assert_eq!(Version::parse("v1.2").unwrap().to_string(), "1.2.0");
        assert_eq!(Version::parse("1.2.3-rc.1+b.7").unwrap().to_string(), "1.2.3-rc.1+b.7");
        for bad in ["", "1.2.3.4", "1.2.3-", "1.2.3-01", "x", "1..2", "v", "1.2.3+é"] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }
}
