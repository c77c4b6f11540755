//! Passwords for sites, derived from one master password by the published Master Password algorithm.

use scrypt::Params;
use sha2::{Digest, Sha256};

use super::super::Context;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::Value;

/// The algorithm's name, which starts what is hashed.
const SCOPE: &[u8] = b"com.lyndir.masterpassword";
/// Work of the key's derivation.
const STEPS: usize = 2_500_000;

/// Shapes of passwords: each letter stands for a set of characters.
fn shapes(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

pub(super) fn password(
    context: &mut Context,
    counter: u32,
    kind: &str,
    secret: &[u8],
    user: &[u8],
    site: &[u8],
) -> Answer<Value> {
    let Some(shapes) = shapes(kind) else {
        return Ok(format!("cannot find password template {kind}").into());
    };
    context.charge(STEPS)?;
    let failed = |_| Fault::failed("the password cannot be derived");
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SCOPE, &length(user), user].concat();
    let parameters = Params::new(15, 8, 2, 64).map_err(|_| Fault::failed("the password cannot be derived"))?;
    let mut key = [0; 64];
    scrypt::scrypt(secret, &salt, &parameters, &mut key).map_err(failed)?;
    let seed = hmac(&key, &[SCOPE, &length(site), site, &counter.to_be_bytes()].concat());
    let (first, digits) = seed.split_first().ok_or_else(|| Fault::failed("the password cannot be derived"))?;
    let shape = shapes.get(usize::from(*first) % shapes.len()).copied().unwrap_or_default();
    let password: String = shape
        .bytes()
        .zip(digits)
        .filter_map(|(class, digit)| {
            let characters = characters(class);
            characters.get(usize::from(*digit) % characters.len())
        })
        .map(|byte| char::from(*byte))
        .collect();
    Ok(password.into())
}

/// HMAC with SHA-256 and a key of exactly one block (RFC 2104).
fn hmac(key: &[u8; 64], message: &[u8]) -> [u8; 32] {
    let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}
