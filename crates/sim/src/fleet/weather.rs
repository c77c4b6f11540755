//! Weather: when a simulated cluster is out of reach, slow or sick.

use crate::rng::Rng;

/// What is wrong for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It does not answer.
    Unreachable,
    /// Everything takes so many times as long.
    Slow(u32),
    /// What runs there is not healthy.
    Sick,
}

/// A trouble from a time up to, but not including, another; in epoch milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spell {
    /// Its start.
    pub from_ms: i64,
    /// Its end; `i64::MAX` = for ever.
    pub to_ms: i64,
    /// What is wrong.
    pub trouble: Trouble,
}

/// How many of a thousand attempts go wrong by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Odds {
    /// Attempts that never answer although the limit is over, with or without their work done.
    pub lost: u32,
    /// Applies after which the cluster becomes sick for a while.
    pub sick_after_apply: u32,
    /// Requests that are refused because the cluster is busy.
    pub throttled: u32,
}

/// The troubles of one cluster.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    spells: Vec<Spell>,
    /// Troubles by chance.
    pub odds: Odds,
}

impl Weather {
    /// With one more spell.
    pub fn add(&mut self, spell: Spell) {
        self.spells.push(spell);
    }

    /// Whether the cluster answers at a time.
    pub fn is_reachable(&self, at_ms: i64) -> bool {
        !self.at(at_ms).any(|trouble| trouble == Trouble::Unreachable)
    }

    /// Whether what runs there is sick at a time.
    pub fn is_sick(&self, at_ms: i64) -> bool {
        self.at(at_ms).any(|trouble| trouble == Trouble::Sick)
    }

    /// How many times as long everything takes at a time.
    pub fn slowness(&self, at_ms: i64) -> i64 {
        let slow = self.at(at_ms).filter_map(|trouble| match trouble {
            Trouble::Slow(times) => Some(i64::from(times)),
            Trouble::Unreachable | Trouble::Sick => None,
        });
        slow.max().unwrap_or(1)
    }

    /// When the weather changes next after a time; `i64::MAX` = never.
    pub fn next_change_ms(&self, at_ms: i64) -> i64 {
        let edges = self.spells.iter().flat_map(|spell| [spell.from_ms, spell.to_ms]);
        edges.filter(|edge_ms| *edge_ms > at_ms).min().unwrap_or(i64::MAX)
    }

    /// All spells of a trouble that overlap a time.
    pub fn overlaps(&self, trouble: Trouble, from_ms: i64, to_ms: i64) -> bool {
        self.spells.iter().any(|spell| spell.trouble == trouble && spell.from_ms < to_ms && from_ms < spell.to_ms)
    }

    /// Ends all trouble at a time: what began stops, what would come does not.
    pub fn clear(&mut self, at_ms: i64) {
        self.spells.retain(|spell| spell.from_ms < at_ms);
        self.spells.iter_mut().for_each(|spell| spell.to_ms = spell.to_ms.min(at_ms));
        self.odds = Odds::default();
    }

    /// A spell of sickness that an apply brings, by chance.
    pub(super) fn after_apply(&mut self, rng: &mut Rng, at_ms: i64) {
        if rng.chance(self.odds.sick_after_apply) {
            let from_ms = at_ms + rng.between(0, 5_000);
            let to_ms = from_ms + rng.between(500, 90_000);
            self.add(Spell { from_ms, to_ms, trouble: Trouble::Sick });
        }
    }

    fn at(&self, at_ms: i64) -> impl Iterator<Item = Trouble> {
        self.spells.iter().filter(move |spell| (spell.from_ms..spell.to_ms).contains(&at_ms)).map(|spell| spell.trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_begin_and_end() {
        let mut weather = Weather::default();
        weather.add(Spell { from_ms: 10, to_ms: 20, trouble: Trouble::Unreachable });
        weather.add(Spell { from_ms: 15, to_ms: i64::MAX, trouble: Trouble::Slow(5) });
        weather.add(Spell { from_ms: 30, to_ms: 40, trouble: Trouble::Sick });
        assert_eq!([9, 10, 19, 20].map(|at_ms| weather.is_reachable(at_ms)), [true, false, false, true]);
        assert_eq!([14, 15, 99].map(|at_ms| weather.slowness(at_ms)), [1, 5, 5]);
        assert_eq!([0, 10, 30, 40].map(|at_ms| weather.next_change_ms(at_ms)), [10, 15, 40, i64::MAX]);
        assert!(weather.overlaps(Trouble::Sick, 0, 31) && !weather.overlaps(Trouble::Sick, 0, 30));
        weather.clear(16);
        assert!(weather.is_reachable(16) && !weather.is_sick(35));
        assert_eq!(weather.slowness(16), 1);
    }
}
