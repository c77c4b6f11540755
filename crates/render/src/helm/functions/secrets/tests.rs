//! What charts make is read back by other code than that which made it.

use rsa::pkcs1v15;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use super::super::{Body, Entropy, find};
use super::*;
use crate::helm::value::Object as _;

fn context(seed: u8) -> Context {
    let entropy = Entropy::Drawn { seed: [seed; 32], unix_seconds: 1_700_000_000 };
    let mut context = Context::new(40_000_000, 64 << 20, entropy, None);
    context.start_file("c/templates/a.yaml");
    context
}

fn call(context: &mut Context, name: &str, arguments: &[Value]) -> Answer<Value> {
    let function = find(name).unwrap();
    assert_eq!(function.refuses_count(arguments.len()), None);
    function.check(arguments, 0)?;
    match function.body {
        Body::Plain(body) => body(context, arguments),
        _ => unreachable!("no function of this family is special"),
    }
}

fn shown(answer: Answer<Value>) -> String {
    match answer {
        Ok(value) => value.as_text().unwrap().text().into_owned(),
        Err(fault) => format!("ERROR {fault}"),
    }
}

fn field(value: &Value, name: &str) -> String {
    shown(Ok(value.downcast::<Issued>().unwrap().field(name).unwrap()))
}

fn parsed(value: &Value) -> Certificate {
    Certificate::from_der(&pem::read(field(value, "Cert").as_bytes()).unwrap().data).unwrap()
}

/// The ids of a certificate's extensions and which of them are critical.
fn extensions(certificate: &Certificate) -> Vec<(String, bool)> {
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();
    extensions.map(|extension| (extension.extn_id.to_string(), extension.critical)).collect()
}

#[test]
fn an_authority_signs_certificates_that_verify() {
    let mut context = context(7);
    let authority = call(&mut context, "genCA", &["ca".into(), Value::int(365)]).unwrap();
    let key = call(&mut context, "genPrivateKey", &["ecdsa".into()]).unwrap();
    let addresses = Value::list(vec!["10.0.0.1".into(), "::1".into()]);
    let names = Value::list(vec!["a.example.com".into()]);
    let arguments = ["web*".into(), addresses, names, Value::int(30), authority.clone(), key.clone()];
    let signed = call(&mut context, "genSignedCertWithKey", &arguments).unwrap();
    assert_eq!(field(&signed, "Key"), shown(Ok(key)));

    let (above, below) = (parsed(&authority), parsed(&signed));
    assert_eq!(below.tbs_certificate.issuer, above.tbs_certificate.subject);
    assert_eq!(below.tbs_certificate.subject.to_string(), "CN=web*");
    let public = above.tbs_certificate.subject_public_key_info.to_der().unwrap();
    let verifier = pkcs1v15::VerifyingKey::<Sha256>::new(rsa::RsaPublicKey::from_public_key_der(&public).unwrap());
    for certificate in [&above, &below] {
        let signature = pkcs1v15::Signature::try_from(certificate.signature.raw_bytes()).unwrap();
        verifier.verify(&certificate.tbs_certificate.to_der().unwrap(), &signature).unwrap();
        let validity = certificate.tbs_certificate.validity;
        assert_eq!(validity.not_before.to_unix_duration().as_secs(), 1_700_000_000);
    }
    let days = |certificate: &Certificate| {
        (certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs() - 1_700_000_000) / 86_400
    };
    assert_eq!([days(&above), days(&below)], [365, 30]);
    let ids =
        |list: &[(&str, bool)]| list.iter().map(|(id, critical)| ((*id).to_owned(), *critical)).collect::<Vec<_>>();
    let common = [("2.5.29.15", true), ("2.5.29.37", false), ("2.5.29.19", true)];
    assert_eq!(extensions(&above), ids(&[&common[..], &[("2.5.29.14", false)]].concat()));
    assert_eq!(extensions(&below), ids(&[&common[..], &[("2.5.29.35", false), ("2.5.29.17", false)]].concat()));

    // A key that is not the authority's must not sign for it.
    let other = Issued { cert: field(&authority, "Cert").into(), key: field(&signed, "Key").into() };
    let arguments =
        ["x".into(), Value::Nil, Value::Nil, Value::int(1), Value::object(other), Value::text(field(&signed, "Key"))];
    let refused = call(&mut context, "genSignedCertWithKey", &arguments).unwrap_err().to_string();
    assert!(refused.contains("doesn't match parent's PublicKey"), "{refused}");
}

#[test]
fn equal_draws_give_equal_bytes() {
    let made = |seed: u8, kind: &str| {
        let mut context = context(seed);
        let key = call(&mut context, "genPrivateKey", &[kind.into()]).unwrap();
        let arguments = ["x".into(), Value::Nil, Value::Nil, Value::int(1), key];
        field(&call(&mut context, "genSelfSignedCertWithKey", &arguments).unwrap(), "Cert")
    };
    for kind in ["ecdsa", "ed25519"] {
        assert_eq!(made(1, kind), made(1, kind));
        assert_ne!(made(1, kind), made(2, kind));
    }
    // What is kept in a plan must be made again by later versions of this program.
    let key = |kind: &str| shown(call(&mut context(1), "genPrivateKey", &[kind.into()]));
    let authority = call(&mut context(1), "genCA", &["ca".into(), Value::int(1)]).unwrap();
    let made = [key("ecdsa"), key("ed25519"), field(&authority, "Cert")];
    let digests = made.map(|text| format!("{:x}", Sha256::digest(text)));
    insta::assert_snapshot!("digests_of_what_was_drawn", digests.join("\n"));
}

#[test]
fn nothing_is_made_without_a_draw() {
    for (name, arguments) in [
        ("genCA", vec!["ca".into(), Value::int(1)]),
        ("genPrivateKey", vec!["ecdsa".into()]),
        ("bcrypt", vec!["x".into()]),
        ("htpasswd", vec!["x".into(), "y".into()]),
        ("encryptAES", vec!["x".into(), "y".into()]),
    ] {
        let mut context = Context::new(40_000_000, 64 << 20, Entropy::Refuse, None);
        context.function = name;
        let fault = call(&mut context, name, &arguments).unwrap_err();
        assert!(matches!(fault, Fault::NotReproducible { .. }), "{name}: {fault}");
    }
}

#[test]
fn keys_count_as_work() {
    let entropy = Entropy::Drawn { seed: [1; 32], unix_seconds: 0 };
    let mut context = Context::new(1_000_000, 64 << 20, entropy, None);
    let fault = call(&mut context, "genPrivateKey", &["rsa".into()]).unwrap_err();
    assert!(matches!(fault, Fault::Limit { .. }), "{fault}");
}

#[test]
fn what_helm_gives_for_the_same_arguments() {
    let mut context = context(3);
    let mut shown = |name: &str, arguments: &[Value]| shown(call(&mut context, name, arguments));
    let derive = |kind: &str| [Value::int(1), kind.into(), "password".into(), "user".into(), "example.com".into()];
    assert_eq!(shown("derivePassword", &derive("long")), "ZedaFaxcZaso9*");
    assert_eq!(shown("derivePassword", &derive("maximum")), "pf4zS1LjCg&LjhsZ7T2~");
    assert_eq!(shown("derivePassword", &derive("tiny")), "cannot find password template tiny");
    let coded = "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=";
    assert_eq!(shown("decryptAES", &["secretkey".into(), coded.into()]), "plaintext");
    assert_eq!(shown("decryptAES", &["secretkey".into(), "".into()]), "");
    let coded = shown("encryptAES", &["k".into(), "sixteen bytes it".into()]);
    assert_eq!(shown("decryptAES", &["k".into(), coded.into()]), "sixteen bytes it");
    assert!(shown("decryptAES", &["k".into(), "AAAA".into()]).starts_with("ERROR"));
    assert_eq!(shown("htpasswd", &["a:b".into(), "c".into()]), "invalid username: a:b");
    let line = shown("htpasswd", &["me".into(), "secret".into()]);
    let hash = line.strip_prefix("me:").unwrap();
    assert!(hash.starts_with("$2a$10$") && bcrypt::verify("secret", hash).unwrap(), "{line}");
    assert!(shown("bcrypt", &["x".repeat(73).into()]).contains("password length exceeds 72 bytes"));
    assert_eq!(shown("genPrivateKey", &["x".into()]), "Unknown type x");
}

#[test]
fn what_is_wrong_is_told_without_the_key() {
    let mut context = context(4);
    let mut refused = |name: &str, arguments: &[Value]| call(&mut context, name, arguments).unwrap_err().to_string();
    let ca = |key: &str| ["ca".into(), Value::int(1), Value::text(key)];
    assert_eq!(refused("genCAWithKey", &ca("nothing")), "parsing private key: no PEM data in input");
    let public = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert!(refused("genCAWithKey", &ca(public)).ends_with("no private key data in PEM block of type PUBLIC KEY"));
    let broken = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert!(refused("genCAWithKey", &ca(broken)).contains("parsing RSA private key from PEM"));
    let addresses = Value::list(vec!["10.0.0".into()]);
    let key = shown(call(&mut self::context(4), "genPrivateKey", &["ed25519".into()]));
    let arguments = ["x".into(), addresses, Value::Nil, Value::int(1), Value::text(key)];
    assert_eq!(refused("genSelfSignedCertWithKey", &arguments), "error parsing ip: 10.0.0");
    assert_eq!(refused("buildCustomCert", &["%".into(), "".into()]), "unable to decode base64 certificate");
    assert_eq!(refused("buildCustomCert", &["AAAA".into(), "".into()]), "unable to decode certificate");
    let arguments = ["x".into(), Value::Nil, Value::Nil, Value::int(1), Value::Map(crate::helm::value::Map::new())];
    assert_eq!(
        refused("genSignedCert", &arguments),
        "wrong type for value; expected sprig.certificate; got map[string]interface {}"
    );
}
