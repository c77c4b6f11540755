//! Turns a service's source and values into Kubernetes objects: pure, hermetic, bounded.
