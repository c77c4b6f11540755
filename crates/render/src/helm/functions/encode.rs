//! Base 64 and base 32, with Go's errors as text where sprig gives those.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::arguments::text;
use super::{Function, Takes};
use crate::helm::fault::Answer;
use crate::helm::value::{Str, Value};

use Takes::Text;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("b64enc", &[Text], |_, a| Ok(STANDARD.encode(text(a, 0)?.as_bytes()).into())),
    Function::new("b64dec", &[Text], |_, a| decoded(text(a, 0)?, &BASE_64)).heavy(12),
    Function::new("b32enc", &[Text], |_, a| Ok(encode_base_32(text(a, 0)?.as_bytes()).into())),
    Function::new("b32dec", &[Text], |_, a| decoded(text(a, 0)?, &BASE_32)).heavy(12),
];

/// An alphabet in groups of characters.
struct Alphabet {
    name: &'static str,
    characters: &'static [u8],
    bits: u32,
    /// Characters in a whole group.
    group: usize,
    /// Numbers of characters before the padding that make whole bytes.
    partial: &'static [usize],
}

const BASE_64: Alphabet = Alphabet {
    name: "base64",
    characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    bits: 6,
    group: 4,
    partial: &[2, 3],
};

const BASE_32: Alphabet = Alphabet {
    name: "base32",
    characters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    bits: 5,
    group: 8,
    partial: &[2, 4, 5, 7],
};

/// The bytes, or the text of Go's error: sprig hands it on as if it were the answer.
fn decoded(source: &Str, alphabet: &Alphabet) -> Answer<Value> {
    Ok(match decode(source.as_bytes(), alphabet) {
        Ok(bytes) => Str::from_bytes(bytes).into(),
        Err(at) => format!("illegal {} data at input byte {at}", alphabet.name).into(),
    })
}

/// Decodes, or tells the byte at which the text is wrong. Line breaks are skipped.
fn decode(source: &[u8], alphabet: &Alphabet) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(source.len() * 3 / 4);
    let mut input = source.iter().copied().enumerate().filter(|(_, byte)| !matches!(byte, b'\n' | b'\r'));
    loop {
        let mut bits: u64 = 0;
        let mut count = 0;
        let mut padded = false;
        while count < alphabet.group {
            let Some((at, byte)) = input.next() else {
                return if count == 0 { Ok(bytes) } else { Err(source.len().saturating_sub(count)) };
            };
            match alphabet.characters.iter().position(|known| *known == byte) {
                Some(digit) => {
                    bits = bits << alphabet.bits | digit as u64;
                    count += 1;
                }
                None if byte == b'=' && alphabet.partial.contains(&count) => {
                    for _ in count + 1..alphabet.group {
                        match input.next() {
                            Some((_, b'=')) => {}
                            Some((at, _)) => return Err(at),
                            None => return Err(source.len()),
                        }
                    }
                    padded = true;
                    break;
                }
                None => return Err(at),
            }
        }
        let used = alphabet.bits * u32::try_from(count).unwrap_or(0);
        for byte in 1..=used / 8 {
            bytes.push((bits >> (used - byte * 8) & 0xff) as u8);
        }
        if padded {
            return match input.next() {
                Some((at, _)) => Err(at),
                None => Ok(bytes),
            };
        }
    }
}

fn encode_base_32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let digits = (chunk.len() * 8).div_ceil(5);
        for digit in 0..8 {
            let index = bits >> (35 - digit * 5) & 31;
            let character = BASE_32.characters.get(index as usize).copied().unwrap_or(b'=');
            text.push(if digit < digits { char::from(character) } else { '=' });
        }
    }
    text
}
