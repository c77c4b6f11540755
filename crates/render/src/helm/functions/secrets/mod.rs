//! Keys, certificates and hashes of passwords.
//!
//! Everything random and the time come from what was drawn for the release ([`Context::random`]), so equal draws give
//! equal bytes. The numbers of steps are what the work takes in a program that is optimised.

mod aes;
mod certificate;
mod derive;
mod keys;
mod password;
mod pem;
mod primes;

#[cfg(test)]
mod tests;

use super::arguments::{int, text};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{IntKind, Str, Value};

use certificate::{Issued, Request};
use keys::Key;

use Takes::{Any, Int, List, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("bcrypt", &[Text], |context, a| Ok(password::bcrypt(context, text(a, 0)?)?.into())),
    Function::new("htpasswd", &[Text, Text], htpasswd),
    Function::new("derivePassword", &[Any, Text, Text, Text, Text], derive_password),
    Function::new(
        "encryptAES",
        &[Text, Text],
        |context, a| Ok(aes::encrypt(context, text(a, 0)?, text(a, 1)?)?.into()),
    ),
    Function::new("decryptAES", &[Text, Text], |_, a| aes::decrypt(text(a, 0)?, text(a, 1)?)).heavy(4),
    Function::new("genPrivateKey", &[Text], private_key),
    Function::new("buildCustomCert", &[Text, Text], |c, a| certificate::given(c, text(a, 0)?, text(a, 1)?)).heavy(4),
    Function::new("genCA", &[Text, Int], |c, a| authority(c, a, None)),
    Function::new("genCAWithKey", &[Text, Int, Text], |c, a| authority(c, a, Some(2))),
    Function::new("genSelfSignedCert", &[Text, List, List, Int], |c, a| self_signed(c, a, None)),
    Function::new("genSelfSignedCertWithKey", &[Text, List, List, Int, Text], |c, a| self_signed(c, a, Some(4))),
    Function::new("genSignedCert", &[Text, List, List, Int, Any], |c, a| signed(c, a, None)),
    Function::new("genSignedCertWithKey", &[Text, List, List, Int, Any, Text], |c, a| signed(c, a, Some(5))),
];

/// Bits of an RSA key that is made for a certificate, and of one that is asked for.
const CERTIFICATE_RSA_BITS: usize = 2048;
const RSA_BITS: usize = 4096;

fn htpasswd(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let (name, secret) = (text(a, 0)?, text(a, 1)?);
    if name.as_bytes().contains(&b':') {
        return Ok(format!("invalid username: {name}").into());
    }
    let hash = password::bcrypt(context, secret)?;
    let line = [name.as_bytes(), b":", hash.as_bytes()].concat();
    Ok(Str::from_bytes(line).into())
}

fn derive_password(context: &mut Context, a: &[Value]) -> Answer<Value> {
    // Go lets only constants become an `uint32`.
    let counter = match a.first() {
        Some(Value::Int(counter, IntKind::Int | IntKind::Uint32)) => u32::try_from(*counter).ok(),
        _ => None,
    };
    let Some(counter) = counter else {
        let found = a.first().unwrap_or(&Value::Nil).type_name();
        return Err(Fault::Failed(format!("wrong type for value; expected uint32; got {found}")));
    };
    let [kind, secret, user, site] = [text(a, 1)?, text(a, 2)?, text(a, 3)?, text(a, 4)?];
    derive::password(context, counter, &kind.text(), secret.as_bytes(), user.as_bytes(), site.as_bytes())
}

fn private_key(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let key = match text(a, 0)?.text().as_ref() {
        "" | "rsa" => Key::rsa(context, RSA_BITS)?,
        "ecdsa" => Key::p256(context)?,
        "ed25519" => Key::ed25519(context)?,
        "dsa" => {
            return Err(Fault::failed(
                "DSA keys are not made any more, because nothing accepts them; use \"ecdsa\" or \"ed25519\"",
            ));
        }
        other => return Ok(format!("Unknown type {other}").into()),
    };
    Ok(key.pem()?.into())
}

/// The key that an argument holds, or a new one.
fn key(context: &mut Context, a: &[Value], given: Option<usize>) -> Answer<Key> {
    match given {
        None => Key::rsa(context, CERTIFICATE_RSA_BITS),
        Some(at) => {
            Key::read(text(a, at)?.as_bytes()).map_err(|error| Fault::Failed(format!("parsing private key: {error}")))
        }
    }
}

fn authority(context: &mut Context, a: &[Value], given: Option<usize>) -> Answer<Value> {
    let key = key(context, a, given)?;
    let mut request = Request::new(context, text(a, 0)?, &Value::Nil, &Value::Nil, int(a, 1)?)?;
    request.is_authority = true;
    Ok(Value::object(request.self_signed(context, &key)?))
}

fn self_signed(context: &mut Context, a: &[Value], given: Option<usize>) -> Answer<Value> {
    let key = key(context, a, given)?;
    let request = Request::new(context, text(a, 0)?, &a[1], &a[2], int(a, 3)?)?;
    Ok(Value::object(request.self_signed(context, &key)?))
}

fn signed(context: &mut Context, a: &[Value], given: Option<usize>) -> Answer<Value> {
    let authority = match &a[4] {
        Value::Nil => return Err(Fault::failed("invalid value; expected sprig.certificate")),
        other => other.downcast::<Issued>().ok_or_else(|| {
            Fault::Failed(format!("wrong type for value; expected sprig.certificate; got {}", other.type_name()))
        })?,
    };
    let key = key(context, a, given)?;
    let request = Request::new(context, text(a, 0)?, &a[1], &a[2], int(a, 3)?)?;
    Ok(Value::object(request.signed_by(context, authority, &key)?))
}
