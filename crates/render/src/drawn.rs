//! Random values and the time for charts, from what a service declares: nothing here is random.
//!
//! ```text
//!  key (a secret) ─┐
//!  service, at ────┼─HMAC─► seed ──► random functions of one render
//!  who shares it ──┘
//! ```

use std::{fmt, sync::Arc};

use hmac::{Hmac, Mac};
use seaway_core::{
    declaration::{Drawn, DrawnPer, Service},
    digest::Digest,
    ids::ServiceName,
};
use sha2::Sha256;

use crate::{TargetContext, helm::functions::Entropy};

/// Shortest key: as long as what is drawn from it.
pub const KEY_BYTES_MIN: usize = 32;
/// Longest key. HMAC hashes longer ones than its block; nobody means a file of megabytes.
pub const KEY_BYTES_MAX: usize = 4096;

/// A secret that random values are drawn from. It cannot be printed.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// Why bytes are no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Too short to be a secret.
    #[error("it has {0} bytes, expected at least {KEY_BYTES_MIN}")]
    Short(usize),
    /// Too long to be meant.
    #[error("it has more than {KEY_BYTES_MAX} bytes")]
    Long,
    /// The same byte over and over: a file of zeros, say.
    #[error("it is one byte over and over")]
    Uniform,
}

impl Key {
    /// A key from the bytes of a file or a variable. White space at its end does not count, because editors add it.
    ///
    /// # Errors
    /// When it is too short, too long or no secret at all.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        // Before anything is cut off: whoever reads a part of a file must not take it for the whole.
        if bytes.len() > KEY_BYTES_MAX {
            return Err(KeyError::Long);
        }
        match bytes.trim_ascii_end() {
            short if short.len() < KEY_BYTES_MIN => Err(KeyError::Short(short.len())),
            [first, rest @ ..] if rest.iter().all(|byte| byte == first) => Err(KeyError::Uniform),
            fine => Hmac::new_from_slice(fine).map(Self).map_err(|_| KeyError::Long),
        }
    }

    /// What tells keys apart without giving them away.
    pub fn id(&self) -> Digest {
        Digest::of(&self.hash("seaway.dev/draw-key/v1", &[]))
    }

    fn hash(&self, what: &str, parts: &[&str]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(what.as_bytes());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id().short())
    }
}

/// What the charts of a service draw from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draws(Option<Of>);

#[derive(Clone, Debug)]
struct Of {
    service: ServiceName,
    drawn: Drawn,
    key: Option<Arc<Key>>,
}

impl Draws {
    /// What a service declares, with its key if it names one.
    pub(crate) fn of(service: &Service, key: Option<&Arc<Key>>) -> Self {
        let of = |drawn: &Drawn| Of {
            service: service.name.clone(),
            drawn: drawn.clone(),
            key: key.filter(|_| drawn.key.is_some()).cloned(),
        };
        Self(service.drawn.as_ref().map(of))
    }

    /// Who shares values with a target: targets with equal answers do. Nobody draws random values without a key, so
    /// that the time alone keeps nobody apart.
    pub(crate) fn shared(&self, target: &TargetContext) -> Vec<String> {
        let (environment, cluster) = (target.environment.to_string(), target.cluster.to_string());
        match self.0.as_ref().filter(|of| of.key.is_some()).map(|of| of.drawn.per) {
            None | Some(DrawnPer::Service) => Vec::new(),
            Some(DrawnPer::Environment) => vec![environment],
            Some(DrawnPer::Target) => vec![environment, cluster],
        }
    }

    /// What those who share values draw from.
    pub(crate) fn entropy(&self, shared: &[String]) -> Entropy {
        let Some(of) = &self.0 else { return Entropy::Refuse };
        let unix_seconds = of.drawn.at.as_second();
        let Some(key) = &of.key else { return Entropy::Time { unix_seconds } };
        let at = of.drawn.at.to_string();
        let mut parts = vec![of.service.as_str(), at.as_str()];
        parts.extend(shared.iter().map(String::as_str));
        Entropy::Drawn { seed: key.hash("seaway.dev/draw-seed/v1", &parts), unix_seconds }
    }
}

#[cfg(test)]
mod tests;
