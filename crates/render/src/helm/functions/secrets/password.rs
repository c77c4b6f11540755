//! Hashes of passwords for logins.

use super::super::Context;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::Str;

/// How often the work is doubled; what Go's library and so every chart uses.
const COST: u32 = 10;
/// Work of that cost.
const STEPS: usize = 900_000;
/// Longest password that is not cut, in bytes.
const BYTES_MAX: usize = 72;

/// `$2a$10$…` of a password.
pub(super) fn bcrypt(context: &mut Context, password: &Str) -> Answer<String> {
    let mut salt = [0; 16];
    context.random(&mut salt)?;
    if password.len() > BYTES_MAX {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned());
    }
    context.charge(STEPS)?;
    let parts = bcrypt::hash_with_salt(password.as_bytes(), COST, salt)
        .map_err(|error| Fault::Failed(format!("the password cannot be hashed: {error}")))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}
