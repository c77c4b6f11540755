//! AES-256 in CBC mode with a password as its key, as sprig has it: the password is cut or filled with zeros.

use aes::Aes256;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Context;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Str, Value};

/// Bytes of a block.
const BLOCK: usize = 16;

fn cipher(password: &Str) -> Aes256 {
    let mut key = [0; 32];
    let used = password.len().min(key.len());
    key[..used].copy_from_slice(&password.as_bytes()[..used]);
    Aes256::new(&key.into())
}

/// Base 64 of a random start and the blocks.
pub(super) fn encrypt(context: &mut Context, password: &Str, plain: &Str) -> Answer<String> {
    if plain.is_empty() {
        return Ok(String::new());
    }
    context.charge(plain.len() / 4)?;
    let mut previous = [0; BLOCK];
    context.random(&mut previous)?;
    let missing = BLOCK - plain.len() % BLOCK;
    let mut text = plain.as_bytes().to_vec();
    text.resize(plain.len() + missing, u8::try_from(missing).unwrap_or(0));
    let cipher = cipher(password);
    let mut out = previous.to_vec();
    for chunk in text.chunks_exact(BLOCK) {
        for (byte, plain) in previous.iter_mut().zip(chunk) {
            *byte ^= plain;
        }
        let mut block = previous.into();
        cipher.encrypt_block(&mut block);
        previous = block.into();
        out.extend_from_slice(&previous);
    }
    Ok(STANDARD.encode(out))
}

/// The text behind what [`encrypt`] gave.
pub(super) fn decrypt(password: &Str, coded: &Str) -> Answer<Value> {
    if coded.is_empty() {
        return Ok("".into());
    }
    let coded = STANDARD.decode(coded.as_bytes()).map_err(|_| Fault::failed("illegal base64 data"))?;
    let Some((start, blocks)) = coded.split_at_checked(BLOCK).filter(|(_, blocks)| !blocks.is_empty()) else {
        return Err(Fault::failed("the text is too short to be encrypted by encryptAES"));
    };
    if blocks.len() % BLOCK != 0 {
        return Err(Fault::failed("the text was not encrypted by encryptAES: it has no whole blocks"));
    }
    let cipher = cipher(password);
    let mut plain = Vec::with_capacity(blocks.len());
    let mut previous = start;
    for chunk in blocks.chunks_exact(BLOCK) {
        let mut block = [0; BLOCK];
        block.copy_from_slice(chunk);
        let mut block = block.into();
        cipher.decrypt_block(&mut block);
        plain.extend(block.iter().zip(previous).map(|(byte, before)| byte ^ before));
        previous = chunk;
    }
    let padding = plain.last().copied().map_or(0, usize::from);
    let Some(length) = plain.len().checked_sub(padding) else {
        return Err(Fault::failed("the text was encrypted with another password"));
    };
    plain.truncate(length);
    Ok(Str::from_bytes(plain).into())
}
