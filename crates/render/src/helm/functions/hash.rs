//! Check sums, which charts put into annotations to restart what depends on a text.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::Answer;
use crate::helm::value::Value;

use Takes::Text;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("sha1sum", &[Text], digest::<Sha1>).heavy(3),
    Function::new("sha256sum", &[Text], digest::<Sha256>).heavy(3),
    Function::new("sha512sum", &[Text], digest::<Sha512>).heavy(3),
    Function::new("adler32sum", &[Text], |_, a| Ok(adler32(text(a, 0)?.as_bytes()).to_string().into())),
];

fn digest<D: Digest>(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let digest = D::digest(text(a, 0)?.as_bytes());
    let mut hex = String::with_capacity(digest.len() * 2);
    for byte in digest.iter() {
        for digit in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    Ok(hex.into())
}

/// RFC 1950's check sum.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % MODULUS;
        high = (high + low) % MODULUS;
    }
    high << 16 | low
}
