//! The only source of chance: a small seeded generator, so that a seed names a run for ever.

/// xoshiro256** with a state filled by splitmix64. Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng([u64; 4]);

impl Rng {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        };
        Self([next(), next(), next(), next()])
    }

    /// A generator of its own for one purpose, so that drawing more in one place changes nothing elsewhere.
    #[must_use]
    pub fn branch(&self, purpose: u64) -> Self {
        let [a, b, c, d] = self.0;
        Self::new(
            a ^ b.rotate_left(17) ^ c.rotate_left(34) ^ d.rotate_left(51) ^ purpose.wrapping_mul(0x2545_F491_4F6C_DD1D),
        )
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `end`; 0 when `end` is 0. The bias is below one in 2³² for the small numbers used here.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// A time from `from` up to, but not including, `to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from.saturating_add(self.below(to.saturating_sub(from).max(0).unsigned_abs()) as i64)
    }

    /// True in so many of a thousand cases.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of several; `None` when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_names_its_numbers_for_ever() {
        // Another generator would change every seed that was ever written down.
        let mut rng = Rng::new(1);
        assert_eq!(
            [rng.bits(), rng.bits(), rng.bits()],
            [0xB3F2_AF6D_0FC7_10C5, 0x853B_5596_4736_4CEA, 0x92F8_9756_082A_4514]
        );
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_all_of_it() {
        let mut rng = Rng::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..6000 {
            seen[rng.below(6) as usize] += 1;
            assert!((-3..4).contains(&rng.between(-3, 4)));
        }
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.pick::<u8>(&[]), None);
        assert!(!rng.chance(0) && rng.chance(1000));
    }

    #[test]
    fn branches_differ_and_leave_the_trunk_alone() {
        let trunk = Rng::new(3);
        let (mut a, mut b) = (trunk.branch(1), trunk.branch(2));
        assert_ne!(a.bits(), b.bits());
        assert_eq!(trunk.clone().bits(), Rng::new(3).bits());
    }
}
