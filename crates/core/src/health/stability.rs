//! Whether a set of objects has been current for long enough: a fold over observations.

use std::collections::BTreeMap;

use crate::duration::Millis;

use super::read::Now;
use super::status::{Code, Status};

/// Since when each object of a set is current. An object that was never observed is not, so that nothing
/// is stable for lack of news.
///
/// Observations come in the order in which they are made. A clock that goes back starts the count again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stability {
    since: BTreeMap<String, Option<Now>>,
}

impl Stability {
    /// A set of objects that all have to be current. The empty set is stable: there is nothing to wait for.
    pub fn of(objects: impl IntoIterator<Item = String>) -> Self {
        Self { since: objects.into_iter().map(|object| (object, None)).collect() }
    }

    /// Takes in that `object` had `status` at `now`. An object that was not in the set joins it.
    pub fn observe(&mut self, object: &str, status: &Status, now: Now) {
        let is_current = match status.code {
            Code::Current => true,
            Code::InProgress | Code::Unknown | Code::NotFound | Code::Terminating | Code::Failed => false,
        };
        let since = self.since.get(object).copied().flatten().filter(|since| *since <= now);
        let since = is_current.then(|| since.unwrap_or(now));
        match self.since.get_mut(object) {
            Some(held) => *held = since,
            None => {
                self.since.insert(object.to_owned(), since);
            }
        }
    }

    /// Takes `object` out of the set: nobody waits for it any more.
    pub fn forget(&mut self, object: &str) {
        self.since.remove(object);
    }

    /// Whether all objects have been current for at least `stable_for`.
    pub fn stable(&self, now: Now, stable_for: Millis) -> bool {
        let wanted = i64::try_from(stable_for.0).unwrap_or(i64::MAX);
        self.since.values().all(|since| since.is_some_and(|since| now.since(since) >= wanted))
    }

    /// When the set will be stable if nothing happens. `None` while an object is not current; for the empty
    /// set the beginning of time.
    pub fn stable_at(&self, stable_for: Millis) -> Option<Now> {
        let wanted = i64::try_from(stable_for.0).unwrap_or(i64::MAX);
        let latest =
            self.since.values().try_fold(Now(i64::MIN), |latest, since| since.map(|since| latest.max(since)))?;
        Some(if self.since.is_empty() { latest } else { Now(latest.0.saturating_add(wanted)) })
    }

    /// The objects that are not current, or not yet observed, by name.
    pub fn unsettled(&self) -> impl Iterator<Item = &str> {
        self.since.iter().filter(|(_, since)| since.is_none()).map(|(object, _)| object.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Millis = Millis::secs(30);

    fn current() -> Status {
        Status::current("")
    }

    fn set() -> Stability {
        Stability::of(["a".to_owned(), "b".to_owned()])
    }

    #[test]
    fn all_must_hold_for_the_whole_time() {
        let mut set = set();
        set.observe("a", &current(), Now(0));
        assert!(!set.stable(Now(60_000), LONG), "b was never observed");
        assert_eq!((set.stable_at(LONG), set.unsettled().collect::<Vec<_>>()), (None, vec!["b"]));
        set.observe("b", &current(), Now(10_000));
        set.observe("a", &current(), Now(20_000));
        assert_eq!(set.stable_at(LONG), Some(Now(40_000)), "being current again is not news");
        assert!(!set.stable(Now(39_999), LONG));
        assert!(set.stable(Now(40_000), LONG));
    }

    #[test]
    fn a_lapse_starts_again() {
        for lapse in [Status::in_progress(""), Status::unknown(""), Status::failed(""), Status::not_found("")] {
            let mut set = set();
            set.observe("a", &current(), Now(0));
            set.observe("b", &current(), Now(0));
            set.observe("a", &lapse, Now(10_000));
            assert!(!set.stable(Now(50_000), LONG));
            set.observe("a", &current(), Now(20_000));
            assert_eq!(set.stable_at(LONG), Some(Now(50_000)));
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_help() {
        let mut set = Stability::of(["a".to_owned()]);
        set.observe("a", &current(), Now(100_000));
        assert!(!set.stable(Now(0), LONG));
        set.observe("a", &current(), Now(50_000));
        assert_eq!(set.stable_at(LONG), Some(Now(80_000)));
    }

    #[test]
    fn nothing_to_wait_for() {
        assert!(Stability::default().stable(Now(0), LONG));
        assert_eq!(Stability::default().stable_at(LONG), Some(Now(i64::MIN)));
        let mut set = set();
        set.observe("a", &current(), Now(0));
        set.forget("b");
        assert!(set.stable(Now(30_000), LONG));
        set.observe("c", &Status::in_progress(""), Now(30_000));
        assert!(!set.stable(Now(90_000), Millis(0)), "a new object joins");
    }
}
