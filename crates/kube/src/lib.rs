//! The Kubernetes driver: reads, diffs, applies, verifies and prunes objects of one cluster.
