//! The same work on many things, spread over the processors of this machine.

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use seaway_core::yaml::on_deep_stack;

/// Fewer things than this are not worth a thread: what is rendered for one cluster is often ready for the next.
const WORTHWHILE: usize = 4;

/// Most threads. Each may hold what one render may hold, some 256 MiB.
const THREADS_MAX: usize = 8;

/// The results of `work` in the order of the things, whoever did them.
pub(crate) fn over<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // Rendering wants a deep stack: one for many renders, where it would be one for each.
    let in_turn = || things.iter().map(&work).collect();
    let threads = match things.len() {
        few if few < WORTHWHILE => 1,
        many => thread::available_parallelism().map_or(1, usize::from).min(many).min(THREADS_MAX),
    };
    if threads < 2 {
        return on_deep_stack(in_turn).unwrap_or_else(|_| in_turn());
    }
    let next = AtomicUsize::new(0);
    let some_here = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match things.get(index) {
                Some(thing) => done.push((index, work(thing))),
                None => return done,
            }
        }
    };
    let some = || on_deep_stack(some_here).unwrap_or_else(|_| some_here());
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        // A thread that cannot be started is no loss: this one does its part.
        let others: Vec<_> =
            (1..threads).filter_map(|_| thread::Builder::new().spawn_scoped(scope, some).ok()).collect();
        let mut done = some();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_each_once() {
        for count in [0, 1, 3, 4, 5, 1000] {
            let things: Vec<usize> = (0..count).collect();
            let calls = AtomicUsize::new(0);
            let results = over(&things, |thing| {
                calls.fetch_add(1, Ordering::Relaxed);
                thing * 2
            });
            assert_eq!(results, things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
            assert_eq!(calls.into_inner(), count);
        }
    }

    #[test]
    #[should_panic(expected = "thing 7")]
    fn a_panic_is_not_swallowed() {
        let things: Vec<usize> = (0..100).collect();
        over(&things, |thing| assert!(*thing != 7, "thing {thing}"));
    }
}
