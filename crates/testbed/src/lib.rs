//! Real Kubernetes control planes and databases on loopback, for tests and for playing.
