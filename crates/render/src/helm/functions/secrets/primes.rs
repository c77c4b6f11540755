//! Large primes out of drawn bytes. Each trial is counted before it is made, so that no draw takes longer than a render
//! may; and the same draw gives the same prime in every version of this program.

use std::sync::OnceLock;

use rsa::BigUint;
use rsa::rand_core::RngCore as _;

use super::super::Context;
use super::keys::Stream;
use crate::helm::fault::Answer;

/// Work of raising a number of 1024 bits to a power; twice the bits take eight times as long.
const POWER_1024_STEPS: usize = 12_000;
/// Rounds with bases that were drawn, behind the one with base 2. Numbers that were drawn pass them by mistake far less
/// often than once in 2^100 times.
const ROUNDS: usize = 8;
/// Candidates are looked at as long as they are no further than this from what was drawn; one in some 700 is a prime.
const DISTANCE_MAX: u32 = 1 << 16;
/// Small primes by which candidates are sieved stay below this: each saves less than it costs beyond.
const SMALL_MAX: usize = 1 << 17;

/// Work of raising a number of so many bits to a power.
pub(super) fn power_steps(bits: usize) -> usize {
    let quarters = bits.div_ceil(256);
    POWER_1024_STEPS * quarters * quarters * quarters / 64
}

/// A prime of so many bits, the two highest of them set, that is one more than no multiple of `exponent`.
pub(super) fn draw(context: &mut Context, stream: &mut Stream, bits: usize, exponent: u32) -> Answer<BigUint> {
    loop {
        let start = candidate(stream, bits);
        let digits = start.to_bytes_be();
        let remainders: Vec<u32> = small().iter().map(|small| remainder(&digits, *small)).collect();
        context.charge(power_steps(bits))?;
        for distance in (0..DISTANCE_MAX).step_by(2) {
            if small().iter().zip(&remainders).any(|(small, rest)| (rest + distance) % small == 0) {
                continue;
            }
            let number = &start + distance;
            if number.bits() > bits {
                break;
            }
            let digits = (&number - 1_u32).to_bytes_be();
            if remainder(&digits, exponent) != 0 && is_prime(context, stream, &number)? {
                return Ok(number);
            }
        }
    }
}

/// A number with both its highest bits and its lowest one set.
fn candidate(stream: &mut Stream, bits: usize) -> BigUint {
    let mut bytes = vec![0; bits / 8];
    stream.fill_bytes(&mut bytes);
    if let Some(first) = bytes.first_mut() {
        *first |= 0xc0;
    }
    if let Some(last) = bytes.last_mut() {
        *last |= 1;
    }
    BigUint::from_bytes_be(&bytes)
}

/// What is left of a number, most significant byte first, after division.
fn remainder(digits: &[u8], by: u32) -> u32 {
    let by = u64::from(by);
    let rest = digits.chunks(4).fold(0, |rest, chunk| {
        let number = chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (rest << (8 * chunk.len()) | number) % by
    });
    rest as u32
}

/// The odd primes below the limit.
fn small() -> &'static [u32] {
    static SMALL: OnceLock<Vec<u32>> = OnceLock::new();
    SMALL.get_or_init(|| {
        let mut is_composite = vec![false; SMALL_MAX];
        let mut primes = Vec::new();
        for number in (3..SMALL_MAX).step_by(2) {
            if is_composite[number] {
                continue;
            }
            primes.push(number as u32);
            (number * number..SMALL_MAX).step_by(2 * number).for_each(|multiple| is_composite[multiple] = true);
        }
        primes
    })
}

/// The test of Miller and Rabin, first with base 2, which nearly every composite fails.
fn is_prime(context: &mut Context, stream: &mut Stream, number: &BigUint) -> Answer<bool> {
    let bits = number.bits();
    let below = number - 1_u32;
    let twos = trailing_zeros(&below);
    let odd = &below >> twos;
    let one = BigUint::from(1_u32);
    let mut base = BigUint::from(2_u32);
    for _ in 0..=ROUNDS {
        context.charge(power_steps(bits))?;
        let mut power = base.modpow(&odd, number);
        let mut passes = power == one || power == below;
        for _ in 1..twos {
            if passes {
                break;
            }
            power = &power * &power % number;
            passes = power == below;
        }
        if !passes {
            return Ok(false);
        }
        // Below the number, and neither 0 nor 1 in any draw that ever happens.
        base = candidate(stream, bits) >> 1;
    }
    Ok(true)
}

/// How often two divides a number that is not zero.
fn trailing_zeros(number: &BigUint) -> usize {
    let bytes = number.to_bytes_le();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    8 * zeros + bytes.get(zeros).map_or(0, |byte| byte.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::functions::Entropy;

    fn drawn(seed: u8, bits: usize) -> BigUint {
        let entropy = Entropy::Drawn { seed: [seed; 32], unix_seconds: 0 };
        let mut context = Context::new(20_000_000, 64 << 20, entropy, None);
        let mut stream = Stream::draw(&mut context).unwrap();
        draw(&mut context, &mut stream, bits, 65_537).unwrap()
    }

    #[test]
    fn primes_are_of_their_size_and_the_same_each_time() {
        for seed in 0..8 {
            let prime = drawn(seed, 256);
            assert_eq!(prime.bits(), 256);
            assert_eq!(prime, drawn(seed, 256));
            // Fermat's test with bases that the search does not use.
            for base in [3_u32, 5, 7] {
                assert_eq!(BigUint::from(base).modpow(&(&prime - 1_u32), &prime), BigUint::from(1_u32));
            }
        }
        assert_ne!(drawn(1, 256), drawn(2, 256));
    }

    #[test]
    fn composites_are_told_from_primes() {
        let mut context = Context::new(20_000_000, 64 << 20, Entropy::Drawn { seed: [1; 32], unix_seconds: 0 }, None);
        let mut stream = Stream::draw(&mut context).unwrap();
        let mut test = |number: u64| is_prime(&mut context, &mut stream, &BigUint::from(number)).unwrap();
        for prime in [18_446_744_073_709_551_557, 4_294_967_291, 1_000_000_007] {
            assert!(test(prime), "{prime}");
        }
        // The second and third pass the test with base 2; the last is the product of two primes.
        for composite in
            [18_446_744_073_709_551_555, 3_215_031_751, 3_825_123_056_546_413_051, 1_000_000_016_000_000_063]
        {
            assert!(!test(composite), "{composite}");
        }
        assert_eq!(
            remainder(&BigUint::from(12_345_678_901_234_567_u64).to_bytes_be(), 9973),
            12_345_678_901_234_567_u64.rem_euclid(9973) as u32
        );
        assert_eq!(trailing_zeros(&BigUint::from(3_u64 << 41)), 41);
    }

    #[test]
    fn a_search_ends_when_its_work_is_used_up() {
        let mut context = Context::new(30_000, 64 << 20, Entropy::Drawn { seed: [1; 32], unix_seconds: 0 }, None);
        let mut stream = Stream::draw(&mut context).unwrap();
        assert!(draw(&mut context, &mut stream, 2048, 65_537).is_err());
    }
}
