//! Certificates as sprig makes them: for servers and clients, with names and addresses, valid from the drawn time on.

use core::net::IpAddr;
use std::any::Any;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::asn1::{
    Any as Der, BitString, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec,
    UtcTime, Utf8StringRef,
};
use x509_cert::der::{DateTime, Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::super::Context;
use super::super::arguments::text_of;
use super::keys::Key;
use super::pem;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Object, Str, Value};

/// Work of putting a certificate together and signing it.
const STEPS: usize = 50_000;
/// Work of reading a certificate and its key.
const READ_STEPS: usize = 30_000;
/// The year from which times are written with four digits.
const UTC_TIME_END: u16 = 2050;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const SUBJECT_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const AUTHORITY_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

/// A certificate with its key, both as PEM: `.Cert` and `.Key`.
pub(super) struct Issued {
    pub(super) cert: Str,
    pub(super) key: Str,
}

/// What a certificate is to say.
pub(super) struct Request {
    serial: SerialNumber,
    subject: Name,
    names: Vec<GeneralName>,
    validity: Validity,
    pub(super) is_authority: bool,
}

/// Who signs.
struct Issuer<'k> {
    name: Name,
    key: &'k Key,
    key_id: Option<Vec<u8>>,
}

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Failed(format!("error creating certificate: {error}"))
}

impl Request {
    /// Draws a serial number and notes what the arguments say.
    pub(super) fn new(
        context: &mut Context,
        common_name: &Str,
        addresses: &Value,
        dns_names: &Value,
        days: i64,
    ) -> Answer<Self> {
        let mut names = Vec::new();
        // Names come before addresses, as Go writes them.
        for name in items(dns_names) {
            let Value::Str(name) = name else {
                return Err(refusal(context, "error processing alternate dns name: ", &name, " is not a string"));
            };
            let encoded = Ia5String::new(name.as_bytes());
            let refused = |_| failed(format!("x509: {name:?} cannot be encoded as an IA5String"));
            names.push(GeneralName::DnsName(encoded.map_err(refused)?));
        }
        for address in items(addresses) {
            let Value::Str(address) = address else {
                return Err(refusal(context, "error parsing ip: ", &address, " is not a string"));
            };
            let Ok(parsed) = address.text().parse::<IpAddr>() else {
                return Err(Fault::Failed(format!("error parsing ip: {address}")));
            };
            names.push(GeneralName::IpAddress(OctetString::new(octets(parsed)).map_err(failed)?));
        }
        context.charge(STEPS + names.len() * 10)?;
        let mut serial = [0; 16];
        context.random(&mut serial)?;
        let start = context.now()?;
        let end = days.checked_mul(86_400).and_then(|valid| start.checked_add(valid));
        let end = end.ok_or_else(|| failed(format!("{days} days are too long")))?;
        Ok(Self {
            serial: SerialNumber::new(&serial).map_err(failed)?,
            subject: name(common_name)?,
            names,
            validity: Validity { not_before: time(start)?, not_after: time(end)? },
            is_authority: false,
        })
    }

    /// The certificate of a key that signs it itself.
    pub(super) fn self_signed(self, context: &mut Context, key: &Key) -> Answer<Issued> {
        let issuer = Issuer { name: self.subject.clone(), key, key_id: None };
        self.issue(context, &issuer, key)
    }

    /// The certificate of a key, signed by an authority.
    pub(super) fn signed_by(self, context: &mut Context, authority: &Issued, key: &Key) -> Answer<Issued> {
        context.charge(READ_STEPS)?;
        let certificate = read(authority.cert.as_bytes(), "decodedSignerCert.Bytes")?;
        let signer = Key::read(authority.key.as_bytes())
            .map_err(|error| Fault::Failed(format!("error parsing private key: {error}")))?;
        let certificate = certificate.tbs_certificate;
        let public = certificate.subject_public_key_info.to_der().map_err(failed)?;
        if public != signer.public_der()? {
            return Err(failed("x509: provided PrivateKey doesn't match parent's PublicKey"));
        }
        let key_id = certificate
            .extensions
            .iter()
            .flatten()
            .find(|extension| extension.extn_id == SUBJECT_KEY_ID)
            .and_then(|extension| SubjectKeyIdentifier::from_der(extension.extn_value.as_bytes()).ok())
            .map(|id| id.0.into_bytes());
        let issuer = Issuer { name: certificate.subject, key: &signer, key_id };
        self.issue(context, &issuer, key)
    }

    fn issue(self, context: &mut Context, issuer: &Issuer<'_>, key: &Key) -> Answer<Issued> {
        let public = key.public_der()?;
        let extensions = self.extensions(issuer, &public)?;
        let (oid, has_null) = issuer.key.algorithm();
        let algorithm = AlgorithmIdentifierOwned { oid, parameters: has_null.then(Der::null) };
        let certificate = TbsCertificate {
            version: Version::V3,
            serial_number: self.serial,
            signature: algorithm.clone(),
            issuer: issuer.name.clone(),
            validity: self.validity,
            subject: self.subject,
            subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&public).map_err(failed)?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        let signature = issuer.key.sign(context, &certificate.to_der().map_err(failed)?)?;
        let certificate = Certificate {
            tbs_certificate: certificate,
            signature_algorithm: algorithm,
            signature: BitString::from_bytes(&signature).map_err(failed)?,
        };
        let cert = pem::write("CERTIFICATE", &certificate.to_der().map_err(failed)?);
        Ok(Issued { cert: cert.into(), key: key.pem()?.into() })
    }

    fn extensions(&self, issuer: &Issuer<'_>, public: &[u8]) -> Answer<Vec<Extension>> {
        let mut usage = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
        if self.is_authority {
            usage |= KeyUsages::KeyCertSign;
        }
        let constraints = BasicConstraints { ca: self.is_authority, path_len_constraint: None };
        let purposes = ExtendedKeyUsage(vec![SERVER_AUTH, CLIENT_AUTH]);
        let mut extensions = vec![
            extension(KEY_USAGE, true, &KeyUsage(usage))?,
            extension(EXTENDED_KEY_USAGE, false, &purposes)?,
            extension(BASIC_CONSTRAINTS, true, &constraints)?,
        ];
        if self.is_authority {
            let id = SubjectKeyIdentifier(OctetString::new(key_id(public)?).map_err(failed)?);
            extensions.push(extension(SUBJECT_KEY_ID, false, &id)?);
        }
        if let Some(id) = &issuer.key_id
            && issuer.name != self.subject
        {
            let key_identifier = Some(OctetString::new(id.as_slice()).map_err(failed)?);
            let id = AuthorityKeyIdentifier { key_identifier, ..AuthorityKeyIdentifier::default() };
            extensions.push(extension(AUTHORITY_KEY_ID, false, &id)?);
        }
        if !self.names.is_empty() {
            // Where nothing else says whose certificate it is, the names must be understood.
            let is_critical = self.subject.0.is_empty();
            extensions.push(extension(SUBJECT_ALT_NAME, is_critical, &SubjectAltName(self.names.clone()))?);
        }
        Ok(extensions)
    }
}

fn extension(extn_id: ObjectIdentifier, critical: bool, value: &impl Encode) -> Answer<Extension> {
    let extn_value = OctetString::new(value.to_der().map_err(failed)?).map_err(failed)?;
    Ok(Extension { extn_id, critical, extn_value })
}

/// Twenty bytes of the hash of a public key, RFC 7093.
fn key_id(public: &[u8]) -> Answer<Vec<u8>> {
    let info = SubjectPublicKeyInfoOwned::from_der(public).map_err(failed)?;
    let hash = Sha256::digest(info.subject_public_key.raw_bytes());
    Ok(hash.iter().take(20).copied().collect())
}

fn items(value: &Value) -> Vec<Value> {
    value.as_list().map(|list| list.iter().cloned().collect()).unwrap_or_default()
}

fn refusal(context: &mut Context, before: &str, value: &Value, after: &str) -> Fault {
    match text_of(context, value) {
        Ok(text) => Fault::Failed(format!("{before}{}{after}", text.text())),
        Err(fault) => fault,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// A name of one part; none for an empty text.
fn name(common_name: &Str) -> Answer<Name> {
    if common_name.is_empty() {
        return Ok(RdnSequence::default());
    }
    let text = common_name.text();
    let value = match PrintableStringRef::new(text.as_ref()) {
        Ok(printable) => Der::from(printable),
        Err(_) => Utf8StringRef::new(text.as_ref()).map(Der::from).map_err(failed)?,
    };
    let part = AttributeTypeAndValue { oid: COMMON_NAME, value };
    let set = SetOfVec::try_from(vec![part]).map_err(failed)?;
    Ok(RdnSequence(vec![RelativeDistinguishedName(set)]))
}

fn time(unix_seconds: i64) -> Answer<Time> {
    let outside = || failed(format!("no certificate can be valid {unix_seconds} seconds after 1970"));
    let since = Duration::from_secs(u64::try_from(unix_seconds).map_err(|_| outside())?);
    let year = DateTime::from_unix_duration(since).map_err(|_| outside())?.year();
    if year < UTC_TIME_END {
        return UtcTime::from_unix_duration(since).map(Time::UtcTime).map_err(|_| outside());
    }
    GeneralizedTime::from_unix_duration(since).map(Time::GeneralTime).map_err(|_| outside())
}

fn read(text: &[u8], what: &str) -> Answer<Certificate> {
    let block = pem::read(text).ok_or_else(|| Fault::failed("unable to decode certificate"))?;
    Certificate::from_der(&block.data)
        .map_err(|error| Fault::Failed(format!("error parsing certificate: {what}: {error}")))
}

/// A certificate and a key from base 64, checked for their form.
pub(super) fn given(context: &mut Context, certificate: &Str, key: &Str) -> Answer<Value> {
    let decoded = |text: &Str, what: &str| {
        STANDARD.decode(text.as_bytes()).map_err(|_| Fault::Failed(format!("unable to decode base64 {what}")))
    };
    let certificate = decoded(certificate, "certificate")?;
    let key = decoded(key, "private key")?;
    context.charge(READ_STEPS)?;
    read(&certificate, "decodedCert.Bytes")?;
    Key::read(&key).map_err(|error| Fault::Failed(format!("error parsing private key: {error}")))?;
    Ok(Value::object(Issued { cert: Str::from_bytes(certificate), key: Str::from_bytes(key) }))
}

impl Object for Issued {
    fn type_name(&self) -> &str {
        "sprig.certificate"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.cert.clone().into()),
            "Key" => Some(self.key.clone().into()),
            _ => None,
        }
    }

    fn print(&self) -> String {
        format!("{{{} {}}}", self.cert, self.key)
    }

    fn data(&self) -> serde_json::Value {
        serde_json::json!({"Cert": self.cert.text(), "Key": self.key.text()})
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl std::fmt::Debug for Issued {
    /// Keys belong into no log.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a certificate with its key")
    }
}
