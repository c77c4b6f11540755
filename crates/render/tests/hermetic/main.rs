//! Rendering is a function of what it is given: equal bytes in every process and on any number of threads, and no
//! system call that reaches a file, the network or another program.
//!
//! The second is proved by the kernel. A child process reads everything, starts a thread that seals itself with a
//! filter of system calls, and renders on it; whatever the filter does not name kills the child.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod jobs;
#[cfg(target_os = "linux")]
mod sealed;

use std::sync::atomic::{AtomicUsize, Ordering};

use jobs::Job;

/// What every job gives, in their order, with this many threads at work.
fn results(jobs: &[Job], threads: usize) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let mut found: Vec<(usize, String)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            while let Some((at, job)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, jobs.get(at)?)))
            {
                done.push((at, job.run(threads)));
            }
            done
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn every_kind_of_source_is_among_the_jobs() {
    let jobs = jobs::all();
    for kind in ["manifests", "helm", "kustomize", "hld", "chart", "kustomization"] {
        let count = jobs.iter().filter(|job| job.name.starts_with(&format!("{kind} "))).count();
        assert!(count >= 1, "no job of {kind}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let jobs = jobs::all();
    let expected = results(&jobs, 1);
    // Most jobs must give objects: equal refusals alone would show little.
    let given = expected.iter().filter(|text| text.contains("content ")).count();
    assert!(given * 2 > jobs.len(), "{given} of {} jobs render", jobs.len());
    for threads in [1, 2, 8] {
        for ((job, expected), found) in jobs.iter().zip(&expected).zip(results(&jobs, threads)) {
            assert_eq!(*expected, found, "{} on {threads} threads", job.name);
        }
    }
}
