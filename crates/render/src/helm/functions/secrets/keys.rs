//! Private keys: made from what was drawn, read from PEM, written as Go writes them.

use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs8::{EncodePublicKey as _, PrivateKeyInfo};
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, pkcs1v15};
use sha2::{Digest, Sha256};
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;

use super::super::Context;
use super::pem;
use super::primes::{self, power_steps};
use crate::helm::fault::{Answer, Fault};

/// Work of making, reading and signing with the other keys.
const STEPS: usize = 10_000;
/// Largest RSA key that is read, in bits: larger ones only take time.
const RSA_BITS_MAX: usize = 4096;
/// Most bytes of a key that is read, before anything is computed with it; one of 4096 bits has 2400.
const KEY_BYTES_MAX: usize = 4096;
/// The public exponent of every RSA key that is made.
const EXPONENT: u32 = 65_537;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What signs, by RFC 4055, 5758 and 8410.
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// DER of a P-256 key around its 32 bytes and its point, RFC 5915, with the name of the curve.
const P256_HEAD: &[u8] = &[0x30, 0x77, 2, 1, 1, 4, 0x20];
const P256_MIDDLE: &[u8] = &[0xa0, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 0xa1, 0x44, 3, 0x42, 0];
/// DER of an Ed25519 key before its 32 bytes, RFC 8410.
const ED25519_HEAD: &[u8] = &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// A private key.
pub(super) enum Key {
    Rsa(Box<RsaPrivateKey>),
    P256(Box<p256::SecretKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// Random bytes without end from one draw: SHA-256 of the draw and a counter.
pub(super) struct Stream {
    seed: [u8; 32],
    block: u64,
    rest: Vec<u8>,
}

impl Stream {
    pub(super) fn draw(context: &mut Context) -> Answer<Self> {
        let mut seed = [0; 32];
        context.random(&mut seed)?;
        Ok(Self { seed, block: 0, rest: Vec::new() })
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.rest.pop() {
                return byte;
            }
            let hash = Sha256::new().chain_update(self.seed).chain_update(self.block.to_be_bytes());
            self.rest = hash.finalize().to_vec();
            self.block += 1;
        }
    }
}

impl RngCore for Stream {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.byte();
        }
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(buffer);
        Ok(())
    }
}

impl CryptoRng for Stream {}

impl Key {
    pub(super) fn rsa(context: &mut Context, bits: usize) -> Answer<Self> {
        let mut stream = Stream::draw(context)?;
        let mut prime = || primes::draw(context, &mut stream, bits / 2, EXPONENT);
        let (p, q) = (prime()?, prime()?);
        let key = RsaPrivateKey::from_p_q(p, q, EXPONENT.into())
            .map_err(|error| Fault::Failed(format!("the RSA key cannot be made: {error}")))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    pub(super) fn p256(context: &mut Context) -> Answer<Self> {
        context.charge(STEPS)?;
        Ok(Self::P256(Box::new(p256::SecretKey::random(&mut Stream::draw(context)?))))
    }

    pub(super) fn ed25519(context: &mut Context) -> Answer<Self> {
        context.charge(STEPS)?;
        let mut seed = [0; 32];
        Stream::draw(context)?.fill_bytes(&mut seed);
        Ok(Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed))))
    }

    /// A key from PEM.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of the key itself is told.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let block = pem::read(text).ok_or("no PEM data in input")?;
        if block.data.len() > KEY_BYTES_MAX {
            return Err(format!("the key has {} bytes, expected at most {KEY_BYTES_MAX}", block.data.len()));
        }
        let key = match block.label.strip_suffix("PRIVATE KEY").map(str::trim_end) {
            Some("") => Self::of_pkcs8(&block.data)?,
            Some("RSA") => {
                let key = RsaPrivateKey::from_pkcs1_der(&block.data);
                Self::Rsa(Box::new(key.map_err(|error| format!("parsing RSA private key from PEM: {error}"))?))
            }
            Some("EC") => {
                let key = p256::SecretKey::from_sec1_der(&block.data);
                Self::P256(Box::new(key.map_err(|_| {
                    "parsing EC private key from PEM: expected a key of the curve P-256, the only one that is \
                     supported here"
                })?))
            }
            Some(_) => return Err(format!("invalid private key type {}", block.label)),
            None => return Err(format!("no private key data in PEM block of type {}", block.label)),
        };
        match &key {
            Self::Rsa(rsa) if rsa.n().bits() > RSA_BITS_MAX => {
                Err(format!("the RSA key has {} bits, expected at most {RSA_BITS_MAX}", rsa.n().bits()))
            }
            _ => Ok(key),
        }
    }

    fn of_pkcs8(data: &[u8]) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("decoding PEM as PKCS#8: {error}");
        let info = PrivateKeyInfo::from_der(data).map_err(|error| failed(&error))?;
        match info.algorithm.oid {
            RSA => Ok(Self::Rsa(Box::new(RsaPrivateKey::try_from(info).map_err(|error| failed(&error))?))),
            EC => Ok(Self::P256(Box::new(
                p256::SecretKey::try_from(info)
                    .map_err(|_| failed(&"expected a key of the curve P-256, the only one that is supported here"))?,
            ))),
            ED25519 => {
                let key = ed25519_dalek::SigningKey::try_from(info).map_err(|error| failed(&error))?;
                Ok(Self::Ed25519(Box::new(key)))
            }
            other => Err(failed(&format!("the algorithm {other} is not known"))),
        }
    }

    /// The key as text, in the form that is usual for its kind.
    pub(super) fn pem(&self) -> Answer<String> {
        Ok(match self {
            Self::Rsa(key) => {
                let data =
                    key.to_pkcs1_der().map_err(|error| Fault::Failed(format!("the key has no form: {error}")))?;
                pem::write("RSA PRIVATE KEY", data.as_bytes())
            }
            Self::P256(key) => {
                let point = key.public_key().to_encoded_point(false);
                let parts = [P256_HEAD, &key.to_bytes(), P256_MIDDLE, point.as_bytes()];
                pem::write("EC PRIVATE KEY", &parts.concat())
            }
            Self::Ed25519(key) => pem::write("PRIVATE KEY", &[ED25519_HEAD, &key.to_bytes()].concat()),
        })
    }

    /// The public half in DER.
    pub(super) fn public_der(&self) -> Answer<Vec<u8>> {
        let document = match self {
            Self::Rsa(key) => key.to_public_key().to_public_key_der(),
            Self::P256(key) => key.public_key().to_public_key_der(),
            Self::Ed25519(key) => key.verifying_key().to_public_key_der(),
        };
        Ok(document.map_err(|error| Fault::Failed(format!("the public key has no form: {error}")))?.into_vec())
    }

    /// The name of how this key signs, and whether that has parameters: RSA's are null.
    pub(super) fn algorithm(&self) -> (ObjectIdentifier, bool) {
        match self {
            Self::Rsa(_) => (SHA256_WITH_RSA, true),
            Self::P256(_) => (ECDSA_WITH_SHA256, false),
            Self::Ed25519(_) => (ED25519, false),
        }
    }

    /// A signature; the same for the same message. The work of reading the key is counted with it.
    pub(super) fn sign(&self, context: &mut Context, message: &[u8]) -> Answer<Vec<u8>> {
        context.charge(match self {
            Self::Rsa(key) => 4 * power_steps(key.n().bits() / 2),
            Self::P256(_) | Self::Ed25519(_) => STEPS,
        })?;
        let failed = |error| Fault::Failed(format!("the key cannot sign: {error}"));
        Ok(match self {
            Self::Rsa(key) => {
                let key = pkcs1v15::SigningKey::<Sha256>::new(key.as_ref().clone());
                key.try_sign(message).map_err(failed)?.to_vec()
            }
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::SigningKey::from(key.as_ref()).try_sign(message).map_err(failed)?;
                signature.to_der().to_bytes().to_vec()
            }
            Self::Ed25519(key) => key.try_sign(message).map_err(failed)?.to_vec(),
        })
    }
}
